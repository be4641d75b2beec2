"""A judgement that nobody wants any more ends at its next wait, and clears its markers away as if it had failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asked: ContextVar[threading.Event | None] = ContextVar("asked", default=None)


class Abandoned(BaseException):
    """Raised by ``check`` and ``sleep``; no step catches it, and no verdict is made of it."""


@contextmanager
def by(event: threading.Event | None) -> Iterator[None]:
    """Let this thread's waits end when the event is set; with None (clearing up) they don't."""
    token = _asked.set(event)
    try:
        yield
    finally:
        _asked.reset(token)


def check() -> None:
    """Raise Abandoned when what is going on is no longer wanted."""
    event = _asked.get()
    if event is not None and event.is_set():
        raise Abandoned


def sleep(seconds: float) -> None:
    """Sleep, or raise Abandoned as soon as it is no longer wanted."""
    event = _asked.get()
    if event is None:
        time.sleep(seconds)
    elif event.wait(seconds):
        raise Abandoned
