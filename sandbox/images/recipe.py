"""What a recipe says: data only, checked when it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roadworthy.errors import BadInput
from sandbox import builds, data
from sandbox.pypi import architecture

ROOT = Path(__file__).parent
SCHEMA = ROOT / "recipe.schema.json"


@dataclass(frozen=True)
class Recipe:
    """One image.

    Attributes:
        stem: the recipe's file name without ``.yaml``.
        name: the image's full name, ``sandbox.local/<what>:<version>``.
        base: the recipe whose layers lie beneath, if any.
        sources: name -> where it comes from, as in the file.
        files: what goes where, in order, as in the file.
        content: the parsed file.

    """

    stem: str
    name: str
    base: Recipe | None
    sources: Mapping[str, Mapping[str, Any]]
    files: tuple[Mapping[str, Any], ...]
    content: Mapping[str, Any] = field(repr=False)

    @property
    def repository(self) -> str:
        """The name inside the registry, without host and tag."""
        return self.name.split("/", 1)[1].rsplit(":", 1)[0]

    @property
    def tag(self) -> str:
        """The tag: the exact version."""
        return self.name.rsplit(":", 1)[1]

    def lineage(self) -> Iterator[Recipe]:
        """Yield this recipe and those beneath it, the lowest first."""
        if self.base is not None:
            yield from self.base.lineage()
        yield self

    def units(self) -> list[str]:
        """Return the units of ``sandbox.builds`` that this image and its bases need."""
        return [source["unit"] for recipe in self.lineage() for source in recipe.sources.values() if "unit" in source]

    def key(self) -> str:
        """Return 12 hex digits that change whenever the recipe, a base, a binary or the machine's kind changes."""
        parts = [architecture(), json.dumps(self.content, sort_keys=True)]
        parts += [builds.folder(source["unit"]).name for source in self.sources.values() if "unit" in source]
        parts += [self.base.key()] if self.base else []
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def stems(root: Path = ROOT) -> list[str]:
    """Return the stems of all recipes."""
    return sorted(path.stem for path in root.glob("*.yaml"))


def load(stem: str, root: Path = ROOT) -> Recipe:
    """Return the recipe ``stem``.

    Raises:
        BadInput: there is none, it breaks the schema, names a source it does not have, or is its own base.

    """
    return _load(stem, root, ())


def _load(stem: str, root: Path, above: tuple[str, ...]) -> Recipe:
    path = root / f"{stem}.yaml"
    if not path.is_file():
        raise BadInput(f"one of the recipes {', '.join(stems(root))}", seen=stem, where=str(root))
    if stem in above:
        raise BadInput("a base that is another recipe", seen=" -> ".join((*above, stem)), where=str(path))
    content = data.load(path, SCHEMA)
    sources, files = content.get("sources", {}), tuple(content.get("files", ()))
    for file in files:
        if "from" in file and file["from"] not in sources:
            raise BadInput(f"one of the sources {', '.join(sources)}", seen=file["from"], where=f"{path}: {file['to']}")
        if ".." in Path(file["to"]).parts:
            raise BadInput("a target inside the image", seen=file["to"], where=str(path))
    base = _load(content["base"], root, (*above, stem)) if "base" in content else None
    return Recipe(stem, content["name"], base, sources, files, content)


def find(wanted: str, root: Path = ROOT) -> Recipe:
    """Return the recipe with this stem or this full image name.

    Raises:
        BadInput: there is none.

    """
    if wanted in stems(root):
        return load(wanted, root)
    everything = [load(stem, root) for stem in stems(root)]
    for recipe in everything:
        if recipe.name == wanted:
            return recipe
    raise BadInput(f"one of the images {', '.join(recipe.name for recipe in everything)}", seen=wanted, where=str(root))
