"""Files that are named by what they hold: written once, and taken away when nobody has used them for a month."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

#: A file is kept for so long after it was used last. Seconds.
KEPT = 30 * 86400.0


def put(path: Path, content: Callable[[], str]) -> None:
    """See to it that a file is there, and counts as used now; writing one takes away what is old beside it."""
    try:
        os.utime(path)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")  # criteria are judged at once
        draft.write_text(content(), encoding="utf-8")
        draft.replace(path)
        _sweep(path.parent)
    except PermissionError:
        return  # somebody else's, who keeps it; it can be read


def _sweep(folder: Path) -> None:
    old = time.time() - KEPT
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another run has taken it away, or it isn't ours
            if path.is_file() and path.stat().st_mtime < old:
                path.unlink()
