"""What remedies may do: limits with their units and careful defaults; a profile overrides them one by one."""

from __future__ import annotations

from dataclasses import dataclass, fields

from roadworthy.errors import BadInput
from roadworthy.profile import Profile

#: A Lease is renewed every third of its life, given up 2 s before its end, and a Change wants 5 s of it. Seconds.
SHORTEST_LEASE = 12.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one cluster.

    Attributes:
        deadline: for all repairs of a run together, seconds.
        attempts: per remedy and target, before it is given up.
        back_off: before the second attempt, seconds; doubled for each further one.
        back_off_most: the longest back-off, seconds.
        cool_down: between two Changes of one target by different remedies, seconds.
        confirm_after: between the two observations that must agree, seconds.
        settle: what a Change is given to take effect, seconds.
        unhealthy_nodes: with a larger share of the nodes not Ready nothing is repaired, fraction of 1.
        changes: in one run.
        blast_radius: objects that feel one Change.
        memory: how long attempts of earlier runs count, seconds.
        flaps: repairs of one criterion that did not last, before it is left alone; a plain pass resets the count.
        flap_window: how long a repair counts as one of these, seconds.
        in_window: repair only while the profile's maintenance window is open.
        lease: how long our Lease lives without being renewed, seconds.

    """

    deadline: float = 1800.0
    attempts: int = 3
    back_off: float = 10.0
    back_off_most: float = 300.0
    cool_down: float = 0.0
    confirm_after: float = 3.0
    settle: float = 180.0
    unhealthy_nodes: float = 0.4
    changes: int = 100
    blast_radius: int = 50
    memory: float = 3600.0
    flaps: int = 5
    flap_window: float = 21600.0
    in_window: bool = False
    lease: float = 30.0


def limits(profile: Profile) -> Limits:
    """Return the limits of a profile.

    Raises:
        BadInput: a limit that there isn't, or that isn't a number, or a lease too short to do anything.

    """
    known: dict[str, type[float | int]] = {each.name: type(getattr(Limits(), each.name)) for each in fields(Limits)}
    chosen: dict[str, float | int] = {}
    for name, value in profile.limits.items():
        if name not in known:
            raise BadInput(
                "a known limit", seen=name, where=f"{profile.where}: limits", todo=f"one of {', '.join(known)}"
            )
        flag = known[name] is bool
        if not isinstance(value, int | float) or isinstance(value, bool) != flag or value < 0:
            raise BadInput(f"limits.{name} is a {known[name].__name__}", seen=repr(value), where=profile.where)
        chosen[name] = known[name](value)
    if chosen.get("lease", SHORTEST_LEASE) < SHORTEST_LEASE:
        seen = f"{chosen['lease']:.0f} s: no Change could be begun"
        raise BadInput(f"limits.lease is at least {SHORTEST_LEASE:.0f}s", seen=seen, where=profile.where)
    return Limits(**chosen)  # type: ignore[arg-type]
