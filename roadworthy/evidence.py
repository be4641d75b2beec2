"""Evidence: what an attempt saw (HTTP exchanges, SQL, events, logs), kept until the attempt's end, redacted."""

from __future__ import annotations

import threading
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


_lock = threading.Lock()
_pieces: list[Piece] = []


def record(kind: str, title: str, text: str) -> None:
    """Keep a piece of evidence of the current attempt."""
    with _lock:
        _pieces.append(Piece(kind, redact.text(title), redact.text(text)))
        del _pieces[:-_MOST]


def take() -> list[Piece]:
    """Return the pieces of the attempt and start anew."""
    with _lock:
        taken = list(_pieces)
        _pieces.clear()
    return taken
