"""Who removes what a killed run left for good outside the API: one sweeper per component."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roadworthy.cluster.facade import Cluster

Sweeper = Callable[["Cluster"], None]
#: By component.
SWEEPERS: dict[str, Sweeper] = {}


def sweeper(component: str) -> Callable[[Sweeper], Sweeper]:
    """Register a function that removes leftovers outside the API: what scenarios that use a component put there.

    It is called at the start of a run that has such a scenario, and of no other: only then are its rights there.
    """

    def register(function: Sweeper) -> Sweeper:
        SWEEPERS[component] = function
        return function

    return register
