"""Evidence: what an attempt saw (HTTP exchanges, SQL, events, logs), kept until the attempt's end, redacted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from roadworthy import redact

#: More pieces than this in one attempt are polls of the same thing: the oldest go.
_MOST = 200


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece: ``kind`` is a word (``http``, ``sql``, ``events`` …)."""

    kind: str
    title: str
    text: str


#: Several attempts may be under way at once, each in a thread of its own; what is outside of all is nobody's.
_of: ContextVar[list[Piece] | None] = ContextVar("of", default=None)
_nobodys: list[Piece] = []


def record(kind: str, title: str, text: str) -> None:
    """Keep a piece of evidence of the attempt that is under way here."""
    pieces = _here()
    pieces.append(Piece(kind, redact.text(title), redact.text(text)))
    del pieces[:-_MOST]


def take() -> list[Piece]:
    """Return the pieces so far and start anew."""
    pieces = _here()
    taken = list(pieces)
    pieces.clear()
    return taken


@contextmanager
def kept() -> Iterator[list[Piece]]:
    """Collect the pieces of one attempt."""
    pieces: list[Piece] = []
    token = _of.set(pieces)
    try:
        yield pieces
    finally:
        _of.reset(token)


def _here() -> list[Piece]:
    pieces = _of.get()
    return _nobodys if pieces is None else pieces
