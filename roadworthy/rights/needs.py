"""What a run needs: of each criterion what judging it asks for, of each remedy what it would read and write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from roadworthy.criterion import Criterion
from roadworthy.errors import BadInput
from roadworthy.profile import Profile
from roadworthy.rights import ways
from roadworthy.rights.right import Right, parse
from roadworthy.rights.survey import Rights, Survey
from roadworthy.rooms import Rooms

Asked = defaultdict[Right, set[str]]

#: What the engine itself does around a Change: the lease, the guards, settling, and the look before the act.
ENGINE = (
    "get,update leases.coordination.k8s.io named roadworthy in kube-system",
    "create leases.coordination.k8s.io in kube-system",
    "list,watch nodes",
    "get,list,watch pods",
    "get namespaces",
    "list,watch poddisruptionbudgets.policy",
    *(f"get,list,watch {kind}.apps" for kind in ("deployments", "statefulsets", "daemonsets", "replicasets")),
)


@dataclass(slots=True)
class Needs:
    """The rights of a whole run: each with what asks for it."""

    judging: Asked = field(default_factory=lambda: defaultdict(set))
    markers: Asked = field(default_factory=lambda: defaultdict(set))
    repairing: Asked = field(default_factory=lambda: defaultdict(set))
    #: Remedies whose rights can't be told, each with the reason.
    untold: dict[str, str] = field(default_factory=dict)


def needs(rooms: Rooms, profile: Profile, criteria: Iterable[Criterion], *, installing: bool = True) -> Needs:
    """Return what judging and repairing these criteria needs; without ``installing``, by what installs nothing."""
    several_of = list(criteria)
    survey, found = Survey(rooms, profile, several_of, installing=installing), Needs()

    def note(kept: Asked, rights: Iterable[Right], by: str) -> None:
        for right in rights:
            kept[right].add(by)

    for criterion in several_of:
        name = criterion.id.partition("[")[0]
        note(found.judging, survey.judging(criterion), name)
        note(found.markers, survey.markers(criterion), name)
        for module, argument in criterion.ladder(rooms.last_remedy):
            tag = f"@remedy:{module}.{argument}" if argument else f"@remedy:{module}"
            try:
                note(found.repairing, survey.remedy(module, argument), tag)
            except BadInput as error:
                found.untold[tag] = error.render()
    if found.repairing:
        note(found.repairing, engine(), "the engine")
    if found.markers:
        note(found.judging, ways.sweeping(), "the sweep of markers")
    return found


def engine() -> Rights:
    """Return what the engine itself needs to repair anything."""
    return frozenset(right for words in ENGINE for right in parse(words))
