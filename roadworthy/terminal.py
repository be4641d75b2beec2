"""One sort of console for every command: colours on a terminal, plain and wide into a file or a pager."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

import pytest
from rich.console import Console

from roadworthy import redact

#: Into a file: as wide as it is read best.
WIDE = 160
#: Lines are told one at a time: the engine tells of its changes while patience tells of the time.
_telling = threading.Lock()


def console() -> Console:
    """Return the console of a command."""
    found = Console(highlight=False, markup=False, emoji=False)
    return found if found.is_terminal else Console(width=WIDE, highlight=False, markup=False, emoji=False)


def lines(draw: Callable[[Console], None], *, colour: bool, width: int) -> list[str]:
    """Return what is drawn on a console, line by line, to be written by somebody else (pytest's reporter)."""
    held = io.StringIO()
    draw(Console(file=held, force_terminal=colour, width=width, highlight=False, markup=False, emoji=False))
    return [line.rstrip() for line in held.getvalue().splitlines()]


def tell(config: pytest.Config, line: str) -> None:
    """Show a line, redacted, while pytest runs; a worker of xdist has no terminal."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is not None and capture is not None and config.get_verbosity() >= 0:
        with _telling, capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            if reporter._tw.width_of_current_line:  # noqa: SLF001 - with -n pytest doesn't know of its own dots
                reporter.write("\n")
            reporter.write_line(redact.text(line))
