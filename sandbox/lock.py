"""One at a time: whoever changes a sandbox holds its lock; the kernel frees it when the holder dies, however it dies.

The lock file tells who holds it, for whoever waits.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from roadworthy.errors import Refused
from sandbox.paths import run_root
from sandbox.progress import Progress, spoken

PATIENCE = 1800.0
"""Seconds to wait for another holder: the longest thing that one does is the first build, and then some."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: process id, command line, and since when (seconds since 1970)."""

    pid: int
    command: str
    since: float

    def __str__(self) -> str:
        """Return it in words."""
        since = time.strftime("%H:%M:%S", time.localtime(self.since))
        return f"process {self.pid} (`{self.command}`), at it since {since}"


def holder(path: Path) -> Holder | None:
    """Return who wrote the lock file, None when that can't be read (just taken, or just let go)."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Holder(**json.loads(path.read_text()))
    return None


def _sign(handle: int) -> None:
    command = shlex.join([os.path.basename(sys.argv[0]), *sys.argv[1:]])  # noqa: PTH119 - a word of a command line
    content = {"pid": os.getpid(), "command": command[:120], "since": time.time()}
    os.truncate(handle, 0)
    os.write(handle, json.dumps(content).encode())


def _take(path: Path) -> int | None:
    """Return the handle of the lock, now ours; None when somebody else has it."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # the last holder took the empty folder away
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        with contextlib.suppress(FileNotFoundError):
            # The last holder may have removed the file: then this is the lock of nothing.
            if os.fstat(handle).st_ino == path.stat().st_ino:
                _sign(handle)
                return handle
        os.close(handle)


def _wait(name: str, path: Path, seconds: float, progress: Progress | None) -> int:
    """Return the handle of the lock once its holders let go of it; tell about each."""
    started, task = time.monotonic(), ""
    try:
        while (handle := _take(path)) is None:
            other, waited = holder(path), time.monotonic() - started
            if waited > seconds:
                raise Refused(
                    f"nobody else to work on the sandbox {name}",
                    seen=f"for {spoken(waited)} {other or 'another roadworthy'} has held its lock",
                    where=str(path),
                    todo="wait for it" + (f", or end it: kill {other.pid}" if other else ""),
                )
            wanted = f"wait for {other}" if other else task or f"wait for another roadworthy on {name}"
            if progress is not None and wanted != task:
                if task:
                    progress.done(task)
                task = wanted
                progress.start(task, 0)
            elif progress is not None:
                progress.update(task, 0.0, "Ctrl-C leaves it alone")
            time.sleep(0.1)
        return handle
    finally:
        if progress is not None and task:
            progress.done(task)


@contextmanager
def held(name: str, *, seconds: float = PATIENCE, progress: Progress | None = None) -> Iterator[None]:
    """Hold the lock called `name`.

    Args:
        name: a sandbox, or `.all` for what concerns every sandbox.
        seconds: how long to wait for other holders.
        progress: whom to tell for whom we wait.

    Raises:
        Refused: somebody else held it all that time.

    """
    path = run_root() / f"{name}.lock"
    handle = _wait(name, path, seconds, progress)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)
        with contextlib.suppress(OSError):
            path.parent.rmdir()
