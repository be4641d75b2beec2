"""A Change that was planned and not made: what a reviewer sees of it, and how it is known again later."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from roadworthy import redact
from roadworthy.change import Change, HelmUpgrade, Outcome, Target
from roadworthy.record import change_data, outcome_data

if TYPE_CHECKING:
    from roadworthy.converge.records import RemedyReport

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
#: What of an action is another at each look: the version that it locks, and where files lie on this machine.
_FLEETING = {"resource_version", "values", "chart"}
_SECRET_PARTS = ("data", "stringData")


@dataclass(frozen=True, slots=True)
class Planned(Outcome):
    """The outcome of a rehearsal.

    Attributes:
        diff: what would be altered, as a unified diff, redacted; or why that can't be told.
        stopped_by: which guard would stop it, redacted; empty when none would.
        fingerprint: object -> its version now (see ``converge.fingerprint``): what a later run is held against.

    """

    diff: str = ""
    stopped_by: str = ""
    fingerprint: Mapping[str, str] = field(default_factory=dict)


def identity(change: Change) -> str:
    """Return what names a Change for good: the same intent at another time is the same, another intent isn't.

    Times, resource versions and what is secret don't count; a release's content does, by its digest.
    """
    action = {
        key: value
        for key, value in action_data(change).items()
        if not (key in _FLEETING and (key == "resource_version" or isinstance(change.action, HelmUpgrade)))
    }
    target = change.target
    what = [change.verb, str(target), target.uid, target.api_version, action]
    plain = json.dumps(what, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(_TIME.sub("<time>", plain).encode()).hexdigest()[:32]


def action_data(change: Change) -> dict[str, Any]:
    """Return a Change's action as JSON-like data without a secret in it."""
    action: dict[str, Any] = change_data(change)["action"]
    if change.target.kind == "Secret" and isinstance(body := action.get("body"), Mapping):
        struck = {
            key: dict.fromkeys(body[key], redact.STRUCK) for key in _SECRET_PARTS if isinstance(body.get(key), dict)
        }
        action = {**action, "body": {**body, **struck}}
    plain: dict[str, Any] = redact.data(json.loads(json.dumps(action, default=str)))
    return plain


def planned_data(remedy: str, outcome: Outcome) -> dict[str, Any]:
    """Return an entry of plan.json: who would do what, how it would look, and how it is known again.

    Args:
        remedy: as its tag names it: ``install.loki``.
        outcome: of the rehearsal.

    """
    shown = outcome if isinstance(outcome, Planned) else Planned(outcome.change, done=False, diff=outcome.detail)
    return {
        **outcome_data(shown),
        "remedy": remedy,
        "action": action_data(shown.change),
        "target_uid": shown.change.target.uid,
        "diff": shown.diff,
        "stopped_by": shown.stopped_by,
        "fingerprint": dict(shown.fingerprint),
        "identity": identity(shown.change),
    }


def planned(rungs: Iterable[RemedyReport]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what a ladder would change, and the remedies that would change nothing, each with the reason."""
    named = [(f"{rung.name}.{rung.argument}" if rung.argument else rung.name, rung) for rung in rungs]
    changes = [planned_data(name, outcome) for name, rung in named for outcome in rung.changes]
    without = [{"remedy": name, "reason": rung.error} for name, rung in named if rung.error or not rung.changes]
    return changes, without


def object_name(target: Target) -> str:
    """Return how fingerprints call a target: with its API group and version, where those must be said."""
    return f"{target.api_version}/{target}" if target.api_version else str(target)
