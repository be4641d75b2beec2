"""A plan as a code review: per criterion and remedy what would change, where, how far it reaches, and what stops it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

#: Lines of one diff on the terminal; plan.json has all of it.
MOST_LINES = 60
#: Objects that are named where a change reaches many.
MOST_OBJECTS = 8


def show(console: Console, criteria: list[dict[str, Any]]) -> None:
    """Print what each failed criterion's remedies would do; ``criteria`` as in plan.json."""
    for criterion in criteria:
        console.print(_criterion(criterion))
    changes = [change for one in criteria for change in one["changes"]]
    stopped = sum(bool(change["stopped_by"]) for change in changes)
    words = f"{_many(len(changes), 'change')} for {_many(len(criteria), 'criterion', 'criteria')}"
    notes = [f"{sum(not change['reversible'] for change in changes)} can't be taken back"]
    notes += [f"{stopped} would be stopped by a guard"] if stopped else []
    console.print(Text(f"{words}; {', '.join(notes)}; nothing was changed" if changes else "nothing would be changed"))


def _criterion(criterion: dict[str, Any]) -> RenderableType:
    head = Text.assemble((criterion["id"], "bold"), f"  {criterion['reason']}")
    rungs = [(name, list(changes)) for name, changes in groupby(criterion["changes"], lambda one: one["remedy"])]
    parts: list[RenderableType] = [Rule(style="dim"), head]
    for number, (name, changes) in enumerate(rungs, 1):
        after = "" if number == 1 else "   only if what stands above doesn't help"
        parts.append(Text.assemble(f"  {number}. ", (f"@remedy:{name}", "cyan"), (after, "dim")))
        parts += [Padding(_change(change), (0, 0, 1, 5)) for change in changes]
    for one in criterion["without"]:
        reason = one["reason"] or "finds nothing to do"
        parts.append(Text.assemble("  -  ", (f"@remedy:{one['remedy']}", "cyan"), (f"   {reason}", "dim")))
    return Group(*parts)


def _change(change: dict[str, Any]) -> RenderableType:
    what = f"{change['verb']} {change['target']}"
    head = Text.assemble(("would ", "yellow bold"), (what, "bold"), f": {change['why']}")
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _facts(change):
        facts.add_row(name, value)
    return Group(head, facts, *_diff(change["diff"]))


def _facts(change: dict[str, Any]) -> Iterator[tuple[str, RenderableType]]:
    yield "what", change["action"]["kind"] + (f" of component {change['component']}" if change.get("component") else "")
    if not change["diff"]:
        yield "before", _short(change["before"])
        yield "after", _short(change["after"])
    yield "reversible", "yes" if change["reversible"] else Text("no", style="yellow")
    felt = list(dict.fromkeys([change["target"], *change["blast_radius"]]))
    more = f" and {len(felt) - MOST_OBJECTS} more" if len(felt) > MOST_OBJECTS else ""
    yield "reaches", f"{_many(len(felt), 'object')}: {', '.join(felt[:MOST_OBJECTS])}{more}"
    stop = change["stopped_by"]
    yield (
        "guards",
        Text(f"would be stopped: {stop}", style="red") if stop else Text("none would stop it", style="green"),
    )


def _diff(diff: str) -> Iterator[RenderableType]:
    lines = diff.splitlines()
    for line in lines[:MOST_LINES]:
        style = "bold" if line.startswith(("+++", "---")) else {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        yield Padding(Text(line, style=style, overflow="fold"), (0, 0, 0, 2))
    if len(lines) > MOST_LINES:
        yield Text(f"  … {len(lines) - MOST_LINES} more lines in plan.json", style="dim")


def _short(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _many(count: int, one: str, several: str = "") -> str:
    return f"{count} {one if count == 1 else several or f'{one}s'}"
