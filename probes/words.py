"""Messages: what was expected, what was seen, where to look, what to do; and lists that stay short."""

from __future__ import annotations

from collections.abc import Iterable

from roadworthy.errors import RoadworthyError


def told(expected: str, *, seen: str = "", where: str = "", todo: str = "") -> str:
    """Return the text of a failed assertion, in the same order as every other message of the project."""
    return RoadworthyError(expected, seen=seen, where=where, todo=todo).render()


def few(items: Iterable[object], most: int = 5) -> str:
    """Return ``a, b, c and 4 more``; ``none`` for nothing."""
    words = [str(item) for item in items]
    more = len(words) - most
    shown = ", ".join(words[:most]) or "none"
    return f"{shown} and {more} more" if more > 0 else shown


def short(text: str, most: int = 300) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}…"
