"""``roadworthy verdicts``: what the last run came to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from roadworthy.errors import BadInput
from roadworthy.rooms import Rooms
from roadworthy.units import told
from roadworthy.verdict import Verdict
from roadworthy.verdicts import VERSION

_STYLES = {
    "passed": "green",
    "converged": "bold green",
    "waived": "yellow",
    "not applicable": "yellow",
    "failed": "bold red",
    "broken": "bold red",
    "blocked": "red",
}


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--only", type=click.Choice([verdict.value for verdict in Verdict]), help="Criteria of one verdict.")
@click.option("--json", "as_json", is_flag=True, help="The document as it is.")
def verdicts(file: Path | None, only: str | None, *, as_json: bool) -> None:
    """Show what the last run came to, from reports/verdicts.json or another FILE of its kind."""
    rooms = Rooms.here()
    document = load(file or rooms.root / rooms.reports / "verdicts.json")
    if only:
        document["criteria"] = [record for record in document["criteria"] if record["verdict"] == only]
    if as_json:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    show(document)


def load(path: Path) -> dict[str, Any]:
    """Return the document.

    Raises:
        BadInput: there is none, or it is of another version.

    """
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        todo = "judge something first: pytest features/phase1.feature"
        raise BadInput("the verdicts of a run", seen="none", where=str(path), todo=todo) from error
    except (OSError, ValueError) as error:
        raise BadInput("a verdicts.json", seen=str(error), where=str(path)) from error
    if not isinstance(document, dict) or document.get("version") != VERSION:
        seen = document.get("version") if isinstance(document, dict) else type(document).__name__
        raise BadInput(f"version {VERSION} of verdicts.json", seen=str(seen), where=str(path))
    found: dict[str, Any] = document
    return found


def show(document: dict[str, Any]) -> None:
    """Print the criteria, and what was changed."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("verdict", "criterion", "why, and what was done", "took"):
        table.add_column(column, overflow="fold")
    for record in document["criteria"]:
        why = [record["reason"]] if record["reason"] else []
        why += [f"warning: {warning}" for warning in record.get("warnings", [])]
        for remedy in record["remedies"]:
            why.append(f"{remedy['name']}: {remedy['outcome']}{'; ' if remedy['reason'] else ''}{remedy['reason']}")
            why += [f"  {change['verb']} {change['target']}: {change['why']}" for change in remedy["changes"]]
        verdict = Text(record["verdict"], style=_STYLES[record["verdict"]])
        table.add_row(verdict, Text(record["id"]), Text("\n".join(why)), told(record["seconds"]))
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(table)
    for change in (change for remedy in document.get("recovered", []) for change in remedy["changes"]):
        console.print(
            f"before anything was judged: {change['verb']} {change['target']}: {change['why']}", highlight=False
        )
    counts = ", ".join(f"{many} {verdict}" for verdict, many in document["counts"].items())
    changes = f"{document['changes']} change{'' if document['changes'] == 1 else 's'} made"
    cluster, took = document["cluster"]["name"], told(document["seconds"])
    console.print(
        f"run {document['run']} of {document['started']} on {cluster}: {counts}; {changes}, {took}",
        highlight=False,
    )
