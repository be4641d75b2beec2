"""docs/guarantees.md, made of the tests' own docstrings: ``python -m tests.guarantees.page > docs/guarantees.md``."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parents[1] / "docs" / "guarantees.md"
HEAD = """\
# What is guaranteed, and what shows it

Twenty promises of the part that repairs. The judge of each is the API server's audit log together with the journal on
the disk, never our own report: the tests run on a sandbox of their own, each with an identity of its own in that log,
and with a [proxy](../tests/guarantees/proxy.py) in front of the API server that fails on demand.

    .venv/bin/tox -e guarantees                    # all of them
    .venv/bin/tox -e guarantees -- -m short        # a few seconds each
    .venv/bin/tox -e guarantees -- -m ci           # one or a few of each promise, as `tox run` has them
    .venv/bin/tox -e guarantees -- -k test_07      # one promise

This page is made of the tests: `python -m tests.guarantees.page > docs/guarantees.md`.
"""


@dataclass(frozen=True)
class Shown:
    """One test: what it shows, whether it is long or runs in CI, and why it is expected to fail, if so."""

    name: str
    what: str
    long: bool
    ci: bool
    lacking: str


def modules() -> dict[int, tuple[Path, str, list[Shown]]]:
    """Return promise -> its module, the promise in one sentence, and its tests."""
    found = {}
    for path in sorted(FOLDER.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        said = re.fullmatch(r"Promise (\d+): (.*)", " ".join((ast.get_docstring(tree) or "").split()))
        assert said, f"{path.name} begins with 'Promise N: what is promised'"
        found[int(said[1])] = (path, said[2], list(_tests(tree, _marks(tree))))
    return found


def _marks(tree: ast.Module) -> str:
    return "".join(
        ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    )


def _tests(holder: ast.Module | ast.ClassDef, marks: str) -> Iterator[Shown]:
    for node in holder.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            own = marks + "".join(map(ast.unparse, node.decorator_list))
            what = " ".join((ast.get_docstring(node) or "").split())
            yield Shown(node.name, what, "mark.long" in own, "mark.ci" in own, _lacking(own))
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            own = marks + "".join(map(ast.unparse, node.decorator_list))
            what = " ".join((ast.get_docstring(node) or "").split())
            assert what, f"{node.name} has a docstring that says what it shows"
            yield Shown(node.name, what, "mark.long" in own, "mark.ci" in own, _lacking(own))


def _lacking(marks: str) -> str:
    said = re.search(r"xfail\(.*?reason=(['\"])(.*?)\1", marks)
    return said[2] if said else ""


def render() -> str:
    """Return the page."""
    parts = [HEAD]
    for number, (path, promise, tests) in sorted(modules().items()):
        parts.append(
            f"\n## {number}. {promise[0].upper()}{promise[1:]}\n\n[{path.name}](../tests/guarantees/{path.name})\n"
        )
        parts.append("| test | what is measured | |\n|---|---|---|")
        for each in tests:
            name = each.name.removeprefix("test_").replace("_", " ")
            state = (
                f"not kept yet: {each.lacking}" if each.lacking else "long" if each.long else "in CI" if each.ci else ""
            )
            parts.append(f"| {name} | {each.what.replace('|', '/')} | {state} |")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
