"""The cache's mechanics: locks between processes, folders that appear whole or not at all, room on the disk."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from roadworthy.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GB = 1_000_000_000


@contextmanager
def locked(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock file ``path``; ``waiting`` is called once when another process holds it.

    The kernel lets go of it when this process ends, however it ends: there is no stale lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is not None:
                waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes ``target`` when the block ends well, and vanishes when it does not.

    Must be called under a lock that covers ``target``: what an earlier run that was killed left half-done is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name}."
    for leftover in target.parent.glob(f"{prefix}*"):
        remove(leftover)
    temporary = target.parent / tempfile.mkdtemp(prefix=prefix, dir=target.parent)
    try:
        temporary.chmod(0o755)
        yield temporary
        if target.exists():
            remove(target)
        temporary.rename(target)
    finally:
        remove(temporary)


def remove(path: Path) -> None:
    """Remove a file or a tree, folders without the write bit included; what is not there is fine."""
    if path.is_dir() and not path.is_symlink():
        for folder, _, _ in os.walk(path):
            os.chmod(folder, 0o700)  # noqa: PTH101  # a walk over 100,000 folders: Path objects double its time
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def size(path: Path) -> int:
    """Return the bytes that the files below ``path`` take on the disk; each hard-linked file counts once."""
    total, seen = 0, set()
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                stat = os.lstat(os.path.join(folder, name))  # noqa: PTH118  # as above
            except FileNotFoundError:
                continue
            if stat.st_ino not in seen:
                seen.add(stat.st_ino)
                total += stat.st_blocks * 512
    return total


def free(path: Path) -> int:
    """Return the bytes free for us on the disk that ``path`` is on, or will be on."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def require_room(path: Path, needed: int, purpose: str) -> None:
    """Refuse to begin when the disk of ``path`` has less than ``needed`` bytes free.

    Raises:
        BadInput: there is too little room; nothing has been changed.

    """
    available = free(path)
    if available < needed:
        message = f"{purpose} needs {needed / GB:.1f} GB free"
        raise BadInput(
            message,
            seen=f"{available / GB:.1f} GB",
            where=str(path),
            todo="free some space, run `roadworthy sandbox prune`, or point ROADWORTHY_CACHE at a bigger disk",
        )
