"""Wheels from PyPI by exact version and checksum, through pip."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from roadworthy.errors import BadInput
from sandbox import paths, store


def architecture() -> str:
    """Return the machine's architecture as Go, Debian and OCI name it.

    Raises:
        BadInput: it is neither amd64 nor arm64.

    """
    known = {"x86_64": "amd64", "aarch64": "arm64"}
    if platform.machine() not in known:
        raise BadInput(f"a machine of {', '.join(known)}", seen=platform.machine())
    return known[platform.machine()]


@dataclass(frozen=True)
class Pin:
    """One wheel: ``sha256`` by architecture (``any`` when there is one for all)."""

    name: str
    version: str
    sha256: Mapping[str, str]

    def checksum(self) -> str:
        """Return the checksum for this machine.

        Raises:
            BadInput: there is none pinned for it.

        """
        found = self.sha256.get(architecture()) or self.sha256.get("any")
        if not found:
            raise BadInput(
                f"{self.name} {self.version} for {architecture()}", seen=f"pins for {', '.join(self.sha256)}"
            )
        return found


def home(pin: Pin) -> Path:
    """Return the folder in the cache where the wheel that ``pin`` names is, or will be."""
    return paths.cache_root() / "pypi" / f"{pin.name}-{pin.version}-{pin.checksum()[:12]}"


def wheel(pin: Pin) -> Path:
    """Return the wheel that ``pin`` names, downloading it first when it is not there.

    Raises:
        BadInput: the registry does not answer, or has another content under this version.

    """
    target = home(pin)
    with store.locked(paths.cache_root() / "pypi" / ".lock"):
        if not target.is_dir():
            with store.whole(target) as fresh:
                _download(pin, fresh)
    return next(target.glob("*.whl"))


def _download(pin: Pin, folder: Path) -> None:
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{pin.name}=={pin.version} --hash=sha256:{pin.checksum()}\n")
    command = [sys.executable, "-m", "pip", "--quiet", "download", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary=:all:", "--require-hashes", "--dest", str(folder), "--requirement", str(requirement)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if ran.returncode != 0:
        raise BadInput(
            f"PyPI to hold {pin.name} {pin.version} with the pinned checksum",
            seen=" | ".join(ran.stderr.strip().splitlines()[-3:]),
            where="`pip config list` names the registry",
            todo="check the network and pip's settings, then run the same command again",
        )


def unpacked(pin: Pin) -> Path:
    """Return a folder with the content of the wheel, the x bits kept."""
    archive = wheel(pin)
    target = archive.parent / "content"
    with store.locked(paths.cache_root() / "pypi" / ".lock"):
        if not target.is_dir():
            with store.whole(target) as fresh, zipfile.ZipFile(archive) as content:
                for entry in content.infolist():
                    path = Path(content.extract(entry, fresh))
                    mode = entry.external_attr >> 16 & 0o777
                    if mode and not entry.is_dir():
                        path.chmod(mode)
    return target


def sha256(path: Path) -> str:
    """Return the checksum of a file, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
