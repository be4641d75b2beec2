"""What a sandbox is started from, all of it in the cache: binaries and images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Materials:
    """Folders and names.

    Attributes:
        kubernetes: folder of kube-apiserver, kubelet, kubectl, etcd …
        containerd: folder of containerd and its shim.
        registry: folder into which the package docker-registry is unpacked.
        images: recipe -> full name of the image (`sandbox.local/pause:…`).

    """

    kubernetes: Path
    containerd: Path
    registry: Path
    images: dict[str, str]
