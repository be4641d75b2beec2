"""How the sandbox's binaries are had: built from pinned Go modules, once, and kept by content of the pins.

    folder = ensure("kubernetes-1.37")      # builds what is missing; then folder / "kubelet" is there
    ready("helm")                           # would ensure() return at once?

A unit is a folder below ``sandbox/go``: ``unit.yaml`` says what is built and how, ``go.mod`` and ``go.sum`` beside it
(or in the folder that ``module`` names) pin every version and checksum.
"""

from sandbox.builds.beside import Beside
from sandbox.builds.binaries import ensure, folder, prune, ready
from sandbox.builds.run import BuildError
from sandbox.builds.toolchain import Toolchain
from sandbox.builds.unit import Unit, load, names

__all__ = ["Beside", "BuildError", "Toolchain", "Unit", "ensure", "folder", "load", "names", "prune", "ready"]
