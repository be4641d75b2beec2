"""What the workers of one run must know of each other: verdicts of roots, and who may disturb what when.

With ``-n`` each worker is a process; they share a folder. Every worker takes its criteria in the order of the whole run
(collection puts roots first, and only ``--dist load`` is accepted), so the earliest criterion that isn't judged yet can
always be judged: waiting for a root ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from roadworthy.errors import TimedOut
from roadworthy.verdict import Verdict

#: A root is judged, and repaired, within this time, or what needs it is broken. Seconds.
LONGEST = 3600.0
_POLL = 0.05
_RECOVERED = "recovered.json"


@dataclass(frozen=True, slots=True)
class State:
    """What became of a criterion; ``root`` is the id of the one that is to blame (itself, unless it is blocked)."""

    id: str
    verdict: Verdict
    reason: str
    root: str


class Board:
    """The shared folder of one run.

    Args:
        folder: made where it isn't there.
        alone: whether no other process takes part.

    """

    def __init__(self, folder: Path, *, alone: bool) -> None:
        self.folder, self._alone = folder, alone
        folder.mkdir(parents=True, exist_ok=True)
        self._me = folder / f"worker-{os.getpid()}"
        self._me.touch()

    def begin(self, criterion: str) -> None:
        """Say that a criterion is being judged here."""
        self._file("begun", criterion).write_text(str(os.getpid()))

    def end(self, state: State) -> None:
        """Say what became of it."""
        draft = self._file(f"draft-{os.getpid()}", state.id)
        draft.write_text(json.dumps(asdict(state)))
        draft.replace(self._file("ended", state.id))

    def states(self, criteria: list[str]) -> list[State]:
        """Return what became of criteria, after waiting for other workers to judge them.

        What nobody is going to judge any more (the run was cut short) is left out.

        Raises:
            TimedOut: one of them is still being judged after ``LONGEST`` seconds.

        """
        found = (self._wait(criterion) for criterion in criteria)
        return [state for state in found if state is not None]

    def passed(self, criterion: str) -> bool:
        """Whether a criterion has been judged, by whomever, and held."""
        state = self._read(criterion)
        return state is not None and state.verdict in {Verdict.PASSED, Verdict.CONVERGED}

    @contextlib.contextmanager
    def judging(self, feels: Collection[str], disturbs: Collection[str] = ()) -> Iterator[None]:
        """Hold off repairs, and drills of what this judgement feels; and whoever feels what it disturbs itself.

        Args:
            feels: components, as ``disturbance.Disturbance`` tells.
            disturbs: components; those of a drill.

        """
        with contextlib.ExitStack() as held:
            held.enter_context(self._lock(fcntl.LOCK_SH))
            # Everybody takes them in the same order, so that nobody waits in a circle.
            for component in sorted({*feels, *disturbs}):
                held.enter_context(self._lock(fcntl.LOCK_EX if component in disturbs else fcntl.LOCK_SH, component))
            yield

    @contextlib.contextmanager
    def repairing(self) -> Iterator[None]:
        """Wait until nobody is judging, and hold them off: a repair goes on."""
        with self._lock(fcntl.LOCK_EX):
            yield

    def once(self, what: str) -> bool:
        """Whether this is the first call for ``what`` in the whole run."""
        try:
            self.folder.joinpath(f"once-{what}").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def keep(self, criterion: str, record: dict[str, Any]) -> None:
        """Keep the record of a criterion that was cut short, of which no report will tell."""
        draft = self._file(f"draft-{os.getpid()}", criterion)
        draft.write_text(json.dumps(record))
        draft.replace(self._file("cut", criterion))

    def recovered(self, remedies: list[dict[str, Any]]) -> None:
        """Keep what was put right before anything was judged: no criterion's report tells of it."""
        self.folder.joinpath(_RECOVERED).write_text(json.dumps(remedies, default=str))

    def leave(self) -> None:
        """Say that this worker judges nothing more."""
        self._me.unlink(missing_ok=True)

    def _wait(self, criterion: str) -> State | None:
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            if state := self._read(criterion):
                return state
            if self._alone or not self._comes(criterion):
                return self._read(criterion)
            time.sleep(_POLL)
        raise TimedOut(f"{criterion} is judged within {LONGEST:.0f} s", todo="judge it alone, to see what it waits for")

    def _read(self, criterion: str) -> State | None:
        try:
            data = json.loads(self._file("ended", criterion).read_text())
        except FileNotFoundError:
            return None
        return State(**{**data, "verdict": Verdict(data["verdict"])})

    def _comes(self, criterion: str) -> bool:
        """Whether anybody else is judging it, or may still come to it."""
        try:
            judge = int(self._file("begun", criterion).read_text() or 0)
        except FileNotFoundError:
            others = (int(file.name.removeprefix("worker-")) for file in self.folder.glob("worker-*"))
            return any(other != os.getpid() and _alive(other) for other in others)
        return judge != os.getpid() and _alive(judge)

    def _file(self, kind: str, criterion: str) -> Path:
        return self.folder / f"{kind}-{hashlib.sha256(criterion.encode()).hexdigest()[:24]}"

    @contextlib.contextmanager
    def _lock(self, how: int, component: str = "") -> Iterator[None]:
        # A lock belongs to the open file, so it holds off other threads of this process, too.
        with self._file("lock", component).open("w") as file:
            fcntl.flock(file, how)
            yield


def cut_short(folder: Path) -> list[dict[str, Any]]:
    """Return the records of the criteria that were under way when the run that shares the folder was interrupted."""
    return [json.loads(file.read_text()) for file in sorted(folder.glob("cut-*"))]


def recovered(folder: Path) -> list[dict[str, Any]]:
    """Return what the run that shares the folder put right before it judged (``rungs.remedy_data``)."""
    file = folder / _RECOVERED
    found: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else []
    return found


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
