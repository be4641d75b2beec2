"""How much of the time for repairs is left: all repairs of a run together have so long, and then end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from roadworthy.converge.spent import Spent
from roadworthy.errors import Refused


class Deadline:
    """The time for the repairs of one run; it begins with the first of them.

    Args:
        limit: how long they may take together, seconds.
        spent: when they began.

    """

    def __init__(self, limit: float, spent: Spent) -> None:
        self._limit, self._spent = limit, spent

    def start(self) -> None:
        """Begin to count, unless that was done before."""
        with self._spent.counted() as used:
            used.began = used.began or time.monotonic()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Don't count what goes on in here: nothing of the cluster is touched meanwhile."""
        began = time.monotonic()
        try:
            yield
        finally:
            with self._spent.counted() as used:
                if used.began:
                    used.began += time.monotonic() - began

    def check(self) -> None:
        """Raise Refused when the time is over."""
        if (spent := self._seconds()) > self._limit:
            raise Refused(f"repairs end within {self._limit:.0f} s", seen=f"{spent:.0f} s", todo="limits.deadline")

    def wait(self, seconds: float) -> None:
        """Wait so long; raise Refused, without waiting, when less is left."""
        left = self._limit - self._seconds()
        if seconds > left:
            raise Refused(
                f"a back-off of {seconds:.0f} s fits into the time for repairs", seen=f"{left:.0f} s are left"
            )
        time.sleep(seconds)

    def _seconds(self) -> float:
        with self._spent.counted() as used:
            return time.monotonic() - used.began if used.began else 0.0
