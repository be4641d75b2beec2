"""Builds one unit's binaries, and tells how far it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from sandbox.builds.patch import Patch
from sandbox.builds.run import FETCHING, PACKAGE, BuildError, Runner


def build(runner: Runner, target: Path, compiled: Callable[[float, str], None]) -> None:
    """Build the binaries of the runner's unit into ``target``.

    Args:
        runner: runs Go.
        target: an empty folder.
        compiled: hears the fraction done (0 to 1) and the name of each package that is compiled.

    Raises:
        BuildError: Go said why not.
        BadInput: a registry did not answer.

    """
    unit = runner.unit
    chosen = [*runner.flags, *Patch(runner).flags()]
    packages: list[str] = []
    runner.go(["list", *chosen, "-deps", *unit.binaries.values()], packages.append, FETCHING)
    count = 0

    def heard(line: str) -> None:
        nonlocal count
        if PACKAGE.match(line):
            count += 1
            compiled(count / len(packages), line)

    linker = "-ldflags=" + " ".join(["-s", "-w", *unit.ldflags])
    together = runner.work / "out"
    together.mkdir()
    runner.go(["build", "-v", *chosen, linker, "-o", f"{together}/", *unit.binaries.values()], heard)
    for name, package in unit.binaries.items():
        built = together / command_name(package)
        if not built.is_file():
            seen = ", ".join(path.name for path in together.iterdir())
            raise BuildError(f"{built.name} from {package}", seen=seen)
        built.rename(target / name)


def command_name(package: str) -> str:
    """Return the file name that Go gives a package's command: the last part that is no major version."""
    parts = package.split("/")
    return parts[-2] if re.fullmatch(r"v\d+", parts[-1]) and len(parts) > 1 else parts[-1]
