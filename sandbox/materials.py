"""What a sandbox is started from, all of it in the cache: binaries and images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox import builds, debian, images, tools
from sandbox.layout import Sandbox
from sandbox.pins import ADDON_IMAGES, CONTAINERD_UNIT, REGISTRY_PACKAGE, REGISTRY_VERSION
from sandbox.progress import Progress


@dataclass(frozen=True)
class Materials:
    """Folders and names.

    Attributes:
        kubernetes: folder of kube-apiserver, kubelet, etcd …
        kubectl: folder of kubectl.
        containerd: folder of containerd and its shim.
        registry: folder into which the package docker-registry is unpacked.
        images: recipe -> full name of the image (`sandbox.local/pause:…`).

    """

    kubernetes: Path
    kubectl: Path
    containerd: Path
    registry: Path
    images: dict[str, str]


def gather(sandbox: Sandbox, progress: Progress) -> Materials:
    """Return everything that `sandbox` is started from, building what the cache doesn't hold.

    Raises:
        RoadworthyError: something can't be had; the message says what.

    """
    registry = debian.unpack(REGISTRY_PACKAGE, REGISTRY_VERSION)
    kubernetes = builds.ensure(sandbox.release.unit, report=progress)
    containerd = builds.ensure(CONTAINERD_UNIT, report=progress)
    kubectl = Path(tools.kubectl(sandbox.release)).parent
    images.ensure(ADDON_IMAGES, progress)
    names = {stem: images.find(stem).name for stem in ADDON_IMAGES}
    return Materials(kubernetes, kubectl, containerd, registry, names)
