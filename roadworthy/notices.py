"""What a criterion has to say although it holds: its warnings, in verdicts.json and at the end of the run.

Python's own warnings would not do: they belong to a process, and several criteria are judged at once.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from roadworthy import redact

_kept: ContextVar[list[str] | None] = ContextVar("kept", default=None)


def warn(told: str) -> None:
    """Add a warning to the criterion that is judged here; outside of one it is a warning of Python's."""
    kept, told = _kept.get(), redact.text(told)
    if kept is None:
        warnings.warn(told, UserWarning, stacklevel=2)
    elif told not in kept:
        kept.append(told)


@contextmanager
def kept() -> Iterator[list[str]]:
    """Collect the warnings of one attempt."""
    told: list[str] = []
    token = _kept.set(told)
    try:
        yield told
    finally:
        _kept.reset(token)
