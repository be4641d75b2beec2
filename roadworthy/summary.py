"""The end of a run on the terminal: what a person does next, root causes first."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadworthy.verdict import Verdict

if TYPE_CHECKING:
    from roadworthy.session import Run

#: Rows of one kind on the terminal; verdicts.json has all.
MOST = 40


def show(terminal: Any, records: list[dict[str, Any]], run: Run, written: Path) -> None:
    """Print the summary."""
    by_verdict: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        by_verdict[record["verdict"]].append(record)
    terminal.section(f"roadworthy: {run.stated.name}", "=")
    _roots(terminal, by_verdict)
    _repaired(terminal, by_verdict[Verdict.CONVERGED.value])
    for verdict in (Verdict.WAIVED, Verdict.NOT_APPLICABLE):
        _list(terminal, verdict, by_verdict[verdict.value])
    if run.plan:
        _planned(terminal, records)
    counts = ", ".join(f"{len(by_verdict[v.value])} {v.value}" for v in Verdict if by_verdict[v.value])
    changes = sum(change["done"] for r in records for remedy in r["remedies"] for change in remedy["changes"])
    terminal.line(f"{len(records)} criteria: {counts}; {changes} change{'' if changes == 1 else 's'} made")
    terminal.line(f"all of it: {_path(written)}")
    for line in _next(records, by_verdict, run):
        terminal.line(line, bold=True)


def told(change: dict[str, Any]) -> str:
    """Return a change in one line."""
    words = f"{change['verb']} {change['target']}: {change['why']}"
    return words if change.get("done", True) else f"not done: {words} ({change.get('detail', '')})"


def plan(content: dict[str, Any]) -> dict[str, Any]:
    """Return plan.json for a verdicts.json: what each failed criterion's remedies would change."""
    planned = [
        {"id": c["id"], "reason": c["reason"], "changes": c["planned"]} for c in content["criteria"] if c["planned"]
    ]
    return {**{key: content[key] for key in ("version", "run", "started", "cluster", "versions")}, "criteria": planned}


def _roots(terminal: Any, by_verdict: dict[str, list[dict[str, Any]]]) -> None:
    """Show each cause once, with what it keeps from being judged."""
    blocked: dict[str, list[str]] = defaultdict(list)
    for record in by_verdict[Verdict.BLOCKED.value]:
        blocked[record["root"]].append(record["id"])
    for verdict in (Verdict.FAILED, Verdict.BROKEN):
        for record in sorted(by_verdict[verdict.value], key=lambda one: -len(blocked[one["id"]])):
            terminal.write(f"{verdict.value} ", red=True, bold=True)
            terminal.line(record["id"])
            terminal.line(f"    {record['reason']}")
            for remedy in record["remedies"]:
                _remedy(terminal, remedy)
            for waiting in _few(blocked.pop(record["id"], [])):
                terminal.line(f"    blocks {waiting}")
            if record["evidence"]:
                terminal.line(f"    evidence: {', '.join(record['evidence'])}")
    for root, waiting in blocked.items():
        if waiting:
            terminal.write("blocked ", red=True, bold=True)
            terminal.line(f"by {root or 'something that it needs'}: {', '.join(_few(waiting))}")


def _repaired(terminal: Any, records: list[dict[str, Any]]) -> None:
    for record in records:
        terminal.write("converged ", green=True, bold=True)
        terminal.line(record["id"])
        terminal.line(f"    was: {record['reason']}")
        for remedy in record["remedies"]:
            _remedy(terminal, remedy)


def _remedy(terminal: Any, remedy: dict[str, Any]) -> None:
    terminal.line(f"    {remedy['name']}: {remedy['outcome']}{': ' if remedy['reason'] else ''}{remedy['reason']}")
    for line in _few([told(change) for change in remedy["changes"]]):
        terminal.line(f"        {line}")


def _planned(terminal: Any, records: list[dict[str, Any]]) -> None:
    for record in records:
        for change in record["planned"]:
            terminal.write("would ", yellow=True, bold=True)
            terminal.line(f"{told(change)}  [{record['id']}]")


def _list(terminal: Any, verdict: Verdict, records: list[dict[str, Any]]) -> None:
    """Show criteria that share a reason together."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for record in records:
        by_reason[record["reason"]].append(record["id"])
    for reason, names in by_reason.items():
        terminal.write(f"{verdict.value} ", yellow=True)
        terminal.line(f"{', '.join(_few(names))}: {reason}")


def _next(records: list[dict[str, Any]], by_verdict: dict[str, list[dict[str, Any]]], run: Run) -> list[str]:
    """Return the next command, if there is anything left to do."""
    failed = by_verdict[Verdict.FAILED.value]
    name = f" --cluster {run.stated.name}" if run.config.getoption("cluster") else ""
    files = " ".join(sorted({record["file"] for record in records}))
    lines = []
    if any(tag.startswith("remedy:") for record in failed for tag in record["tags"]) and not run.remediate:
        lines.append(f"to repair: pytest {files}{name} --remediate")
    elif failed and run.remediate:
        lines.append(f"the remedies did not help: read the evidence in {_path(run.reports / 'evidence')}")
    if by_verdict[Verdict.BROKEN.value]:
        lines.append("broken means that it could not be judged: mend the way to the cluster, then run it again")
    return lines


def _few(lines: list[str]) -> list[str]:
    return lines if len(lines) <= MOST else [*lines[:MOST], f"and {len(lines) - MOST} more"]


def _path(path: Path) -> str:
    return os.path.relpath(path)
