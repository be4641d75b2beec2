"""The house keeps its own rules: layout, size and shape of modules (design card, section 2)."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]

ROOMS = ("roadworthy", "sandbox", "steps", "probes", "remediation", "installers", "prove")

TOP_LEVEL = {
    # the design card's
    *ROOMS, "README.md", "pyproject.toml", "requirements.lock", "tox.ini", "conftest.py", "features", "clusters",
    "ansible", "deploy", "reports", "benchmarks", "tests", "docs",
    # what a repository needs besides
    "LICENSE", "bootstrap", "changes", ".ci", ".editorconfig", ".gitignore",
}  # fmt: skip

MODULE_LINES = {**dict.fromkeys(ROOMS, 200), "tests": 300}
"""A file of tests is a list of cases, and reads well at greater length."""

LONG_MODULES: dict[str, str] = {}
"""Path -> why it is one concept although it is longer."""

STEP_LINES = 8
STEP_DECORATORS = {"given", "when", "then", "step"}
WITHOUT_SLEEP = ("steps", "probes", "remediation")


def tracked() -> list[Path]:
    """Files that git knows or would add, relative to the root: a module not committed yet is held to the rules too."""
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [Path(line) for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def modules(*rooms: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.parts[0] in rooms]


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))


def functions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (each for each in ast.walk(node) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


def decorator_name(node: ast.expr) -> str:
    target = node.func if isinstance(node, ast.Call) else node
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def length_without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end of the body, decorators and docstring left out."""
    docstring = function.body[0] if ast.get_docstring(function) else None
    end = function.end_lineno or function.lineno
    taken = (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1 if docstring else 0
    return end - function.lineno + 1 - taken


def sleeps(module: ast.Module) -> Iterator[int]:
    """Line numbers of `time.sleep`, `asyncio.sleep`, `gevent.sleep` and of `from … import sleep`."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and node.attr == "sleep" and isinstance(node.value, ast.Name):
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and any(alias.name == "sleep" for alias in node.names):
            yield node.lineno


def test_the_top_level_is_the_design_cards() -> None:
    strangers = {path.parts[0] for path in tracked()} - TOP_LEVEL
    assert not strangers, (
        f"{sorted(strangers)} at the top level: put them in a room, or add them to TOP_LEVEL and docs/"
    )


def lines(path: Path | str) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def too_long(path: Path) -> bool:
    return lines(path) > MODULE_LINES[path.parts[0]]


def test_no_module_grows_past_its_size() -> None:
    long = {str(path): lines(path) for path in modules(*MODULE_LINES) if too_long(path)}
    strangers = {path: size for path, size in long.items() if path not in LONG_MODULES}
    assert not strangers, f"longer than {MODULE_LINES}, so two modules: {strangers}"


def test_exemptions_are_still_needed() -> None:
    for path, reason in LONG_MODULES.items():
        assert reason
        assert too_long(Path(path)), f"{path} is short again"


def test_steps_are_short() -> None:
    long = [
        f"{path}:{function.lineno} {function.name}: {length_without_docstring(function)} lines"
        for path in modules("steps")
        for function in functions(tree(path))
        if STEP_DECORATORS & {decorator_name(each) for each in function.decorator_list}
        if length_without_docstring(function) > STEP_LINES
    ]
    assert not long, f"a step has at most {STEP_LINES} lines; what is more is a probe's or the engine's: {long}"


def test_waiting_is_left_to_the_engine() -> None:
    found = [f"{path}:{line}" for path in modules(*WITHOUT_SLEEP) for line in sleeps(tree(path))]
    assert not found, f"a sleep in {WITHOUT_SLEEP}; wait through the engine instead: {found}"


def test_every_package_says_what_it_is() -> None:
    silent = [str(path) for path in modules(*ROOMS) if path.name == "__init__.py" and not ast.get_docstring(tree(path))]
    assert not silent, f"packages without a docstring: {silent}"


def test_the_lock_names_no_address() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    options = [line for line in lines if line.startswith("-")]
    assert not options, f"pip options in the lock: {options}"
    assert not [line for line in lines if "://" in line], "the lock must install from whatever registry a machine has"


def test_the_lock_is_complete() -> None:
    # ./bootstrap installs it without asking what each package needs.
    ran = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stdout


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {Requirement(line.split(";")[0].strip(" \\")).name for line in lock.splitlines() if "==" in line[:60]}
    missing = {Requirement(each).name for each in named} - locked
    assert not missing, f"{missing} not in requirements.lock; the command that makes it is in pyproject.toml's head"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import time\ntime.sleep(1)", [2]),
        ("from time import sleep", [1]),
        ("import asyncio\nasync def f():\n    await asyncio.sleep(1)", [3]),
        ("sleep = 3", []),
    ],
)
def test_a_sleep_is_found(source: str, lines: list[int]) -> None:
    assert sorted(sleeps(ast.parse(source))) == lines


def test_a_steps_length_leaves_out_docstring_and_decorators() -> None:
    module = ast.parse('@given(\n  "x"\n)\ndef f():\n    """Says\n\n    much.\n    """\n    a = 1\n    return a\n')
    (function,) = functions(module)
    assert length_without_docstring(function) == 3
