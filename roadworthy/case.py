"""What a remedy is handed, and the shape that it has.

    def remedy(case: Case) -> Iterator[Change]:      # remediation/<name>.py; the file's name is the tag's
        for pod in stuck.pods(case.cluster):
            yield Change("delete", Target("Pod", …), Delete(grace_seconds=0), why=f"stuck since …")

A remedy only reads (through probes) and yields. ``outcome = yield change`` gives what became of it. Yielding
nothing means that there is nothing it could do, and the engine goes on to the next rung.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from roadworthy.change import Change, Outcome

if TYPE_CHECKING:
    from roadworthy.cluster.facade import Cluster

Changes = Generator[Change, Outcome | None, None]


@dataclass(frozen=True, slots=True)
class Case:
    """One failed criterion, on its way to be repaired.

    Attributes:
        cluster: the live cluster; a remedy must only read from it.
        criterion: the criterion's id, e.g. ``phase1/loki-is-ready[node-3]``.
        message: why it failed.
        argument: what stands behind the dot in ``@remedy:install.loki``; empty otherwise.
        parameters: the Examples row of the scenario (``{"node": "node-3"}``); empty otherwise.
        since: ``time.monotonic`` when it was first seen failing in this run, where that was before its turn.

    """

    cluster: Cluster
    criterion: str
    message: str
    argument: str
    parameters: dict[str, str]
    since: float | None = None


class Remedy(Protocol):
    """A module in ``remediation/`` has a function ``remedy`` of this shape."""

    def __call__(self, case: Case, /) -> Changes:
        """Yield the Changes that repair the case, one at a time."""
        ...
