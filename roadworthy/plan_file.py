"""reports/plan.json: what ``--plan`` saves, and what ``--remediate --from-plan`` holds itself to.

A run from a plan asks the remedies again and lets through exactly the Changes that the plan has, known by their
``identity``; it takes no instruction from the file. So a plan needs no secret in it, and one that was edited can only
make a run do less.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadworthy import document
from roadworthy.case import Case, Changes, Remedy
from roadworthy.errors import BadInput, Refused
from roadworthy.planned import identity
from roadworthy.profile import Profile

if TYPE_CHECKING:
    from roadworthy.cluster.live import LiveCluster

#: Raised when something is removed or means something else; a plan of another version is refused.
VERSION = 1
SCHEMA = Path(__file__).resolve().parent.parent / "reports" / "plan.schema.json"
_AGAIN = "look again: --plan, read it, then --from-plan"


def content_of(verdicts: dict[str, Any]) -> dict[str, Any]:
    """Return plan.json for a verdicts.json: per failed criterion the Changes that its remedies would make."""
    kept = {key: verdicts[key] for key in ("run", "started", "cluster", "versions")}
    return {"version": VERSION, **kept, "criteria": criteria_of(verdicts["criteria"])}


def criteria_of(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what plan.json says about criteria, of their records in verdicts.json."""
    keys = ("id", "file", "line", "reason")
    return [
        {**{key: one[key] for key in keys}, "changes": one["planned"], "without": one["unplanned"]}
        for one in records
        if one["planned"] or one["unplanned"]
    ]


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan that somebody has read and wants done."""

    path: Path
    content: dict[str, Any]

    @property
    def criteria(self) -> frozenset[str]:
        """The ids of the criteria that it has Changes for."""
        return frozenset(one["id"] for one in self.content["criteria"] if one["changes"])

    def changes(self, criterion: str = "") -> Iterator[dict[str, Any]]:
        """Yield its Changes, of one criterion or of all, in order."""
        for one in self.content["criteria"]:
            yield from one["changes"] if criterion in ("", one["id"]) else ()

    def fits(self, profile: Profile) -> None:
        """Refuse a plan that was made for another cluster than the profile's.

        Raises:
            BadInput: it was.

        """
        for key, mine in (("name", profile.name), ("kube_system_uid", profile.kube_system_uid)):
            seen = self.content["cluster"][key]
            if mine and seen != mine:
                expected = f"a plan for cluster {profile.name}, {key} {mine}" if key != "name" else f"a plan for {mine}"
                raise BadInput(
                    expected, seen=f"one for {seen}", where=str(self.path), todo="choose the right --cluster"
                )

    def unchanged(self, cluster: LiveCluster) -> None:
        """Refuse when an object that the plan concerns isn't as it was.

        Raises:
            BadInput: which of them, in one line.

        """
        from roadworthy.converge import fingerprint

        wanted: dict[str, str] = {}
        for change in self.changes():
            wanted = {**change["fingerprint"], **wanted}
        if found := fingerprint.changed(cluster, wanted):
            seen = f"{found[0]}{f' (and {len(found) - 1} more)' if len(found) > 1 else ''}"
            expected = f"the cluster is as it was when the plan was made ({self.content['started']})"
            raise BadInput(expected, seen=seen, where=str(self.path), todo=_AGAIN)

    def ladder(self, criterion: str, rungs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return those of a criterion's rungs that the plan has Changes of."""
        named = {change["remedy"] for change in self.changes(criterion)}
        return [rung for rung in rungs if _tag(*rung) in named]

    def followed(self, name: str, remedy: Remedy) -> Remedy:
        """Return the remedy, held to the plan: it ends, Refused, with the first Change that the plan doesn't have."""

        def held(case: Case) -> Changes:
            tag = _tag(name, case.argument)
            left = [each["identity"] for each in self.changes(case.criterion) if each["remedy"] == tag]
            asked, outcome = remedy(case), None
            while True:
                try:
                    change = asked.send(outcome)
                except StopIteration:
                    return
                known = identity(change)
                if known not in left:
                    asked.close()
                    raise _not_planned(f"{change.verb} {change.target} ({change.why})", self.path)
                left.remove(known)
                outcome = yield change

        return held


def load(path: Path) -> PlanFile:
    """Read a plan.

    Raises:
        BadInput: it can't be read, is of another version or breaks the schema; the message names file and line.

    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("a plan that can be read", seen=str(error), where=str(path), todo="make one: --plan") from error
    except json.JSONDecodeError as error:
        raise BadInput("a plan in JSON", seen=error.msg, where=f"{path}:{error.lineno}", todo=_AGAIN) from error
    version = content.get("version") if isinstance(content, dict) else None
    if isinstance(version, int) and version != VERSION:
        where = document.read(path).at("version")
        raise BadInput(f"a plan of version {VERSION}", seen=f"version {version}", where=where, todo=_AGAIN)
    if not document.valid(content, SCHEMA):
        document.check(dataclasses.replace(document.read(path), content=content), SCHEMA)
    return PlanFile(path, content)


def _tag(name: str, argument: str) -> str:
    return f"{name}.{argument}" if argument else name


def _not_planned(what: str, path: Path) -> Refused:
    from roadworthy.converge.records import Stopped

    return Stopped("a remedy asks for what was planned, and nothing else", seen=what, where=str(path), todo=_AGAIN)
