"""How much of the time for repairs is left: all repairs of a run together have so long, and then end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from roadworthy.errors import Refused


class Deadline:
    """The time for the repairs of one run; it begins with the first of them.

    Args:
        limit: how long they may take together, seconds.

    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._began: float | None = None

    def start(self) -> None:
        """Begin to count, unless that was done before."""
        self._began = self._began or time.monotonic()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Don't count what goes on in here: nothing of the cluster is touched meanwhile."""
        began = time.monotonic()
        try:
            yield
        finally:
            if self._began is not None:
                self._began += time.monotonic() - began

    def check(self) -> None:
        """Raise Refused when the time is over."""
        if (spent := self._spent()) > self._limit:
            raise Refused(f"repairs end within {self._limit:.0f} s", seen=f"{spent:.0f} s", todo="limits.deadline")

    def wait(self, seconds: float) -> None:
        """Wait so long; raise Refused, without waiting, when less is left."""
        left = self._limit - self._spent()
        if seconds > left:
            raise Refused(
                f"a back-off of {seconds:.0f} s fits into the time for repairs", seen=f"{left:.0f} s are left"
            )
        time.sleep(seconds)

    def _spent(self) -> float:
        return time.monotonic() - (self._began or time.monotonic())
