"""What goes into a convergence and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roadworthy.case import Remedy
from roadworthy.change import Change, Outcome
from roadworthy.errors import Refused, RoadworthyError
from roadworthy.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one look at a criterion came to."""

    verdict: Verdict
    message: str = ""


#: Judges the criterion once more, from the start.
Judge = Callable[[], Judgement]
#: ``(remedy's name, its argument)``, lightest first.
Ladder = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RemedyReport:
    """What one rung asked for and what became of it. ``error`` says why it did nothing, or stopped; empty otherwise."""

    name: str
    argument: str
    changes: tuple[Outcome, ...] = ()
    error: str = ""

    @property
    def done(self) -> tuple[Outcome, ...]:
        """The Changes that were executed."""
        return tuple(each for each in self.changes if each.done)

    def __str__(self) -> str:
        """Return it as the tag writes it: ``recreate_stuck_pods``, ``install.loki``."""
        return f"{self.name}.{self.argument}" if self.argument else self.name


@dataclass(frozen=True, slots=True)
class Converged:
    """What became of a failed criterion.

    Attributes:
        verdict: ``converged``; ``passed`` when it passed at the second look; ``failed``, ``broken`` …
        reason: the last mismatch, and why no more was done.
        remedies: one report per rung that was tried.

    """

    verdict: Verdict
    reason: str = ""
    remedies: tuple[RemedyReport, ...] = ()


def _as_it_is(_name: str, _rights: Iterable[str], remedy: Remedy, /) -> Remedy:
    """Hold a remedy to nothing."""
    return remedy


def _silent(_line: str, /) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the engine is given to work with.

    Attributes:
        remedies: the remedy of a name; a function or a mapping.
        root: the folder that holds ``ansible/``.
        helm: the helm binary; empty: ``$ROADWORTHY_HELM``, else from PATH.
        pause_file: while this file exists nothing is repaired; empty: ``pause`` beside the journal's folder.
        images: called with the images that a release's pods will pull, before it is installed.
        regressions: called after a repair with the criterion's id and the components that its Changes name: the
            criteria on these (on the criterion's own where none is named) that had passed and now fail.
        recover: whether what dead runs left half-done is put right; not by one that follows a plan.
        held: holds a remedy of the engine's own to what this run may do; those of the project are held already.
        wait_for_lease: seconds to wait for another runner to let go.
        progress: called with one line for every Change, before it is made.
        spent: the file in which the workers of a run count what they use up of its limits; None for one process.

    """

    remedies: Callable[[str], Remedy] | Mapping[str, Remedy]
    root: Path = field(default_factory=Path.cwd)
    helm: str = ""
    pause_file: Path | None = None
    images: Callable[[Sequence[str]], None] | None = None
    regressions: Callable[[str, Collection[str]], list[str]] | None = None
    recover: bool = True
    held: Callable[[str, Iterable[str], Remedy], Remedy] = _as_it_is
    wait_for_lease: float = 60.0
    progress: Callable[[str], None] = _silent
    spent: Path | None = None

    def remedy(self, name: str) -> Remedy:
        """Return the remedy of a name."""
        return self.remedies(name) if callable(self.remedies) else self.remedies[name]


@dataclass(frozen=True, slots=True)
class Executed:
    """A Change that was executed, or begun: the tool's last words, and how to take it back, if it can be."""

    change: Change
    detail: str
    undo: Callable[[], str] | None = None
    found: Mapping[str, Any] | None = None


class ActionFailed(RoadworthyError):
    """A Change was tried and came to nothing for a definite reason (an invalid object, a chart that can't be had)."""


class HalfDone(ActionFailed):
    """A Change was begun and failed on its way: what it had done until then stays (helm, a playbook, a command).

    Args:
        undo: takes back what there is of it, if that is possible.

    """

    def __init__(self, expected: str, *, seen: str, where: str = "", undo: Callable[[], str] | None = None) -> None:
        super().__init__(expected, seen=seen, where=where)
        self.undo = undo


class Stopped(Refused):
    """A guard that stands before every Change: the whole ladder ends."""
