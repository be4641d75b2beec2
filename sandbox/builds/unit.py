"""What a unit is: the data of ``sandbox/go/<unit>/unit.yaml``, and the key that names its content."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadworthy.errors import BadInput
from sandbox import data

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parent.parent / "go"
SCHEMA = ROOT / "unit.schema.json"


@dataclass(frozen=True)
class Copy:
    """Files of a module that a program reads at run time, kept beside the binaries."""

    module: str
    source: str
    target: str


@dataclass(frozen=True)
class Generate:
    """A code generator that runs inside a module before the build, because the module lacks what it generates."""

    module: str
    tool: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Unit:
    """One set of binaries that are built together.

    Attributes:
        name: the unit's folder below ``sandbox/go``.
        folder: that folder.
        version: upstream's version of what is built.
        module: folder that holds go.mod and go.sum.
        binaries: file name -> Go package.
        tags: build tags.
        ldflags: linker flags beyond ``-s -w``.
        cgo: whether C code is compiled in.
        overlay: path inside a module (``<module path>//<file>``; a package ends in a slash) -> file that stands there.
        generate: code generators that run first, in order.
        copies: files kept beside the binaries.
        cpu_seconds: what a cold build cost, user and system time, when it was measured in the usual order.
        disk_mb: what a cold build needs on the disk at most.
        content: the parsed file, of which every part counts for the key.

    """

    name: str
    folder: Path
    version: str
    module: Path
    binaries: Mapping[str, str]
    tags: tuple[str, ...]
    ldflags: tuple[str, ...]
    cgo: bool
    overlay: Mapping[str, Path]
    generate: tuple[Generate, ...]
    copies: tuple[Copy, ...]
    cpu_seconds: float
    disk_mb: int
    content: Mapping[str, Any] = field(repr=False)

    def key(self, toolchain: str) -> str:
        """Return 12 hex digits that change whenever a pin, a flag, an overlay, Go or the machine's kind changes."""
        digest = hashlib.sha256()
        built_by = {name: value for name, value in self.content.items() if name not in {"cpu_seconds", "disk_mb"}}
        for part in (toolchain, platform.machine(), json.dumps(built_by, sort_keys=True)):
            digest.update(part.encode() + b"\0")
        for path in (self.module / "go.mod", self.module / "go.sum", *self._files()):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()[:12]

    def _files(self) -> Iterator[Path]:
        """Yield the Go files and overlays of the unit's own folders, in a fixed order."""
        found = {path for folder in (self.folder, self.module) for path in folder.rglob("*.go")}
        yield from sorted(found | set(self.overlay.values()))


def names() -> list[str]:
    """Return the names of all units."""
    return sorted(path.parent.name for path in ROOT.glob("*/unit.yaml"))


def load(name: str, root: Path = ROOT) -> Unit:
    """Return the unit ``name``.

    Raises:
        BadInput: there is no such unit, or its file breaks the schema.

    """
    folder = root / name
    if not (folder / "unit.yaml").is_file():
        raise BadInput(f"one of the units {', '.join(names())}", seen=name, where=str(root))
    content = data.load(folder / "unit.yaml", SCHEMA)
    return Unit(
        name=name,
        folder=folder,
        version=content["version"],
        module=(folder / content.get("module", ".")).resolve(),
        binaries=content["binaries"],
        tags=tuple(content.get("tags", ())),
        ldflags=tuple(content.get("ldflags", ())),
        cgo=content.get("cgo", False),
        overlay={inside: folder / ours for inside, ours in content.get("overlay", {}).items()},
        generate=tuple(Generate(g["module"], g["tool"], tuple(g["arguments"])) for g in content.get("generate", ())),
        copies=tuple(Copy(c["module"], c["from"], c["to"]) for c in content.get("copy", ())),
        cpu_seconds=content["cpu_seconds"],
        disk_mb=content["disk_mb"],
        content=content,
    )
