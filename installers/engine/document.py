"""YAML files whose errors name file and line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from roadworthy.errors import BadInput


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file that holds a mapping: its content, and where each part of it stands."""

    path: Path
    content: dict[str, Any]
    root: yaml.Node

    def at(self, *steps: str | int) -> str:
        """Return ``file:line`` of the value that the steps lead to, or of the nearest one around it."""
        line, node = 1, self.root
        for step in steps:
            if isinstance(node, yaml.MappingNode):
                found = [(key, value) for key, value in node.value if key.value == str(step)]
                if not found:
                    break
                line, node = found[0][0].start_mark.line + 1, found[0][1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
        return f"{self.path}:{line}"


def text(path: Path) -> str:
    """Return a file's text.

    Raises:
        BadInput: it isn't there, can't be read, or is no UTF-8.

    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("a readable text file", seen=str(error), where=str(path)) from error


def compose(path: Path, content: str) -> yaml.Node:
    """Return the YAML tree of a file's text.

    Raises:
        BadInput: it is no YAML, or empty, or a key stands twice in one mapping.

    """
    try:
        root = yaml.compose(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise broken(path, error) from error
    if not isinstance(root, yaml.MappingNode):
        raise BadInput("a mapping", seen="something else, or nothing", where=f"{path}:1")
    _no_duplicates(path, root)
    return root


def broken(path: Path, error: yaml.YAMLError) -> BadInput:
    """Return the error that says where a file stops being YAML."""
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else 1
    problem = getattr(error, "problem", None) or str(error)
    return BadInput("valid YAML", seen=" ".join(str(problem).split()), where=f"{path}:{line}")


def _no_duplicates(path: Path, node: yaml.Node) -> None:
    """Refuse a key that stands twice: the second would silently win."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _no_duplicates(path, item)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen and key.value != "<<":
                    where = f"{path}:{key.start_mark.line + 1}"
                    raise BadInput("each key once", seen=f"{key.value!r} a second time", where=where)
                seen.add(key.value)
            _no_duplicates(path, value)


@cache
def _validator(schema: Path) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema.read_text()))


def load(path: Path, schema: Path) -> Document:
    """Return a YAML file that keeps a JSON Schema.

    Raises:
        BadInput: it can't be read, is no YAML, or breaks the schema; the message names file and line.

    """
    content = text(path)
    root = compose(path, content)
    try:
        document = Document(path, yaml.load(content, Loader=yaml.CSafeLoader), root)
    except (yaml.YAMLError, ValueError) as error:
        raise broken(path, error if isinstance(error, yaml.YAMLError) else yaml.YAMLError(str(error))) from error
    errors = sorted(_validator(schema).iter_errors(document.content), key=_place)
    if errors:
        first = errors[0]
        steps = list(first.absolute_path)
        name = ".".join(map(str, steps)) or "the top"
        raise BadInput(f"what {schema.name} allows at {name}", seen=_short(first.message), where=document.at(*steps))
    return document


def _place(error: jsonschema.ValidationError) -> list[str]:
    return list(map(str, error.absolute_path))


def _short(message: str, width: int = 300) -> str:
    return message if len(message) <= width else f"{message[:width]}…"


def join(steps: Iterable[str | int]) -> str:
    """Return a path into a document as people write it: ``spec.ports[0].name``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
