"""What was tried before, in this run and in earlier ones: read from the journal, so that no restart forgets it."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import datetime
from typing import Any

from roadworthy import process
from roadworthy.change import Change
from roadworthy.converge.journal import Journal


class History:
    """The attempts that still count: within ``memory`` seconds, and since the criterion last passed."""

    def __init__(self, journal: Journal, memory: float) -> None:
        self._memory = memory
        #: (remedy, target) -> when it was tried, seconds since the epoch, and for which criterion.
        self._tries: defaultdict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
        #: criterion -> when it was repaired, since it last passed by itself.
        self._repairs: defaultdict[str, list[float]] = defaultdict(list)
        #: Begun and not ended, by number.
        self._pending: dict[int, dict[str, Any]] = {}
        self._read = 0
        for entry in journal.entries():
            self._take(entry)
        #: Intents whose process was killed before it could write the result.
        self.unfinished = [each for each in self._pending.values() if process.dead(str(each.get("process", "")))]
        for entry in self.unfinished:
            del self._pending[entry["number"]]

    def catch_up(self, journal: Journal) -> list[dict[str, Any]]:
        """Take in what other processes have written since; return, once, what was begun by one and isn't ended.

        For who holds the lease: nobody else acts then, so that nobody will end it.
        """
        own = process.identity()
        for entry in journal.entries():
            if entry["number"] > self._read:
                if entry.get("process") == own:
                    self._read = entry["number"]
                else:
                    self._take(entry)
        left = list(self._pending.values())
        self._pending.clear()
        self.unfinished += left
        return left

    def _take(self, entry: dict[str, Any]) -> None:
        """Count one entry of the journal."""
        at = datetime.fromisoformat(entry["time"]).timestamp()
        if entry["kind"] == "intent":
            self._pending[entry["number"]] = entry
            self.tried(entry["remedy"], entry["target"], entry["criterion"], at)
        elif entry["kind"] in {"result", "abandoned"}:
            self._pending.pop(entry.get("intent", 0), None)
        elif entry["kind"] == "pass" and entry.get("repaired"):
            self.repaired(entry["criterion"], at)
        elif entry["kind"] == "pass":
            self.passed(entry["criterion"])
        self._read = entry["number"]

    def tried(self, remedy: str, target: str, criterion: str, at: float) -> None:
        """Count an attempt."""
        self._tries[remedy, target].append((at, criterion))

    def repaired(self, criterion: str, at: float) -> None:
        """Note that a criterion passed because it was repaired: what was tried is forgotten, the repair isn't."""
        self._forget(criterion)
        self._repairs[criterion].append(at)

    def repairs(self, criterion: str, within: float) -> list[float]:
        """Return when a criterion was repaired in the last so many seconds, and hasn't passed by itself since."""
        return [at for at in self._repairs[criterion] if at >= time.time() - within]

    def passed(self, criterion: str) -> bool:
        """Forget what was done for a criterion, which passed by itself; return whether there was anything."""
        repaired = bool(self._repairs.pop(criterion, []))
        return self._forget(criterion) or repaired

    def _forget(self, criterion: str) -> bool:
        known = False
        for key, tries in self._tries.items():
            left = [each for each in tries if each[1] != criterion]
            known |= len(left) != len(tries)
            self._tries[key] = left
        return known

    def attempts(self, remedy: str, change: Change) -> list[float]:
        """Return when this remedy was tried on this target, the latest last."""
        oldest = time.time() - self._memory
        return [at for at, _ in self._tries[remedy, str(change.target)] if at >= oldest]

    def touched(self, change: Change) -> float:
        """Return when any remedy last changed this target, seconds since the epoch; 0 for never."""
        name = str(change.target)
        return max((at for (_, target), tries in self._tries.items() if target == name for at, _ in tries), default=0.0)
