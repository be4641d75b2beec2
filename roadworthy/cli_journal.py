"""``roadworthy journal``: what was done to a cluster, by whom, why, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roadworthy.rooms import Rooms

if TYPE_CHECKING:
    from rich.text import Text

#: How often ``tail --follow`` looks. Seconds.
_POLL = 0.5
_STYLES = {"done": "green", "undone": "yellow", "refused": "yellow", "abandoned": "red", "failed": "red"}
_ENDS = {"refused": "refused", "pass": "passed"}
_STYLES |= {
    "converged": "green",
    "unknown": "red",
    "no result": "red",
    "under way": "cyan",
    "passed": "green",
    "mended": "yellow",
}

_cluster = click.option("--cluster", default="sandbox", show_default=True, metavar="NAME", help="Whose journal.")
_reports = click.option("--reports", type=click.Path(path_type=Path), help="The reports folder.  [default: reports]")
Command = Callable[..., Any]


@click.group()
def journal() -> None:
    """Show or verify the journal: every change of a cluster, before and after it was made."""


def _at(cluster: str, reports: Path | None) -> Path:
    rooms = Rooms.here()
    path = (reports or rooms.root / rooms.reports) / "journal" / f"{cluster}.jsonl"
    if not path.exists():
        raise click.ClickException(f"{path}: no journal: nothing was ever repaired on {cluster} from here")
    return path


@journal.command()
@_cluster
@_reports
@click.option("--all", "everything", is_flag=True, help="Every entry, not the last run's with changes only.")
@click.option("--run", "of_run", default="", metavar="ID", help="Only what this run did.")
def show(cluster: str, reports: Path | None, of_run: str, *, everything: bool) -> None:
    """Show what was changed: each intent with what became of it, what was abandoned, taken back or refused."""
    from roadworthy import terminal

    path = _at(cluster, reports)
    rows = list(told(_entries(path)))
    run = of_run or ("" if everything or not rows else rows[-1]["run"])
    shown = [row for row in rows if run in ("", row["run"])]
    console = terminal.console()
    console.print(_table(shown))
    left = len(rows) - len(shown)
    console.print(
        f"{len(shown)} of {len(rows)} rows{'; the others: --all' if left else ''}; the chain is whole: {path}"
    )


@journal.command()
@_cluster
@_reports
def verify(cluster: str, reports: Path | None) -> None:
    """Check the hash chain; ends with 1 at the first line that was changed, removed or put in."""
    path = _at(cluster, reports)
    click.echo(f"{path}: {sum(1 for _ in _entries(path))} entries, the chain is whole")


@journal.command()
@_cluster
@_reports
@click.option("-n", "--lines", default=10, show_default=True, help="How many entries.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on.")
def tail(cluster: str, reports: Path | None, lines: int, *, follow: bool) -> None:
    """Show the last entries, one line each."""
    path = _at(cluster, reports)
    entries = list(_entries(path))
    for entry in entries[-lines:] if lines else []:
        click.echo(line(entry))
    seen = len(entries)
    while follow:
        time.sleep(_POLL)
        for entry in list(_entries(path))[seen:]:
            click.echo(line(entry))
            seen += 1


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    from roadworthy.converge import journal as journals

    return journals.read(path)


def told(entries: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield a row per thing that happened: an intent together with its result, anything else as it is."""
    from roadworthy import process

    rows: dict[int, dict[str, Any]] = {}
    for entry in entries:
        kind, row = entry["kind"], rows.get(int(entry.get("intent", 0)))
        if kind in {"result", "undone", "abandoned"} and row is not None:
            row["became"] = entry.get("became", kind)
            row["detail"] = entry.get("detail") or (f"found by run {entry['run']}" if kind == "abandoned" else "")
            row["seconds"] = entry.get("seconds")
            continue
        rows[entry["number"]] = {
            **entry,
            "became": _ENDS.get(kind, kind) if not entry.get("repaired") else "converged",
            "detail": "",
        }
        if kind in {"intent", "undo"}:
            rows[entry["number"]]["became"] = "no result" if process.dead(entry["process"]) else "under way"
    yield from rows.values()


def line(entry: dict[str, Any]) -> str:
    """Return one entry as one line."""
    what = " ".join(str(entry[key]) for key in ("remedy", "verb", "target") if entry.get(key))
    refers = f"of {entry['intent']}" if "intent" in entry else ""
    about = entry.get("became") or entry.get("criterion") or ""
    words = [f"{entry['number']:>5}", entry["time"][:19], f"{entry['kind']:9}", refers, what, about]
    why = " ".join(str(entry.get("detail") or entry.get("why") or "").split())
    return " ".join(filter(None, words)) + (f": {why[:200]}" if why else "")


def _table(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column, whole in (("#", True), ("time (UTC)", True), ("what", False), ("became", True), ("why and how", False)):
        table.add_column(column, no_wrap=whole, overflow="fold")
    run = ""
    for row in rows:
        if row["run"] != run:
            run = row["run"]
            table.add_row("", "", f"run {run}", "", "", style="dim")
        table.add_row(str(row["number"]), row["time"][:19].replace("T", " "), _what(row), _became(row), _why(row))
    return table


def _what(row: dict[str, Any]) -> str:
    words = {"pass": f"criterion {row.get('criterion')}", "mended": "a line that a killed run left torn was cut off"}
    change = " ".join(str(row[key]) for key in ("verb", "target") if row.get(key))
    undo = "take back: " if row["kind"] == "undo" else ""
    remedy = f"  (@remedy:{row['remedy']})" if row.get("remedy") else ""
    return words.get(row["kind"]) or f"{undo}{change}{remedy}"


def _became(row: dict[str, Any]) -> Text:
    from rich.text import Text

    took = f" in {row['seconds']:.1f} s" if row.get("seconds") else ""
    return Text(f"{row['became']}{took}", style=_STYLES.get(row["became"], ""))


def _why(row: dict[str, Any]) -> str:
    return "\n".join(filter(None, [str(row.get("why", "")), f"-> {row['detail']}" if row["detail"] else ""]))
