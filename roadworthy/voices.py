"""What a criterion prints and logs while it is judged in a thread of its own is told with it, and nowhere else.

pytest catches the output of a process, for whichever test is running; between two tests it would reach the terminal as
it is, with no secret struck out.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

import pytest

_kept: ContextVar[dict[str, io.StringIO] | None] = ContextVar("kept", default=None)
_NAMES = ("stdout", "stderr")


@contextmanager
def kept() -> Iterator[dict[str, io.StringIO]]:
    """Collect what this thread prints and logs; only within ``told_apart``."""
    heard = {name: io.StringIO() for name in (*_NAMES, "log")}
    token = _kept.set(heard)
    try:
        yield heard
    finally:
        _kept.reset(token)


@contextmanager
def told_apart(config: pytest.Config) -> Iterator[None]:
    """Keep the output of threads that collect theirs away from pytest's, however that captures."""
    logs: Any = config.pluginmanager.get_plugin("logging-plugin")
    catching: Any = config.pluginmanager.get_plugin("capturemanager")
    with ExitStack() as undo:
        handler = _Log()
        logging.getLogger().addHandler(handler)
        undo.callback(logging.getLogger().removeHandler, handler)
        for caught in [logs.caplog_handler, logs.report_handler] if logs else []:
            caught.addFilter(_is_nobodys)
            undo.callback(caught.removeFilter, _is_nobodys)
        # The streams that pytest puts in sys.stdout while a test runs, and those that it puts back in between.
        capturing = catching._global_capturing if catching else None  # noqa: SLF001 - has no other name
        for name in _NAMES if config.getoption("capture") != "no" else ():  # -s: whoever prints is heard at once
            caught = getattr(capturing, name.removeprefix("std"), None)
            caught = getattr(caught, "syscapture", caught)
            for place, key in [(caught, "tmpfile"), (caught, "_old"), (sys, name)]:
                if (stream := getattr(place, key, None)) is not None:
                    setattr(place, key, _Stream(stream, name))
                    undo.callback(setattr, place, key, stream)
        yield


class _Stream:
    """A stream that hands what a collecting thread writes to that thread's collection."""

    def __init__(self, real: Any, name: str) -> None:
        self._real, self._name = real, name

    def write(self, text: str) -> int:
        heard = _kept.get()
        written: int = (self._real if heard is None else heard[self._name]).write(text)
        return written

    def writelines(self, lines: list[str]) -> None:
        self.write("".join(lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Log(logging.Handler):
    """Takes what collecting threads log; with it there, nothing is printed for want of a handler."""

    def emit(self, record: logging.LogRecord) -> None:
        heard = _kept.get()
        if heard is not None and record.levelno >= logging.WARNING:
            heard["log"].write(f"{record.levelname} {record.name}: {record.getMessage()}\n")


def _is_nobodys(record: logging.LogRecord) -> bool:
    del record
    return _kept.get() is None
