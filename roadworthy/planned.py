"""A Change that was planned and not made: what a reviewer sees of it, and how it is known again later."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from roadworthy import redact
from roadworthy.change import Change, HelmUpgrade, Outcome, Target
from roadworthy.record import change_data

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


def object_name(target: Target) -> str:
    """Return how fingerprints call a target: with its API group and version, where those must be said."""
    return f"{target.api_version}/{target}" if target.api_version else str(target)
