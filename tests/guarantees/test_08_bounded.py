"""Promise 8: attempts, back-off, deadline and an end, exactly; under a fake clock, on the real API server."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, tzinfo
from types import SimpleNamespace
from unittest import mock

import pytest

from roadworthy.case import Case, Changes
from roadworthy.change import Change, Patch, Target
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import Converged, Judgement, confirm, deadline, guard, history, journal, ladder, rung
from roadworthy.verdict import Verdict
from tests.guarantees.field import Field
from tests.guarantees.toys import map_judge

pytestmark = [pytest.mark.guarantee(8), pytest.mark.short]
START = 1_800_000_000.0
NEVER = Judgement(Verdict.FAILED, "it can't be repaired")


class Clock:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = START

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def as_time(self) -> SimpleNamespace:
        return SimpleNamespace(time=lambda: self.now, monotonic=lambda: self.now, sleep=self.sleep)

    def as_datetime(self) -> type[datetime]:
        clock = self

        class Now(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return datetime.fromtimestamp(clock.now, tz or UTC)

        return Now


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The engine's clock, the Lease's excepted: that is kept in real time, with a real API server."""
    made = Clock()
    with ExitStack() as stack:
        for module in (deadline, guard, history, confirm, ladder, rung):
            stack.enter_context(mock.patch.object(module, "time", made.as_time()))
        stack.enter_context(mock.patch.object(journal, "datetime", made.as_datetime()))
        middle = SimpleNamespace(uniform=lambda low, high: (low + high) / 2)
        stack.enter_context(mock.patch.object(guard, "random", middle))
        yield made


def tries(field: Field) -> list[float]:
    """Return when it was tried, in seconds after the first time: by the journal."""
    at = [datetime.fromisoformat(e["time"]).timestamp() for e in field.entries() if e["kind"] == "intent"]
    return [round(each - at[0], 3) for each in at]


def touch(case: Case) -> Changes:
    body = {"metadata": {"annotations": {"tried": str(random.random())}}}  # noqa: S311
    yield Change("touch", Target("ConfigMap", "wanted", case.parameters["home"]), Patch(body), why="a toy")


Again = Callable[..., Converged]


@pytest.fixture
def again(field: Field, clock: Clock) -> Again:
    """Return a function that is a run: a new engine, which knows nothing but the journal, and one convergence."""
    field.wrong()
    base = {"confirm_after": 3.0, "attempts": 5, "back_off": 10.0, "back_off_most": 60.0, "deadline": 1000.0}
    clusters: dict[str, LiveCluster] = {}

    def run(**limits: object) -> Converged:
        profile = field.profile(None, **{**base, **limits})
        cluster = clusters.setdefault(str(limits), field.connect(profile))
        engine = field.engine(cluster, {"touch": touch})
        return engine.converge(field.case(cluster), [("touch", "")], lambda: NEVER)

    return run


def test_the_exact_sequence_and_the_end(field: Field, again: Again) -> None:
    """Five runs, each a new process's memory: 0, 10, 20, 40 and 60 s apart (the cap), then it gives up for good."""
    for _ in range(5):
        assert again().remedies[0].done
    assert tries(field) == [0, 10, 30, 70, 130]
    for _ in range(2):
        done = again()
        assert not done.remedies[0].done
        assert "5 attempts within 3600 s: gave up" in done.reason
        assert done.verdict is Verdict.FAILED
    assert len(field.audit.writes()) == 5
    assert field.kinds().count("refused") == 2


def test_within_one_run_the_same_holds(field: Field, clock: Clock) -> None:
    """A remedy that asks for the same Change again and again gets as many as the limit says."""
    field.wrong()

    def stubborn(case: Case) -> Changes:
        for _ in range(10):
            yield from touch(case)

    limits = {"attempts": 4, "back_off": 10.0, "back_off_most": 300.0, "deadline": 1000.0}
    cluster = field.connect(field.profile(None, **limits))
    engine = field.engine(cluster, {"touch": stubborn})
    engine.converge(field.case(cluster), [("touch", "")], lambda: NEVER)
    assert tries(field) == [0, 10, 30, 70]
    assert len(field.audit.writes()) == 4


def test_a_pass_resets_the_count(field: Field, again: Again) -> None:
    """After the criterion has passed, it is tried anew."""
    for _ in range(2):
        again(attempts=2)
    assert not again(attempts=2).remedies[0].done
    cluster = field.connect(field.profile())
    field.engine(cluster).passed("guard/wanted")
    assert again(attempts=2).remedies[0].done
    assert len(field.audit.writes()) == 3


def test_attempts_are_forgotten_after_their_time(again: Again, clock: Clock, field: Field) -> None:
    """``memory`` seconds later it is tried again."""
    for _ in range(2):
        again(attempts=2)
    clock.sleep(3000)
    assert not again(attempts=2).remedies[0].done
    clock.sleep(700)
    assert again(attempts=2).remedies[0].done
    assert len(field.audit.writes()) == 3


def test_the_deadline_ends_everything(field: Field, clock: Clock) -> None:
    """A back-off that doesn't fit into what is left is not waited for; once time is up nothing is begun."""
    field.wrong()
    cluster = field.connect(field.profile(deadline=25.0, back_off=10.0, attempts=9))
    engine = field.engine(cluster, {"touch": touch})
    case = field.case(cluster)
    reasons = [engine.converge(case, [("touch", "")], lambda: NEVER).reason for _ in range(4)]
    assert tries(field) == [0, 10]
    assert "a back-off of" in reasons[2]
    clock.sleep(30)
    assert "repairs end within 25 s" in engine.converge(case, [("touch", "")], lambda: NEVER).reason
    assert len(field.audit.writes()) == 2


@pytest.mark.ci
def test_no_more_changes_in_a_run_than_the_limit(field: Field, clock: Clock) -> None:
    """``changes`` counts over all criteria and targets of a run."""

    def many(case: Case) -> Changes:
        for number in range(9):
            target = Target("ConfigMap", f"many-{number}", case.parameters["home"])
            yield Change("touch", target, Patch({"data": {"k": "x"}}), why="a toy")

    for number in range(9):
        field.wrong(f"many-{number}")
    cluster = field.connect(field.profile(changes=4))
    done = field.engine(cluster, {"many": many}).converge(field.case(cluster), [("many", "")], lambda: NEVER)
    assert "at most 4 Changes in a run" in done.reason
    assert len(field.audit.writes()) == 4


def test_a_cool_down_between_changes_of_one_target(field: Field, clock: Clock) -> None:
    """Another remedy, the same target: not before ``cool_down`` seconds have passed."""
    field.wrong()
    cluster = field.connect(field.profile(cool_down=90.0, deadline=1000.0))
    engine = field.engine(cluster, {"one": touch, "two": touch})
    engine.converge(field.case(cluster), [("one", ""), ("two", "")], lambda: NEVER)
    assert tries(field) == [0, 90]


def test_what_does_not_last_is_left_alone(field: Field, clock: Clock) -> None:
    """Repaired three times, wrong again each time: the fourth time it isn't, over restarts; a pass resets."""

    def run() -> Converged:
        field.wrong()
        cluster = field.connect(field.profile(flaps=3))
        return field.engine(cluster).converge(field.case(cluster), [("put_map", "")], map_judge(cluster, field.home))

    assert [run().verdict for _ in range(3)] == [Verdict.CONVERGED] * 3
    done = run()
    assert done.verdict is Verdict.FAILED
    assert "it flaps" in done.reason
    assert len(field.audit.writes()) == 3
    field.engine(field.connect()).passed("guard/wanted")
    assert run().verdict is Verdict.CONVERGED
