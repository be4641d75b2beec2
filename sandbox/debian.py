"""Debian packages unpacked into the cache by exact version, never installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from roadworthy.errors import BadInput
from sandbox import paths, store
from sandbox.pypi import architecture, sha256

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Package:
    """One Debian package.

    Debian's archive keeps only the newest build of a version. When the exact one is gone, a later build of the same
    upstream version (a security fix) stands in for it: apt verifies it by the archive's signature.

    Attributes:
        name: as apt knows it.
        version: exact, as ``2.42.0+ds-5+deb12u1``.
        sha256: checksum of the .deb by architecture (``all`` when there is one for all).

    """

    name: str
    version: str
    sha256: Mapping[str, str] = field(default_factory=dict)


def upstream(version: str) -> str:
    """Return Debian's version without its epoch and its own revision: what the package's authors call it."""
    return re.sub(r"^\d+:", "", version).rsplit("-", 1)[0]


def unpack(package: str, version: str, checksums: Mapping[str, str] | None = None) -> Path:
    """Return a folder with the content of ``package`` in ``version``, downloading it first when it is not there.

    Raises:
        BadInput: apt offers neither this version nor a later build of it, or the content is not the pinned one.

    """
    wanted = Package(package, version, checksums or {})
    target = paths.cache_root() / "deb" / f"{package}-{version.replace(':', '_')}"
    with store.locked(paths.cache_root() / "deb" / ".lock"):
        if not target.is_dir():
            with store.whole(target) as fresh:
                _unpack(wanted, fresh)
    return target


def _unpack(wanted: Package, folder: Path) -> None:
    archive = _download(wanted, folder)
    ran = subprocess.run(["dpkg-deb", "-x", str(archive), str(folder)], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise BadInput(f"an intact package {archive.name}", seen=ran.stderr.strip(), where=str(archive))
    archive.unlink()


def _download(wanted: Package, folder: Path) -> Path:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise BadInput(
            "a Debian machine, or one with apt and dpkg",
            seen="no apt-get or no dpkg-deb",
            todo="run on Debian 12 or in a container of it",
        )
    pinned = _fetch(f"{wanted.name}={wanted.version}", folder)
    if isinstance(pinned, Path):
        expected = wanted.sha256.get(architecture()) or wanted.sha256.get("all")
        if expected and sha256(pinned) != expected:
            raise BadInput(f"{pinned.name} with checksum {expected}", seen=sha256(pinned), where="Debian's archive")
        return pinned
    offered = _candidate(wanted.name)
    if offered is None and os.geteuid() == 0:
        subprocess.run(["apt-get", "-qq", "update"], capture_output=True, check=False)
        offered = _candidate(wanted.name)
    if offered is not None and upstream(offered) == upstream(wanted.version):
        later = _fetch(f"{wanted.name}={offered}", folder)
        if isinstance(later, Path):
            return later
        pinned = later
    raise BadInput(
        f"apt to offer {wanted.name} {wanted.version} or a later build of it",
        seen=f"{offered or 'no such package'}; {pinned}",
        where=f"`apt-cache policy {wanted.name}`",
        todo="run `apt-get update`, check the network, then run the same command again",
    )


def _fetch(what: str, folder: Path) -> Path | str:
    """Download a package into ``folder``; return the file, or what apt said against it."""
    command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", what]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found = list(folder.glob("*.deb"))
    return found[0] if ran.returncode == 0 and found else " | ".join(ran.stderr.strip().splitlines()[-2:])


def _candidate(package: str) -> str | None:
    """Return the version that apt would install, None when it knows none."""
    ran = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True, check=False)
    match = re.search(r"Candidate: (\S+)", ran.stdout)
    return match.group(1) if match and match.group(1) != "(none)" else None
