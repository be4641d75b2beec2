"""YAML files that people write: read with the line of every value, and checked against a JSON Schema.

Every error is one line: file, line, what is allowed there, what stands there, and the nearest name that exists. What
stands under a key for credentials is never repeated.
"""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import jsonschema
import yaml

from roadworthy.errors import BadInput

#: What a key may be: a text, or the merge of another mapping.
_WORDS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"}
_SECRET_KEY = re.compile(r"password|passwd|token|secret|private.?key|credential", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file that holds a mapping: its content, and where each part of it stands."""

    path: Path
    content: dict[str, Any]
    root: yaml.Node

    def at(self, *steps: str | int) -> str:
        """Return ``file:line`` of what the steps lead to, or of the nearest thing around it."""
        node, line = self.root, self.root.start_mark.line
        for step in steps:
            if isinstance(node, yaml.MappingNode):
                found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line
        return f"{self.path}:{line + 1}"


def _plain(content: str) -> Any:
    return yaml.load(content, Loader=yaml.CSafeLoader)


def read(path: Path, parse: Callable[[str], Any] = _plain) -> Document:
    """Return a YAML file; ``parse`` makes its content of its text, where it has tags of its own.

    Raises:
        BadInput: it can't be read, is no YAML, holds no mapping, or holds a key twice.

    """
    try:
        content = path.read_text(encoding="utf-8")
        root = yaml.compose(content, Loader=yaml.CSafeLoader)
        data = parse(content)
    except OSError as error:
        raise BadInput("a readable text file", seen=str(error), where=str(path)) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BadInput("a text file in UTF-8", seen=error.reason, where=f"{path}:{line}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        seen = " ".join(str(getattr(error, "problem", None) or error).split())
        raise BadInput("valid YAML", seen=seen, where=f"{path}:{mark.line + 1 if mark else 1}") from error
    if not isinstance(root, yaml.MappingNode):
        raise BadInput("a mapping", seen="something else, or nothing", where=f"{path}:1")
    _refuse_twice(path, root)
    return Document(path, data, root)


def check(document: Document, schema: Path) -> None:
    """Refuse a document that breaks its schema.

    Raises:
        BadInput: about the first thing that is wrong, from the top.

    """
    errors = list(_validator(schema).iter_errors(document.content))
    if not errors:
        return
    first = min(errors, key=lambda error: int(document.at(*error.absolute_path).rpartition(":")[2]))
    raise _explained(document, first)


def valid(content: object, schema: Path) -> bool:
    """Whether what was read keeps to its schema; ``check`` says what is wrong, and where."""
    return _validator(schema).is_valid(content)


def nearest(name: str, known: list[str]) -> str:
    """Return ``did you mean …?`` or all names that there are."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}"


@functools.cache
def _validator(schema: Path) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def _explained(document: Document, error: jsonschema.ValidationError) -> BadInput:
    steps = list(error.absolute_path)
    name = ".".join(map(str, steps))
    schema, value = cast("dict[str, Any]", error.schema), cast("Any", error.validator_value)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = sorted(schema.get("properties", {}))
        extra = next(key for key in error.instance if key not in known)
        where = document.at(*steps, extra)
        return BadInput(
            f"a known key{f' of {name}' if name else ''}", seen=extra, where=where, todo=nearest(extra, known)
        )
    if error.validator == "required" and isinstance(error.instance, dict):
        missing = next(key for key in value if key not in error.instance)
        return BadInput(f"{f'{name}.' if name else ''}{missing} is said", seen="nothing", where=document.at(*steps))
    # The schema says it in our own words where its rule doesn't speak for itself.
    expected = schema.get("$comment") or _rule(error)
    secret = any(_SECRET_KEY.search(str(step)) for step in steps)
    seen = type(error.instance).__name__ if secret else _short(error.instance)
    todo = nearest(str(error.instance), [str(v) for v in value]) if error.validator == "enum" else ""
    return BadInput(f"{name} is {expected}", seen=seen, where=document.at(*steps), todo=todo)


def _rule(error: jsonschema.ValidationError) -> str:
    value = cast("Any", error.validator_value)
    if error.validator == "enum":
        return f"one of {', '.join(map(str, value))}"
    if error.validator == "type":
        return f"of type {value if isinstance(value, str) else ' or '.join(value)}"
    return f"{error.validator} {_short(value)}"


def _short(value: object, width: int = 80) -> str:
    shown = json.dumps(value, default=str)
    return shown if len(shown) <= width else f"{shown[:width]}…"


def _refuse_twice(path: Path, node: yaml.Node, above: tuple[yaml.Node, ...] = ()) -> None:
    """Refuse a key that stands twice (the second would silently win), and what holds itself by way of an alias."""
    if node in above:
        raise BadInput("a tree", seen="an alias of what it stands in", where=f"{path}:{node.start_mark.line + 1}")
    above = (*above, node)
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_twice(path, item, above)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.tag not in _WORDS:
                raise BadInput(
                    "each key is a word", seen=key.tag.rpartition(":")[2], where=f"{path}:{key.start_mark.line + 1}"
                )
            if key.value in seen:
                raise BadInput("each key once", seen=f"{key.value} again", where=f"{path}:{key.start_mark.line + 1}")
            seen.add(key.value)
            _refuse_twice(path, value, above)
