"""A private folder for keys and kubeconfigs.

0700, one per process, swept when the process ends and when the next one starts.

A folder belongs to a living process as long as that process holds a lock on the file ``lock`` in it. The kernel
releases the lock at the process's end, however it ends, so the next start sweeps what a killed run left behind.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

_PREFIX = "roadworthy-private-"


def _base() -> Path:
    """Return the folder that holds the private folders: memory-backed where the system offers it to this user."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(runtime) if runtime and os.access(runtime, os.W_OK) else Path(tempfile.gettempdir())


def sweep() -> list[Path]:
    """Remove the private folders of processes that are no more; return what was removed."""
    removed = []
    for folder in _base().glob(f"{_PREFIX}{os.getuid()}-*"):
        with suppress(OSError):
            handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
                removed.append(folder)
            finally:
                os.close(handle)
    return removed


def _locked(folder: Path) -> bool:
    """Lock a folder for the life of this process; False when it is gone."""
    try:
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        return os.fstat(handle).st_ino == (folder / "lock").stat().st_ino
    except FileNotFoundError:
        return False


@lru_cache(maxsize=1)
def _folder_of(pid: int) -> Path:
    """Make the folder of this process; the argument keeps a forked child from using its parent's."""
    sweep()
    while not _locked(folder := Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getuid()}-", dir=_base()))):
        pass  # another process that starts just now swept it, for nobody held it yet

    def remove() -> None:
        if os.getpid() == pid:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def folder() -> Path:
    """Return this process's private folder (0700), made at the first call."""
    return _folder_of(os.getpid())


def write(name: str, content: bytes | str) -> Path:
    """Write a file that only this user can read into the private folder and return its path."""
    path = folder() / name
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return path
