"""A line now and then while something takes long, so that a person sees what is being waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from roadworthy.units import told

#: The first line comes after so many seconds, and then one as often.
FIRST, EVERY = 4.0, 15.0


@contextmanager
def shown(what: str, tell: Callable[[str], None]) -> Iterator[None]:
    """Tell that ``what`` is still going on, for as long as it is."""
    over = threading.Event()
    began = time.monotonic()

    def watch() -> None:
        pause = FIRST
        while not over.wait(pause):
            tell(f"{what}: {told(time.monotonic() - began)} so far")
            pause = EVERY

    watcher = threading.Thread(target=watch, name="patience", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
