"""Where an image's files come from: each source becomes a folder on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from roadworthy.errors import BadInput
from sandbox import builds, debian, npm, pypi
from sandbox.progress import Progress
from sandbox.pypi import architecture


def folder(source: Mapping[str, Any], report: Progress) -> Path:
    """Return the folder with what ``source`` names, building or downloading it first when it is not there.

    Raises:
        BadInput: it can't be had for this machine, or is not what the recipe pins.

    """
    if "unit" in source:
        return builds.ensure(source["unit"], report=report)
    if "deb" in source:
        return debian.unpack(source["deb"], source["version"], source["sha256"])
    if "pypi" in source:
        return pypi.unpacked(pypi.Pin(source["pypi"], source["version"], source["sha256"]))
    name, integrity = _here(source["npm"]), _here(source["integrity"])
    package = npm.Package(name, source["version"], integrity)
    if "locks" in source:
        return npm.installed(npm.Tree(package, source["locks"], source.get("overrides", {})))
    return npm.unpacked(package)


def _here(pins: Mapping[str, str]) -> str:
    found = pins.get(architecture()) or pins.get("any")
    if not found:
        raise BadInput(f"a pin for {architecture()}", seen=", ".join(pins), where="the image's recipe")
    return found


def described(source: Mapping[str, Any]) -> str:
    """Return a source in one line, for the image's label."""
    if "unit" in source:
        unit = builds.load(source["unit"])
        return f"{', '.join(unit.binaries.values())} {unit.version} (Go module)"
    kind = next(kind for kind in ("deb", "pypi", "npm") if kind in source)
    name = _here(source[kind]) if kind == "npm" else source[kind]
    return f"{name} {source['version']} ({kind})"
