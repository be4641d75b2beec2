"""Waiting with a deadline and the last mismatch: driven by the watch where it can be, by jittered polling elsewhere."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from roadworthy import stopping
from roadworthy.cluster.store import Mark, Store
from roadworthy.errors import Denied, Unknown

T = TypeVar("T")

#: Polling: first and longest pause; watching: the longest time between two looks, for the clock matters too. Seconds.
FIRST, LONGEST, LOOK = 0.2, 2.0, 1.0


def until(store: Store, check: Callable[[], T], *, within: float, kinds: Sequence[str] = (), what: str = "") -> T:
    """Return the first result of ``check`` that raises neither AssertionError nor, for a moment, Unknown.

    Raises:
        AssertionError: the last mismatch, with ``what`` and the time waited in front.
        Unknown: the last thing that stood in the way, when that is how it ended; ``Denied`` at once, for it won't heal.
        Abandoned: nobody wants to know any more (``roadworthy.stopping``).

    """
    began = time.monotonic()
    deadline, pause = began + within, FIRST
    while True:
        stopping.check()
        mark = _mark(store, kinds)
        last_look = time.monotonic() >= deadline
        try:
            return check()
        except Denied:
            raise
        except AssertionError as error:
            failure: Exception = error
        except Unknown as error:
            failure = error
        if last_look:
            raise _late(failure, what, time.monotonic() - began) from failure
        left = max(deadline - time.monotonic(), 0.0)
        if mark:
            store.wait(mark, min(LOOK, left))
        else:
            stopping.sleep(min(pause * random.uniform(0.7, 1.3), left))  # noqa: S311 - jitter
            pause = min(pause * 1.6, LONGEST)


def _mark(store: Store, kinds: Sequence[str]) -> Mark:
    """Return the store's mark; empty when the store can't tell at the moment."""
    try:
        return store.mark(kinds)
    except Denied:
        raise
    except Unknown:
        return ()


def _late(failure: Exception, what: str, waited: float) -> Exception:
    """Return the failure with what was waited for in front."""
    if isinstance(failure, AssertionError):
        head = f"{what}: " if what else ""
        return AssertionError(f"{head}still not so after {waited:.1f} s: {failure}")
    return failure
