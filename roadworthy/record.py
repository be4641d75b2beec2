"""What a criterion came to, as it is reported: plain data that travels between processes and into verdicts.json."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from roadworthy import redact
from roadworthy.change import Change, Outcome
from roadworthy.criterion import Criterion
from roadworthy.verdict import Verdict


def moment(seconds: float) -> str:
    """Return a time, in seconds since the epoch, as reports show it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


@dataclass
class Record:
    """One entry under ``criteria`` in verdicts.json.

    Attributes:
        reason: why the verdict is what it is; for ``converged`` what had been wrong. Empty for ``passed``.
        step: the Gherkin step that failed last.
        attempts: how often it was judged.
        remedies: what was tried: name, outcome, reason, and ``changes`` (see ``change_data``).
        planned: with ``--plan`` the changes that the remedies would make (see ``rungs.planned_data``).
        unplanned: with ``--plan`` the remedies that would change nothing, each with the reason.
        root: for ``blocked``: the id of the criterion that is the cause.
        evidence: files below the reports folder.
        noted: what steps noted by ``record_property``.
        warnings: what it has to say although it may hold (``notices.warn``).

    """

    id: str
    feature: str
    rule: str
    scenario: str
    tags: list[str]
    file: str
    line: int
    verdict: str = Verdict.BROKEN.value
    reason: str = ""
    step: str = ""
    attempts: int = 0
    remedies: list[dict[str, Any]] = field(default_factory=list)
    planned: list[dict[str, Any]] = field(default_factory=list)
    unplanned: list[dict[str, Any]] = field(default_factory=list)
    root: str = ""
    started: str = ""
    seconds: float = 0.0
    evidence: list[str] = field(default_factory=list)
    noted: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, criterion: Criterion, file: str) -> Record:
        """Begin a record, now."""
        return cls(
            id=criterion.id,
            feature=criterion.feature,
            rule=criterion.rule,
            scenario=criterion.scenario,
            tags=[tag.name for tag in criterion.tags],
            file=file,
            line=criterion.line,
            started=moment(time.time()),
        )

    def data(self) -> dict[str, Any]:
        """Return it as JSON-like data, redacted; what the feature file says is no secret, and stays as it is."""
        found = dataclasses.asdict(self)
        kept = {key: found[key] for key in ("id", "feature", "rule", "scenario", "tags", "file", "root", "evidence")}
        return {**redact.data(found), **kept}

    @property
    def changes(self) -> int:
        """How many changes were made."""
        return sum(change["done"] for remedy in self.remedies for change in remedy["changes"])


def change_data(change: Change) -> dict[str, Any]:
    """Return a Change as JSON-like data; what runs in a container's standard input is left out."""
    action = {key: value for key, value in dataclasses.asdict(change.action).items() if key != "stdin"}
    return {
        "verb": change.verb,
        "target": str(change.target),
        "action": {"kind": type(change.action).__name__, **action},
        "why": change.why,
        "before": change.before,
        "after": change.after,
        "reversible": change.reversible,
        "blast_radius": list(change.blast_radius),
        "component": change.component,
    }


def outcome_data(outcome: Outcome) -> dict[str, Any]:
    """Return what became of a Change as JSON-like data."""
    return {
        **change_data(outcome.change),
        "done": outcome.done,
        "detail": outcome.detail,
        "seconds": round(outcome.seconds, 3),
    }
