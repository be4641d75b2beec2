"""One sort of console for every command: colours on a terminal, plain and wide into a file or a pager."""

from __future__ import annotations

import io
from collections.abc import Callable

from rich.console import Console

#: Into a file: as wide as it is read best.
WIDE = 160


def console() -> Console:
    """Return the console of a command."""
    found = Console(highlight=False, markup=False, emoji=False)
    return found if found.is_terminal else Console(width=WIDE, highlight=False, markup=False, emoji=False)


def lines(draw: Callable[[Console], None], *, colour: bool, width: int) -> list[str]:
    """Return what is drawn on a console, line by line, to be written by somebody else (pytest's reporter)."""
    held = io.StringIO()
    draw(Console(file=held, force_terminal=colour, width=width, highlight=False, markup=False, emoji=False))
    return [line.rstrip() for line in held.getvalue().splitlines()]
