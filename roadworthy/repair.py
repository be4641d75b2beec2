"""What the verdict loop asks of the convergence engine (roadworthy.converge): this and no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from roadworthy.case import Case
from roadworthy.change import Change, Outcome
from roadworthy.verdict import Verdict

#: Judges once more: None when the criterion holds, else what was raised.
Judge = Callable[[], BaseException | None]


class RemedyDone(Protocol):
    """One remedy that was tried: ``outcome`` is a word for reports (``repaired``, ``no change``, ``refused`` …)."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def outcome(self) -> str: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    @property
    def changes(self) -> Sequence[Outcome]: ...  # noqa: D102


class Converged(Protocol):
    """How a convergence ended."""

    @property
    def verdict(self) -> Verdict: ...  # noqa: D102
    @property
    def remedies(self) -> Sequence[RemedyDone]: ...  # noqa: D102


class Converger(Protocol):
    """The engine, for the life of a run."""

    def converge(self, case: Case, ladder: list[tuple[str, str]], judge: Judge) -> Converged:
        """Climb the ladder (module, argument) until ``judge`` returns None or the limits are reached."""
        ...

    def plan(self, case: Case, ladder: list[tuple[str, str]]) -> Sequence[Change]:
        """Return what the remedies would change; changes nothing."""
        ...
