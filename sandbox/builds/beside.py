"""Builds units behind whoever wants them later and has something else to do meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Self

from roadworthy.errors import RoadworthyError
from sandbox.builds.binaries import ensure, ready
from sandbox.progress import Progress


class Beside:
    """Builds the units that aren't ready, one after the other, in a thread of its own.

    A unit that can't be built is the business of whoever wants it: `ensure` will tell him the same.
    """

    def __init__(self, units: Iterable[str], report: Progress) -> None:
        """Build ``units`` in their order, from the block's begin; show it on ``report``."""
        self._report = report
        self._built = {unit: threading.Event() for unit in units if not ready(unit)}
        self._left = threading.Event()

    def __enter__(self) -> Self:
        """Begin."""
        if self._built:
            # A daemon: an interrupted run ends without it, and its compiler with the run (`run.Runner`).
            threading.Thread(target=self._work, name="builds", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Begin no other unit."""
        self._left.set()

    def builds(self, units: Iterable[str]) -> bool:
        """Return whether one of ``units`` is among those that are built here."""
        return not self._built.keys().isdisjoint(units)

    def wait(self, units: Iterable[str]) -> None:
        """Return when each of ``units`` is built, or can't be."""
        for unit in units:
            if unit in self._built:
                self._built[unit].wait()

    def _work(self) -> None:
        for unit, built in self._built.items():
            try:
                if not self._left.is_set():
                    with suppress(RoadworthyError):
                        ensure(unit, report=self._report)
            finally:
                built.set()
