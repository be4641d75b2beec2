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


class Summary:
    """What is told at the end.

    Args:
        terminal: pytest's terminal reporter.
        records: as in verdicts.json.
        shown: id -> what is told about a failure: reason, step, evidence, a traceback where it helps.
        run: the run.

    """

    def __init__(self, terminal: Any, records: list[dict[str, Any]], shown: dict[str, str], run: Run) -> None:
        self._terminal, self._records, self._shown, self._run = terminal, records, shown, run
        self._by: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for record in records:
            self._by[record["verdict"]].append(record)

    def show(self, written: Path, recovered: list[dict[str, Any]]) -> None:
        """Print it; ``written`` is where all of it is, ``recovered`` what was put right before anything was judged."""
        self._terminal.section(f"roadworthy: {self._run.stated.name}", "=")
        if recovered:
            self._head("recovered", "what a dead run had left half-done", green=True, bold=True)
            self._remedies(recovered)
        self._roots()
        for record in self._by[Verdict.CONVERGED.value]:
            self._head("converged", record["id"], green=True, bold=True)
            self._line(f"    was: {record['reason']}")
            self._remedies(record["remedies"])
        for verdict in (Verdict.WAIVED, Verdict.NOT_APPLICABLE):
            self._by_reason(verdict.value)
        for record in self._records:
            for warning in record["warnings"]:
                self._head("warning", f"{record['id']}: {warning}", yellow=True)
        if self._run.plan:
            self._plan()
        self._last(written, recovered)

    def _plan(self) -> None:
        from roadworthy import plan_file, review, terminal

        self._terminal.section("plan", "-")
        criteria = plan_file.criteria_of(self._records)
        colour, width = self._terminal._tw.hasmarkup, self._terminal._tw.fullwidth  # noqa: SLF001 - has no other name
        for line in terminal.lines(lambda console: review.show(console, criteria), colour=colour, width=width):
            self._terminal.write_line(line)

    def _roots(self) -> None:
        """Show each cause once, with what it keeps from being judged."""
        blocked: dict[str, list[str]] = defaultdict(list)
        for record in self._by[Verdict.BLOCKED.value]:
            blocked[record["root"]].append(record["id"])
        for verdict in (Verdict.FAILED.value, Verdict.BROKEN.value):
            for record in sorted(self._by[verdict], key=lambda one: -len(blocked[one["id"]])):
                self._head(verdict, record["id"], red=True, bold=True)
                for line in (self._shown.get(record["id"]) or record["reason"]).splitlines():
                    self._line(f"    {line}")
                self._remedies(record["remedies"])
                for waiting in few(blocked.pop(record["id"], [])):
                    self._line(f"    blocks {waiting}")
        for root, names in blocked.items():
            if names:
                self._head("blocked", f"by {root or 'something that it needs'}: {', '.join(few(names))}", red=True)

    def _remedies(self, remedies: list[dict[str, Any]]) -> None:
        idle = [remedy for remedy in remedies if not remedy["changes"] and not remedy["reason"]]
        if idle:
            self._line(f"    {idle[0]['outcome']}: {', '.join(remedy['name'] for remedy in idle)}")
        for remedy in (one for one in remedies if one not in idle):
            self._line(f"    {remedy['name']}: {remedy['outcome']}{': ' if remedy['reason'] else ''}{remedy['reason']}")
            for line in few([told(change) for change in remedy["changes"]]):
                self._line(f"        {line}")

    def _by_reason(self, verdict: str) -> None:
        """Show criteria that share a reason together."""
        by_reason: dict[str, list[str]] = defaultdict(list)
        for record in self._by[verdict]:
            by_reason[record["reason"]].append(record["id"])
        for reason, names in by_reason.items():
            self._head(verdict, f"{', '.join(few(names))}: {reason}", yellow=True)

    def _last(self, written: Path, recovered: list[dict[str, Any]]) -> None:
        counts = ", ".join(f"{len(self._by[v.value])} {v.value}" for v in Verdict if self._by[v.value])
        remedies = [*recovered, *(remedy for record in self._records for remedy in record["remedies"])]
        changes = [change for remedy in remedies for change in remedy["changes"]]
        made = sum(change["done"] for change in changes)
        many = len(self._records)
        self._line(
            f"{many} criteri{'on' if many == 1 else 'a'}: {counts}; {made} change{'' if made == 1 else 's'} made"
        )
        self._line(f"all of it: {os.path.relpath(written)}")
        for line in self._next():
            self._terminal.line(line, bold=True)

    def _next(self) -> list[str]:
        """Return what to do next, if there is anything left to do."""
        failed, run, lines = self._by[Verdict.FAILED.value], self._run, []
        cluster = run.config.getoption("cluster")
        folder = run.config.getoption("profile_dir")
        cluster = f"{cluster} --profile-dir {folder}" if cluster and folder else cluster
        command = " ".join(
            ["pytest", *sorted({r["file"] for r in self._records}), *(["--cluster", cluster] if cluster else [])]
        )
        if any(tag.startswith("remedy:") for record in failed for tag in record["tags"]) and not run.remediate:
            if run.plan:
                path = os.path.relpath(run.reports / "plan.json")
                lines.append(f"to do this and nothing else: {command} --remediate --from-plan {path}")
            else:
                lines += [f"to see what would help: {command} --plan", f"to repair: {command} --remediate"]
        elif failed and run.remediate:
            lines.append(f"the remedies did not help: read the evidence in {os.path.relpath(run.reports / 'evidence')}")
        if self._by[Verdict.BROKEN.value]:
            lines.append("broken means that it could not be judged: mend the way to the cluster, then run it again")
        return lines

    def _head(self, word: str, line: str, **markup: bool) -> None:
        self._terminal.write(f"{word} ", **markup)
        self._line(line)

    def _line(self, line: str) -> None:
        self._terminal.line(line)


def words(change: dict[str, Any]) -> str:
    """Return what a change is, in one line."""
    return f"{change['verb']} {change['target']}: {change['why']}"


def told(change: dict[str, Any]) -> str:
    """Return what became of a change, in one line."""
    return words(change) if change["done"] else f"not done: {words(change)} ({change['detail']})"


def few(lines: list[str]) -> list[str]:
    """Return the first of many lines, and how many there are more."""
    return lines if len(lines) <= MOST else [*lines[:MOST], f"and {len(lines) - MOST} more"]
