"""One rung of a ladder: a remedy is run, and each Change it asks for is made between two lines of the journal."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from roadworthy import evidence, redact
from roadworthy.case import Case, Remedy
from roadworthy.change import Change, Outcome
from roadworthy.converge import fence
from roadworthy.converge.act import act, prepare, seen
from roadworthy.converge.guard import Guard
from roadworthy.converge.history import History
from roadworthy.converge.journal import Journal
from roadworthy.converge.records import ActionFailed, Executed, HalfDone, RemedyReport, Stopped
from roadworthy.converge.tools import LAST_WORDS, Tools
from roadworthy.errors import Refused, RoadworthyError, Unknown


@dataclass(slots=True)
class Climbed:
    """What became of one rung.

    Attributes:
        executed: the Changes that were made, or at least begun, in their order.
        ended: what ends the whole ladder here: a guard (Stopped), or that the fate of a Change can't be told (Unknown).

    """

    executed: list[Executed] = field(default_factory=list)
    ended: Stopped | Unknown | None = None


class Climber:
    """Runs remedies, one rung at a time."""

    def __init__(self, tools: Tools, guard: Guard, history: History, journal: Journal) -> None:
        self._tools, self._guard, self._history, self._journal = tools, guard, history, journal

    def climb(self, case: Case, name: str, reports: list[RemedyReport], remedy: Remedy | None = None) -> Climbed:
        """Run one remedy, tell it what became of each Change, and add its report to ``reports``, however it ends.

        ``remedy`` is the one of that name in the project where it isn't given.
        """
        climbed = Climbed()
        outcomes: list[Outcome] = []
        problem = ""
        climbing = (remedy or self._tools.options.remedy(name))(case)
        try:
            change = next(climbing)
            while True:
                self._guard.before_all()
                outcomes.append(self._make(case, name, change, climbed.executed))
                change = climbing.send(outcomes[-1])
        except StopIteration:
            pass
        except (Stopped, Unknown) as error:
            problem, climbed.ended = error.render(), error
        except (RoadworthyError, AssertionError) as error:  # the remedy may not act, or an action came to nothing
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - a remedy's bug ends the ladder, and is told by its verdict
            problem = f"a bug in remedy {name}: {error!r}"
            climbed.ended = Unknown(f"remedy {name} runs to its end", seen=repr(error), todo="report it")
            climbed.ended.__cause__ = error
        finally:
            climbing.close()
            reports.append(RemedyReport(name, case.argument, tuple(outcomes), redact.text(problem)))
        return climbed

    def _make(self, case: Case, name: str, change: Change, executed: list[Executed]) -> Outcome:
        """Make one Change. A guard's "no" is an outcome like any other; a failure ends the rung."""
        seen(change)
        began = time.monotonic()
        pod = None
        words = {"remedy": name, "criterion": case.criterion, "target": str(change.target), "verb": change.verb}
        try:
            self._guard.before(name, change)
        except Refused as error:
            self._journal.write("refused", **words, why=error.render())
            return _refused(change, error, began)
        self._tools.options.progress(redact.text(f"{change.verb} {change.target}: {change.why}"))
        with self._guard.deadline.aside():
            prepare(self._tools, change)
        intent = self._journal.write("intent", **words, **_intent(change))
        self._history.tried(name, str(change.target), case.criterion, time.time())
        try:
            self._guard.before_all()  # a back-off, or an image, may have been waited for
            pod = fence.found(self._tools, change.target) if change.target.kind == "Pod" else None
            done = act(self._tools, change)
        except Refused as error:
            self._result(intent, "refused", error.render(), began)
            if isinstance(error, Stopped):
                raise
            return _refused(change, error, began)
        except BaseException as error:  # also Ctrl-C: what became of it can't be told
            became = "failed" if isinstance(error, ActionFailed) else "unknown"
            self._result(intent, became, str(error) or type(error).__name__, began)
            if isinstance(error, HalfDone | Unknown):  # what there is of it may do harm like a whole one
                self._guard.made()
                executed.append(Executed(change, str(error), getattr(error, "undo", None), pod))
            raise
        self._guard.made()
        executed.append(replace(done, found=done.found or pod))
        self._result(intent, "done", done.detail, began)
        evidence.record("change", f"{change.verb} {change.target}", f"{change.why}\n-> {done.detail}")
        return Outcome(change, done=True, detail=redact.text(done.detail), seconds=time.monotonic() - began)

    def take_back(self, done: Executed) -> str:
        """Undo one Change, if that is possible; journaled like any other. Return what came of it."""
        name = f"{done.change.verb} {done.change.target}"
        if done.undo is None:
            return f"{name} can't be undone"
        intent = self._journal.write("undo", target=str(done.change.target), verb=done.change.verb)
        try:
            self._guard.before_undo()
            words = done.undo()
        except (RoadworthyError, AssertionError) as error:
            words = f"failed: {error}"
        self._journal.write("undone", intent=intent, detail=words)
        return f"{name}: {words}"

    def _result(self, intent: int, became: str, detail: str, began: float) -> None:
        seconds = round(time.monotonic() - began, 3)
        self._journal.write("result", intent=intent, became=became, detail=detail[-LAST_WORDS:], seconds=seconds)


def _refused(change: Change, error: Refused, began: float) -> Outcome:
    return Outcome(change, done=False, detail=redact.text(error.render()), seconds=time.monotonic() - began)


def _intent(change: Change) -> dict[str, object]:
    """Return what the journal keeps of a Change: all but what may hold a secret (a manifest's data, stdin, a body)."""
    content = {
        "action": type(change.action).__name__,
        "why": change.why,
        "before": change.before,
        "after": change.after,
    }
    return {
        **content,
        "uid": change.target.uid,
        "component": change.component,
        "blast_radius": list(change.blast_radius),
    }
