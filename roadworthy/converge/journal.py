"""The journal: append-only, fsynced, hash-chained JSON lines. Intent before the act, result after; redacted.

Each line holds the hash of the line before it, so that a line that was changed, removed or put in is found. A process
that is killed while it writes leaves at most one torn line, which the next writer cuts off and says so.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from roadworthy import process, redact
from roadworthy.errors import BadInput, Unknown

_GENESIS = "0" * 64
_BLOCK = 1 << 16


def _hash(entry: Mapping[str, Any]) -> str:
    """Return the hash of an entry without its own."""
    content = {k: v for k, v in entry.items() if k != "hash"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class Journal:
    """The journal of one cluster.

    Several processes may write to it; each write is atomic and on the disk when it returns.
    """

    def __init__(self, path: Path, run: str) -> None:
        self.path, self._run = path, run
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
            folder = os.open(path.parent, os.O_RDONLY)
            os.fsync(folder)  # the file's name is on the disk too
            os.close(folder)

    def write(self, kind: str, **content: Any) -> int:
        """Append an entry and return its number. It is on the disk when this returns.

        Raises:
            Unknown: it could not be written; nothing may be done that isn't in the journal.

        """
        try:
            with self._lock, self._opened() as file:
                self._mend(file)
                return self._append(file, kind, content)
        except OSError as error:
            todo = "free space or correct its rights: nothing is done that isn't in the journal"
            raise Unknown("the journal can be written", seen=str(error), where=str(self.path), todo=todo) from error

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Open the file and keep other processes out."""
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _append(self, file: int, kind: str, content: Mapping[str, Any]) -> int:
        number, previous = _last(file, self.path)
        entry = {
            "number": number + 1,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "run": self._run,
            "process": process.identity(),
            "kind": kind,
            **redact.data(json.loads(json.dumps(content, default=str))),
            "previous": previous,
        }
        entry["hash"] = _hash(entry)
        line = (json.dumps(entry, ensure_ascii=False) + "\n").encode()
        while line:
            line = line[os.write(file, line) :]
        os.fsync(file)
        return number + 1

    def _mend(self, file: int) -> None:
        """Cut off a line that a killed writer left unfinished."""
        size = os.fstat(file).st_size
        tail = os.pread(file, min(size, _BLOCK), max(0, size - _BLOCK))
        if not tail or tail.endswith(b"\n"):
            return
        torn = len(tail) - (tail.rfind(b"\n") + 1)
        os.ftruncate(file, size - torn)
        self._append(file, "mended", {"torn_bytes": torn})

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield the entries, oldest first; raises as ``read`` does."""
        return read(self.path)

    def verify(self) -> int:
        """Check the whole chain and return the number of entries; raises as ``entries`` does."""
        return sum(1 for _ in self.entries())


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries, oldest first, and check the chain on the way.

    Raises:
        BadInput: a line was changed, removed or put in; the message names file and line.

    """
    previous, number = _GENESIS, 0
    with path.open("rb") as file:
        for row, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return  # torn: it never counted
            entry: dict[str, Any] = {}
            try:
                entry = json.loads(line)
                right = (entry["number"], entry["previous"], entry["hash"]) == (number + 1, previous, _hash(entry))
            except (ValueError, KeyError, TypeError):
                right = False
            if not right:
                todo = "keep the file as evidence and start another: nothing is repaired on a broken journal"
                raise BadInput("the journal's chain is whole", seen="a broken link", where=f"{path}:{row}", todo=todo)
            previous, number = entry["hash"], entry["number"]
            yield entry


def verified(path: Path) -> int:
    """Check the chain of a journal and return the number of its entries; 0 where there is none yet.

    Raises:
        BadInput: the chain is broken, or the file can't be read.

    """
    try:
        return sum(1 for _ in read(path)) if path.exists() else 0
    except OSError as error:
        raise BadInput("a journal that can be read", seen=str(error), where=str(path)) from error


def _last(file: int, path: Path) -> tuple[int, str]:
    """Return number and hash of the last entry."""
    end = os.fstat(file).st_size
    if not end:
        return 0, _GENESIS
    tail = b""
    start = end
    while start and tail.count(b"\n") < 2:
        start = max(0, start - _BLOCK)
        tail = os.pread(file, end - start, start)
    try:
        entry = json.loads(tail.rstrip(b"\n").rsplit(b"\n", 1)[-1])
        return int(entry["number"]), str(entry["hash"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput("the journal's last line is whole", seen=str(error), where=str(path)) from error
