"""One attempt at a criterion: its steps are run once, and all that was seen and said meanwhile is kept with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from roadworthy import allure_steps, apart, evidence, gather, notices, shown, stopping, voices
from roadworthy.errors import Unknown
from roadworthy.stopping import Abandoned
from roadworthy.verdict import Verdict, classify

if TYPE_CHECKING:
    from roadworthy.cluster.live import LiveCluster
    from roadworthy.evidence import Piece
    from roadworthy.item import CriterionItem
    from roadworthy.session import Run


@dataclass
class Attempt:
    """What came of it.

    Attributes:
        error: what kept it from passing; None when it passed.
        step: the Gherkin step that failed.
        began: seconds since the epoch.
        seconds: how long it took.
        pieces: what was asked and answered.
        warnings: what it has to say although it may hold.
        properties: what its steps noted by ``record_property``.
        sections: what it printed and logged, by name; empty where pytest itself has caught that.
        ahead: it was made ahead (see ``roadworthy.ahead``), and the evidence of a failure is complete.
        shown: its steps for the Allure report, where they aren't in the report yet.

    """

    error: BaseException | None = None
    step: str = ""
    began: float = field(default_factory=time.time)
    seconds: float = 0.0
    pieces: list[Piece] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    properties: list[tuple[str, object]] = field(default_factory=list)
    sections: list[tuple[str, str]] = field(default_factory=list)
    ahead: bool = False
    shown: list[Any] = field(default_factory=list)


@contextmanager
def attempt(number: int, scenario: str, *, ahead: bool = False) -> Iterator[Attempt]:
    """Surround an attempt: what is raised within becomes its ``error``.

    Raises:
        Abandoned: it is no longer wanted.

    """
    began, made = time.monotonic(), Attempt(ahead=ahead)
    step = allure_steps.Step(f"Attempt {number}: {scenario}")
    with evidence.kept() as made.pieces, notices.kept() as made.warnings:
        try:
            yield made
        except (KeyboardInterrupt, SystemExit, pytest.exit.Exception, Abandoned):
            step.close(Unknown("the run was not interrupted"))
            raise
        except BaseException as raised:  # noqa: BLE001 - pytest's skip and fail are no Exceptions
            made.error = shown.normal(raised)
    step.close(made.error)
    made.seconds = time.monotonic() - began


def judge_once(cluster: LiveCluster, node: CriterionItem, made: Attempt) -> None:
    """Run a node's steps once, with the door to the cluster that its tags open."""
    node.failed_step = ""
    try:
        with cluster.scenario(node.criterion.id, [tag.name for tag in node.criterion.tags]):
            node.judge_once()
    finally:
        made.step, made.properties = node.failed_step, list(node.user_properties)


def attempt_apart(run: Run, item: CriterionItem, given: Mapping[str, object], stop: threading.Event) -> Attempt | None:
    """Attempt a criterion for the first time outside pytest's own turn, its evidence gathered; None: it can't be.

    Args:
        run: the run.
        item: as pytest collected it.
        given: values of wide fixtures that nobody has asked for yet.
        stop: set when the attempt is no longer wanted.

    Raises:
        Abandoned: it is no longer wanted.

    """
    with ExitStack() as around:
        around.enter_context(stopping.by(stop))
        around.enter_context(run.undisturbed(item.criterion))
        steps, said = around.enter_context(allure_steps.apart()), around.enter_context(voices.kept())
        with attempt(1, item.criterion.scenario, ahead=True) as made, apart.twin(item, given) as node:
            stopping.check()
            judge_once(run.cluster, node, made)  # type: ignore[arg-type]  # the facade has what probes may ask
        if isinstance(made.error, apart.NotApart):
            return None
        if classify(made.error) in {Verdict.FAILED, Verdict.BROKEN}:
            made.pieces += gather.about(run.cluster, item.criterion)
    made.shown, made.sections = steps, [(name, text.getvalue()) for name, text in said.items() if text.tell()]
    return made
