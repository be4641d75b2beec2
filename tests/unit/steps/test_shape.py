"""A step is at most eight lines, its docstring aside; waiting and clients are the engine's and the probes' business."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

STEPS = sorted(Path(__file__).parents[3].joinpath("steps").glob("*.py"))
FUNCTIONS = [
    pytest.param(node, id=f"{path.stem}.{node.name}")
    for path in STEPS
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.FunctionDef)
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_step_is_at_most_eight_lines(function: ast.FunctionDef) -> None:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
    assert lines <= 8


@pytest.mark.parametrize("path", STEPS, ids=lambda path: path.stem)
def test_a_step_neither_sleeps_nor_calls_a_client(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for word in ("sleep", ".http(", ".raw(", ".sql(", ".ssh(", ".execute(", ".markers("):
        assert word not in text


def test_no_phrase_is_defined_twice() -> None:
    phrases = [
        node.args[0].value
        for path in STEPS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "parse"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]
    assert len(phrases) > 20
    assert len(set(phrases)) == len(phrases)
