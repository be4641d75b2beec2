"""One at a time: whoever changes a sandbox holds its lock; the kernel frees it when the holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from roadworthy.errors import Refused
from sandbox.paths import run_root


@contextmanager
def held(name: str, *, seconds: float = 300, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock called `name`.

    Args:
        name: a sandbox, or `.all` for what concerns every sandbox.
        seconds: how long to wait for another holder.
        waiting: called once when there is one.

    Raises:
        Refused: somebody else holds it all that time.

    """
    path = run_root() / f"{name}.lock"
    deadline = time.monotonic() + seconds
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The last holder may have removed the file: then this is the lock of nothing.
            if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
                break
        except BlockingIOError:
            if waiting is not None:
                waiting()
                waiting = None
            if time.monotonic() > deadline:
                os.close(handle)
                raise Refused(
                    f"nobody else to work on the sandbox {name}",
                    seen="another roadworthy holds its lock",
                    where=str(path),
                    todo="wait for it, or end it",
                ) from None
        os.close(handle)
        time.sleep(0.1)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)
