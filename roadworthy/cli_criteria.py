"""``roadworthy criteria``: every promise that is written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from roadworthy import features
from roadworthy.criterion import Criterion
from roadworthy.errors import BadInput
from roadworthy.rooms import Rooms
from roadworthy.tags import PLAIN


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON document, every row of every outline.")
def criteria(paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Show every promise: phase, rule, scenario, remedy, needs.

    Remedies stand in the order in which they are tried.

    PATHS are feature files or folders; default: the project's features/.
    """
    rooms = Rooms.here()
    found = read(list(paths) or [rooms.root / "features"])
    if as_json:
        click.echo(json.dumps([_data(criterion, rooms) for criterion in found], indent=2, ensure_ascii=False))
    else:
        show(found, rooms)


def read(paths: list[Path]) -> list[Criterion]:
    """Return the criteria of files and folders.

    Raises:
        BadInput: about everything that is wrong with them.

    """
    files = [file for path in paths for file in (sorted(path.rglob("*.feature")) if path.is_dir() else [path])]
    parsed = [features.read(file) for file in files]
    if problems := [str(problem) for file in parsed for problem in file.problems]:
        raise BadInput("feature files without mistakes", seen="\n".join(["", *problems]))
    return [criterion for file in parsed for criterion in file.criteria]


def show(found: list[Criterion], rooms: Rooms) -> None:
    """Print the table; the rows of an outline are one line."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column, whole in (("phase", True), ("rule", False), ("scenario", False), ("remedy", True), ("needs", True)):
        table.add_column(column, overflow="fold", no_wrap=whole)
    before = ("", "")
    scenarios = [criterion for criterion in found if criterion.row <= 0]
    for criterion in scenarios:
        rows = [one for one in found if (one.path, one.function) == (criterion.path, criterion.function)]
        phase, rule = criterion.path.stem, criterion.rule
        table.add_row(
            phase if phase != before[0] else "",
            rule if (phase, rule) != before else "",
            " ".join([_title(criterion, len(rows)), *(f"@{name}" for name in PLAIN if criterion.has(name))]),
            "\n".join(_ladder(criterion, rooms)),
            "\n".join(criterion.needs),
        )
        before = (phase, rule)
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)  # into a file or a pager: as wide as it is read best
    console.print(table)
    console.print(f"{len(scenarios)} scenarios, {len(found)} criteria")


def _title(criterion: Criterion, rows: int) -> str:
    return criterion.scenario if rows == 1 else f"{criterion.scenario} (and {rows - 1} more rows)"


def _ladder(criterion: Criterion, rooms: Rooms) -> list[str]:
    return [f"{name}.{what}" if what else name for name, what in criterion.ladder(rooms.last_remedy)]


def _data(criterion: Criterion, rooms: Rooms) -> dict[str, Any]:
    return {
        "id": criterion.id,
        "phase": criterion.path.stem,
        "feature": criterion.feature,
        "rule": criterion.rule,
        "scenario": criterion.scenario,
        "parameters": dict(criterion.parameters),
        "tags": [tag.name for tag in criterion.tags],
        "remedies": _ladder(criterion, rooms),
        "needs": list(criterion.needs),
        "components": list(criterion.components),
        "steps": [f"{step.keyword} {step.text}" for step in criterion.steps],
        "file": str(criterion.path),
        "line": criterion.line,
    }
