"""What the repairs of a run have used up of its limits: with ``-n`` each worker is a process, and they share a file."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

#: Characters; always as many, so that a worker killed while it writes leaves no empty file, which would count anew.
_WIDTH = 120


@dataclass(slots=True)
class Used:
    """What was used up so far.

    Attributes:
        began: when the first repair began, seconds of ``time.monotonic``, which all processes of a machine share; what
            does not count moves it on; 0 before there was one.
        changes: how many were made.

    """

    began: float = 0.0
    changes: int = 0


class Spent:
    """The count of one run.

    Args:
        file: what all its workers write to; None for a run of one process.

    """

    def __init__(self, file: Path | None = None) -> None:
        self._file, self._own = file, Used()

    @contextmanager
    def counted(self) -> Iterator[Used]:
        """Give what was used up, to be read and added to, while no other worker does either."""
        if self._file is None:
            yield self._own
            return
        self._file.touch()
        with self._file.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            used = Used(**json.loads(file.read() or "{}"))
            yield used
            file.seek(0)
            file.write(f"{json.dumps(asdict(used)):<{_WIDTH}}")
