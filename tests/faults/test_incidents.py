"""The three incidents that the project began with, and all three at once: one --remediate run ends green.

It names each cause, and the next run finds nothing to do. Judging alone changes nothing, as the audit log tells.
"""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from prove import audit
from prove.bench import Bench, Judged
from prove.matrix import PHASE1, ROOT
from sandbox.api import Api, path

GOOD = {"passed", "converged", "not applicable"}
EVERYTHING = str(PHASE1.relative_to(ROOT))

#: What happened -> (faults, what the report must say about its cause)
INCIDENTS: dict[str, tuple[tuple[tuple[str, dict[str, Any]], ...], str]] = {
    "the logging namespace is deleted": (
        (("remove", {"reference": "Namespace/logging"}),),
        r"loki.*(no namespace logging|it isn't installed)",
    ),
    "postgres gets an image that can't be pulled": (
        (("bad-image", {"namespace": "databases", "workload": "StatefulSet/postgres"}),),
        r"image sandbox\.local/postgres:\S+ of StatefulSet databases/postgres doesn't start on node-\d: tag gone",
    ),
    "a kubelet is stopped": (
        (("stop-kubelet", {"node": "node-5"}),),
        r"node node-5 (is not Ready|has not reported).*on it kubelet is dead",
    ),
}

pytestmark = [pytest.mark.incident, pytest.mark.usefixtures("well")]


@pytest.fixture(scope="module")
def well(bench: Bench) -> None:
    """What is to break has to be there first: also on a sandbox that is new."""
    before = bench.judge(EVERYTHING, run="before", remediate=True)
    assert before.code == 0, before.output[-6000:]


def causes(seen: Judged) -> str:
    """Return everything that the report says about why something was changed."""
    return "\n".join([*(change["why"] for _, change in seen.changes), *(c["reason"] for c in seen.criteria)])


def bad(seen: Judged) -> dict[str, str]:
    return {each["id"]: each["verdict"] for each in seen.criteria if each["verdict"] not in GOOD}


def seen_to_be_down(bench: Bench) -> None:
    """Wait until the control plane knows of a stopped kubelet: a node is judged by its last word until then."""
    api, deadline = Api(bench.sandbox), time.monotonic() + 120
    while time.monotonic() < deadline:
        conditions = api.get(path("v1", "Node", name="node-5"))["status"]["conditions"]
        if any(each["type"] == "Ready" and each["status"] != "True" for each in conditions):
            return
        time.sleep(2)
    pytest.fail("node-5 is Ready two minutes after its kubelet was stopped")


def repair(bench: Bench, name: str, wanted: list[str]) -> None:
    """Judge and repair everything, hold the report to the causes, and judge again: all passed, nothing changed."""
    repaired = bench.judge(EVERYTHING, run=name, remediate=True)
    said = causes(repaired)
    for words in wanted:
        assert re.search(words, said, re.DOTALL), f"/{words}/ isn't in the report:\n{said}"
    assert not bad(repaired), f"{bad(repaired)}\n{repaired.output[-6000:]}"
    assert repaired.code == 0
    assert any(each["verdict"] == "converged" for each in repaired.criteria)
    again = bench.judge(EVERYTHING, run=name, remediate=True)
    assert {each["verdict"] for each in again.criteria} <= {"passed", "not applicable"}, again.output[-4000:]
    assert not again.changes


@pytest.mark.parametrize("incident", INCIDENTS)
def test_one_run_repairs(incident: str, bench: Bench) -> None:
    faults, cause = INCIDENTS[incident]
    with bench.injected(faults):
        if faults[0][0] == "stop-kubelet":
            seen_to_be_down(bench)
        repair(bench, re.sub(r"\W+", "-", incident), [cause])


def test_one_run_repairs_all_three_at_once(bench: Bench) -> None:
    faults = tuple(step for steps, _ in INCIDENTS.values() for step in steps)
    with bench.injected(faults):
        seen_to_be_down(bench)
        repair(bench, "all-three", [cause for _, cause in INCIDENTS.values()])


def test_judging_alone_changes_nothing(bench: Bench) -> None:
    faults = tuple(step for steps, _ in INCIDENTS.values() for step in steps)
    with bench.injected(faults):
        began = audit.now()
        seen = bench.judge(EVERYTHING, "-m", "not drill", run="judging-alone")
        ended = audit.now()
        changed = audit.changes(bench.sandbox, began, ended)
        assert bad(seen), "three incidents, and nothing is red"
        assert not changed, f"{len(changed)} changes: {changed[:10]}"
        assert not seen.changes
        bench.judge(EVERYTHING, run="judging-alone", remediate=True)
