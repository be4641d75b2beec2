"""Reads the sandbox's own data files: YAML checked against a JSON Schema, errors with file and line."""

from __future__ import annotations

import json
import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import yaml
from jsonschema.exceptions import best_match

from roadworthy.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@cache
def _validator(schema: Path) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema.read_text()))


def _line(node: yaml.Node | None, path: Iterable[str | int]) -> int:
    """Return the line (from 1) of the value at ``path``, or of the nearest value around it."""
    line = 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(step)]
            if not found:
                return line
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def load(path: Path, schema: Path) -> dict[str, Any]:
    """Return the content of the YAML file ``path``, which keeps ``schema``.

    Raises:
        BadInput: it can't be read, is no YAML, or breaks the schema.

    """
    try:
        text = path.read_text()
        content = yaml.load(text, Loader=yaml.CSafeLoader)
    except OSError as error:
        raise BadInput("a readable file", seen=str(error), where=str(path)) from error
    except yaml.YAMLError as error:
        raise BadInput("valid YAML", seen=str(error).replace("\n", " "), where=str(path)) from error
    first = best_match(_validator(schema).iter_errors(content))
    if first is not None:
        line = _line(yaml.compose(text, Loader=yaml.CSafeLoader), first.absolute_path)
        at = ".".join(map(str, first.absolute_path)) or "the top"
        message = f"what {schema.name} allows at {at}"
        raise BadInput(message, seen=textwrap.shorten(first.message, 300), where=f"{path}:{line}", todo="correct it")
    if not isinstance(content, dict):
        raise BadInput("a mapping", seen=type(content).__name__, where=f"{path}:1")
    return content
