"""The API server's clock, learned from its Date headers, so that ages don't depend on ours."""

from __future__ import annotations

import threading
import time
from email.utils import parsedate_to_datetime


class ServerClock:
    """The difference between the server's wall clock and our monotonic one, narrowed by every answer.

    A Date header says that at some moment between sending and receiving the server's time was within one second of it.
    Each answer bounds the difference from both sides; bounds that contradict (a clock was set) start anew.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._low, self._high = float("-inf"), float("inf")

    def learn(self, date: str, sent: float, received: float) -> None:
        """Take in one answer: its Date header and our monotonic clock before and after."""
        try:
            stamp = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError):
            return
        low, high = stamp - received, stamp + 1 - sent
        with self._lock:
            if low > self._high or high < self._low:
                self._low, self._high = low, high
            else:
                self._low, self._high = max(low, self._low), min(high, self._high)

    @property
    def known(self) -> bool:
        """Whether any answer told the time."""
        return self._low != float("-inf")

    def now(self) -> float:
        """Return the server's time in seconds since the epoch; ours while no answer told it."""
        with self._lock:
            return time.monotonic() + (self._low + self._high) / 2 if self.known else time.time()
