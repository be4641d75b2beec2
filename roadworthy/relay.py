"""What the workers of a run have to tell a person while it lasts reaches the terminal of the process that started them.

A worker of xdist has no terminal, and what it prints is caught. So it writes its lines into the folder that they share,
and the process that started it shows them.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr
from pathlib import Path

_FILE = "told"
#: Seconds between two looks.
_EVERY = 0.3


def tell(folder: str, line: str) -> None:
    """Tell a line, in a worker; without a folder there is nobody to tell."""
    if not folder:
        return
    # One write of a file opened to append: the lines of several workers don't mix.
    with Path(folder, _FILE).open("a", buffering=1) as file:
        file.write(line.rstrip("\n").replace("\n", "\n    ") + "\n")


@contextmanager
def of_stderr(folder: str) -> Iterator[None]:
    """Tell what is printed to standard error, line by line, in a worker: a provider shows its progress there."""
    with redirect_stderr(_Lines(folder)) if folder else nullcontext():
        yield


@contextmanager
def followed(folder: str, show: Callable[[str], None]) -> Iterator[None]:
    """Show what the workers tell, in the process that started them; without a folder there are none."""
    if not folder:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_follow, args=(Path(folder, _FILE), show, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(5)


def _follow(file: Path, show: Callable[[str], None], over: threading.Event) -> None:
    position, last = 0, False
    while not last:
        last = over.wait(_EVERY)  # one more look after the end
        if file.is_file():
            with file.open("rb") as content:
                content.seek(position)
                whole, end, _ = content.read().rpartition(b"\n")
            position += len(whole) + len(end)
            for line in whole.decode(errors="replace").splitlines():
                show(line)


class _Lines(io.TextIOBase):
    """A stream that tells whole lines."""

    def __init__(self, folder: str) -> None:
        self._folder, self._begun = folder, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            tell(self._folder, line)
        return len(text)
