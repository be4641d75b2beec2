"""What a chart is given: the edition's values with files and the profile's words put in, and the digest of it all.

In a file of values ``@{domain}`` stands for the profile's word, ``!list name`` for one of its lists, ``!file name`` for
a file's text, ``!yaml name`` for a YAML file's content, ``!files pattern`` for a mapping of file name to text, and
``!templated pattern`` for the same when the chart puts it through its template engine. What comes out is plain YAML in
the cache folder, named by its content; it holds no secret, so it may stay there until nobody has used it for long.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from installers.engine import shelf
from installers.engine.component import ROOT, Component, Edition
from roadworthy import backups, document
from roadworthy.errors import BadInput
from roadworthy.profile import Profile

_WORD = re.compile(r"@\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A chart and what it is given.

    Attributes:
        chart: a folder on this machine or the address of a packed chart.
        values: the file of plain values.
        content: what it holds.
        digest: 40 hex digits over chart, values, release name and namespace.

    """

    chart: str
    values: Path
    content: Mapping[str, Any]
    digest: str


def words(profile: Profile) -> dict[str, str]:
    """Return what ``@{…}`` may name; an empty text is what the profile doesn't say."""
    classes = profile.storage_classes
    return {
        "cluster": profile.name,
        "domain": profile.domain,
        "storage_class": classes.get("default", ""),
        "replicated_storage_class": classes.get("replicated") or classes.get("default", ""),
        # Much room and no hurry: a file server's, where there is one.
        "bulk_storage_class": classes.get("nfs") or classes.get("default", ""),
        **backups.words(profile.backups),
    }


class _Loader(yaml.CSafeLoader):
    """Reads one file of values; ``file`` and ``scope`` are set before it is used."""

    file: Path
    scope: Mapping[str, str]
    profile: str
    lists: Mapping[str, list[str]]

    def said(self, node: yaml.Node) -> str:
        """Return a text with the profile's words put in."""

        def word(match: re.Match[str]) -> str:
            name, where = match[1], f"{self.file}:{node.start_mark.line + 1}"
            if name not in self.scope:
                raise BadInput(f"one of {', '.join(self.scope)} in @{{…}}", seen=name, where=where)
            if not self.scope[name]:
                todo = f"say it in {self.profile}"
                raise BadInput(f"a cluster profile that says its {name}", seen="none", where=where, todo=todo)
            return self.scope[name]

        return _WORD.sub(word, str(node.value))

    def chosen(self, node: yaml.Node) -> list[str]:
        """Return one of the profile's lists."""
        if node.value not in self.lists:
            where = f"{self.file}:{node.start_mark.line + 1}"
            raise BadInput(f"one of {', '.join(self.lists)}", seen=str(node.value), where=where)
        return self.lists[node.value]

    def inside(self, node: yaml.Node) -> str:
        """Return a file's text; it must lie beside the values or below."""
        path = (self.file.parent / str(node.value)).resolve()
        where = f"{self.file}:{node.start_mark.line + 1}"
        if not path.is_relative_to(self.file.parent.resolve()) or not path.is_file():
            raise BadInput("a file of the component's own folder", seen=str(node.value), where=where)
        return path.read_text(encoding="utf-8")

    def content(self, node: yaml.Node) -> object:
        """Return what a YAML file of the component's folder holds."""
        self.inside(node)
        return document.read(self.file.parent / str(node.value)).content

    def several(self, node: yaml.Node) -> dict[str, str]:
        """Return name -> text of the files that match a pattern; at least one must."""
        found = sorted(self.file.parent.glob(str(node.value)))
        if not found:
            where = f"{self.file}:{node.start_mark.line + 1}"
            raise BadInput("at least one file", seen=f"none is named {node.value}", where=where)
        return {path.name: path.read_text(encoding="utf-8") for path in found}

    def templated(self, node: yaml.Node) -> dict[str, str]:
        """Return the same, written so that a template engine gives it back as it was."""
        return {name: text.replace("{{", '{{ "{{" }}') for name, text in self.several(node).items()}


class _Dumper(yaml.CSafeDumper):
    """Writes what is used twice out twice: the reader is Helm, and people."""

    def ignore_aliases(self, data: object) -> bool:
        """Whether to write a value out in full."""
        del data
        return True


_Loader.add_constructor("tag:yaml.org,2002:str", _Loader.said)
_Loader.add_constructor("!list", _Loader.chosen)
_Loader.add_constructor("!file", _Loader.inside)
_Loader.add_constructor("!yaml", _Loader.content)
_Loader.add_constructor("!files", _Loader.several)
_Loader.add_constructor("!templated", _Loader.templated)


def read(edition: Edition, profile: Profile) -> dict[str, Any]:
    """Return the values of an edition on a cluster.

    Raises:
        BadInput: the file can't be used, or names what the profile doesn't say; the message names file and line.

    """

    def parse(content: str) -> Any:
        loader = _Loader(content)
        loader.file, loader.scope, loader.profile = edition.values, words(profile), profile.where
        loader.lists = backups.lists(profile.backups)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()

    return document.read(edition.values, parse).content


def render(component: Component, profile: Profile) -> Rendered:
    """Write the values that the component's chart is given on this cluster, and return where they are."""
    edition = component.edition(profile)
    values = read(edition, profile)
    folder = None if "://" in edition.chart else ROOT / "charts" / edition.chart
    chart = _folder_digest(folder) if folder else f"{edition.chart} {edition.version} {edition.digest}"
    parts = [component.namespace, component.name, chart, json.dumps(values, sort_keys=True)]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]
    path = cache() / f"{component.name}-{digest}.yaml"
    shelf.put(path, lambda: yaml.dump(values, Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=1000))
    return Rendered(str(folder or edition.chart), path, values, digest)


def cache() -> Path:
    """Return the folder of written values."""
    own = os.environ.get("ROADWORTHY_CACHE", "")
    base = Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "roadworthy"
    return base / "values"


def _folder_digest(folder: Path) -> str:
    """Return a digest of every file of a chart, names included."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        total.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return total.hexdigest()
