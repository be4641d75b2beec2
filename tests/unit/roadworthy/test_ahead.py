"""Criteria are judged at once and told one by one; what one by one would have shown is what is shown."""

from __future__ import annotations

import json
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from roadworthy import apart
from tests.unit.roadworthy.toy import Toy

pytest_plugins = ["pytester"]

SCHEMA = Path(__file__).parents[3] / "reports/verdicts.schema.json"
MEETING = """
import threading, time
from pathlib import Path
import allure, pytest
from pytest_bdd import given, parsers, then
from roadworthy import notices, stopping

LOG = Path(__file__).with_name("log.txt")
BARRIERS = {}
LOCK = threading.Lock()
PATIENCE = 20

@then(parsers.parse("{count:d} meet at {place}"))
def _(count, place):
    with LOCK:
        barrier = BARRIERS.setdefault(place, threading.Barrier(count))
    barrier.wait(PATIENCE)

@then(parsers.parse("{name} takes {seconds:g} seconds"))
def _(name, seconds):
    began = time.monotonic()
    stopping.sleep(seconds)
    with LOG.open("a") as log:
        log.write(f"{name} {began} {time.monotonic()}\\n")

@then(parsers.parse("{name} takes long the first time"))
def _(name):
    with LOG.open("a") as log:
        log.write(f"{name} 0 0\\n")
    if LOG.read_text().count(f"{name} ") == 1:
        stopping.sleep(60)

@then(parsers.parse("{name} says so"))
def _(name):
    print(f"printed by {name}")
    allure.attach(f"attached by {name}", name=name)
    notices.warn(f"{name} is old")

@pytest.fixture(scope="session")
def shared():
    with LOG.open("a") as log:
        log.write("up 0 0\\n")
    yield "shared"
    with LOG.open("a") as log:
        log.write("down 0 0\\n")

@then("what is shared is there")
def _(shared):
    assert shared == "shared"
"""


@pytest.fixture
def meeting(toy: Toy) -> Toy:
    toy.root.joinpath("toy_steps/meeting.py").write_text(MEETING)
    return toy


def scenario(name: str, step: str, tags: str = "") -> str:
    return f"  {tags}\n  Scenario: {name}\n    Then {step}\n"


def spans(toy: Toy) -> list[tuple[str, float, float]]:
    log = toy.root.joinpath("toy_steps/log.txt")
    lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [(name, float(began), float(ended)) for name, began, ended in lines]


def overlap(one: tuple[str, float, float], other: tuple[str, float, float]) -> bool:
    return one[1] < other[2] and other[1] < one[2]


def test_criteria_are_judged_at_once(meeting: Toy) -> None:
    meeting.feature("Feature: F\n" + scenario("a", "2 meet at a corner") + scenario("b", "2 meet at a corner"))
    assert meeting.run().ret == 0
    assert meeting.verdicts == {"a": "passed", "b": "passed"}
    assert [record["attempts"] for record in meeting.records.values()] == [1, 1]


def test_one_by_one_on_request(meeting: Toy) -> None:
    meeting.feature("Feature: F\n" + scenario("a", "2 meet at a corner") + scenario("b", "2 meet at a corner"))
    steps = meeting.root / "toy_steps/meeting.py"
    steps.write_text(steps.read_text().replace("PATIENCE = 20", "PATIENCE = 0.3"))
    assert meeting.run("features", "--at-once", "1").ret == 1
    assert set(meeting.verdicts.values()) == {"broken"}
    assert meeting.run("features", "--at-once", "0").ret == 4


def test_a_record_tells_when_it_was_judged_and_how_long_that_took(meeting: Toy) -> None:
    meeting.feature("Feature: F\n" + scenario("a", "a takes 0.6 seconds") + scenario("b", "b takes 0.2 seconds"))
    began = time.monotonic()
    meeting.run("features", "--junitxml=junit.xml")
    assert time.monotonic() - began < 30
    took = [record["seconds"] for record in meeting.records.values()]
    assert took[0] >= 0.6
    assert 0.2 <= took[1] < took[0]
    times = [float(case.attrib["time"]) for case in ET.parse(meeting.root / "junit.xml").iter("testcase")]  # noqa: S314
    assert times == pytest.approx(took, abs=0.05)


def test_a_drill_excludes_who_feels_it_and_nobody_else(meeting: Toy) -> None:
    meeting.profile("drills: always\n")
    features = [
        scenario("a runs", "a-root takes 0 seconds", "@component:a"),
        scenario("b runs", "b-root takes 0 seconds", "@component:b"),
        scenario("c runs", "c-root takes 0 seconds", "@component:c @needs:a"),
        scenario("a restarts", "a-drill takes 0.4 seconds", "@needs:a @drill"),
        scenario("b restarts", "b-drill takes 0.4 seconds", "@needs:b @drill"),
        scenario("c works", "c-use takes 0.3 seconds", "@needs:c"),
        scenario("anything", "any takes 0.3 seconds"),
    ]
    meeting.feature("Feature: F\n" + "".join(features))
    assert meeting.run().ret == 0
    found = {span[0]: span for span in spans(meeting)}
    assert overlap(found["a-drill"], found["b-drill"])
    for other in ("a-root", "c-root", "c-use", "any"):
        assert found[other][2] <= found["a-drill"][1], f"{other} feels a's drill, and comes before it"
    assert found["any"][2] <= found["b-drill"][1]


def test_a_drill_does_not_begin_once_its_window_has_closed(meeting: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    log = meeting.root / "toy_steps/log.txt"
    monkeypatch.setattr("roadworthy.maintenance.Window.holds", lambda *_: not log.exists())
    meeting.profile("drills: window\nmaintenance_window: {days: [mon], from: '03:00', to: '05:00', timezone: UTC}\n")
    features = [
        scenario("a runs", "a-root takes 0.3 seconds", "@component:a"),
        scenario("a restarts", "a-drill takes 0.1 seconds", "@needs:a @drill"),
    ]
    meeting.feature("Feature: F\n" + "".join(features))
    assert meeting.run().ret == 0
    assert meeting.verdicts == {"a-runs": "passed", "a-restarts": "not applicable"}
    assert [span[0] for span in spans(meeting)] == ["a-root"]


def test_a_drill_is_not_judged_again_once_its_window_has_closed(meeting: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """It broke, was repaired, and the window closed meanwhile: what it disturbs isn't disturbed any more."""
    log = meeting.root / "engine.log"
    monkeypatch.setattr("roadworthy.maintenance.Window.holds", lambda *_: not log.exists())
    meeting.profile("drills: window\nmaintenance_window: {days: [mon], from: '03:00', to: '05:00', timezone: UTC}\n")
    meeting.feature("Feature: F\n" + scenario("loki restarts", "loki is fine", "@drill @remedy:mend.loki"))
    meeting.state(loki="bad")
    meeting.run("features", "--remediate")
    assert meeting.verdicts == {"loki-restarts": "broken"}
    assert "can't be judged again: a drill, and outside the maintenance window" in str(meeting.records["loki-restarts"])


def test_what_must_be_alone_is(meeting: Toy) -> None:
    names = ["one", "two", "three"]
    content = [scenario(name, f"{name} takes 0.2 seconds") for name in names]
    meeting.feature("Feature: F\n" + scenario("it", "it takes 0.3 seconds", "@alone @component:x") + "".join(content))
    assert meeting.run().ret == 0
    found = {span[0]: span for span in spans(meeting)}
    assert overlap(found["one"], found["two"])
    assert not [name for name in names if overlap(found["it"], found[name])]


def test_what_was_judged_before_a_change_is_judged_again_after_it(meeting: Toy) -> None:
    tags = "@component:loki @remedy:mend.loki"
    content = scenario("loki", "loki is fine", tags) + scenario("b", "b takes 0 seconds", "@component:b")
    meeting.feature("Feature: F\n" + content)
    meeting.state(loki="bad")
    assert meeting.run("features", "--remediate").ret == 0
    assert meeting.verdicts == {"loki": "converged", "b": "passed"}
    looks = [span for span in spans(meeting) if span[0] == "b"]
    assert len(looks) == 2
    assert meeting.records["b"]["attempts"] == 1


def test_a_repair_waits_for_nobody(meeting: Toy) -> None:
    tags = "@component:loki @remedy:mend.loki"
    content = scenario("loki", "loki is fine", tags) + scenario("b", "b takes long the first time", "@component:b")
    meeting.feature("Feature: F\n" + content)
    meeting.state(loki="bad")
    began = time.monotonic()
    assert meeting.run("features", "--remediate").ret == 0
    assert time.monotonic() - began < 20
    assert meeting.verdicts == {"loki": "converged", "b": "passed"}


def test_with_remediate_the_roots_come_first(meeting: Toy) -> None:
    tags = "@component:loki @remedy:mend.loki"
    content = scenario("other", "other takes 0 seconds") + scenario("loki", "loki is fine", tags)
    meeting.feature("Feature: F\n" + content)
    meeting.state(loki="bad")
    assert meeting.run("features", "--remediate").ret == 0
    assert len(spans(meeting)) == 1, "it was judged once, after the repair"


def test_at_the_end_nothing_goes_on(meeting: Toy) -> None:
    content = scenario("loki", "loki is fine") + scenario("b", "b takes long the first time")
    meeting.feature("Feature: F\n" + content)
    meeting.state(loki="bad")
    began = time.monotonic()
    assert meeting.run("features", "-x").ret == 1
    assert time.monotonic() - began < 20
    assert meeting.verdicts == {"loki": "failed"}


def test_a_fixture_that_only_pytest_can_set_up_is_set_up_once(meeting: Toy) -> None:
    step = "what is shared is there"
    meeting.feature("Feature: F\n" + scenario("a", step) + scenario("b", step) + scenario("c", step))
    assert meeting.run().ret == 0
    assert [name for name, _, _ in spans(meeting)] == ["up", "down"]


def test_what_cant_be_judged_apart_is_judged_by_pytest(meeting: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise SystemExit("the way apart is closed")

    monkeypatch.setattr(apart, "_Session", broken)
    meeting.feature("Feature: F\n" + scenario("a", "loki is fine") + scenario("b", "grafana is fine"))
    meeting.state(grafana="bad")
    assert meeting.run().ret == 1
    assert meeting.verdicts == {"a": "passed", "b": "failed"}


def test_each_tells_its_own_output_steps_and_warnings(meeting: Toy) -> None:
    names = ["ann", "bob", "cid"]
    meet = "\n    And 3 meet at the table\n    And {name} says so\n    And 3 meet at the door"
    content = [scenario(name, f"{name} takes 0 seconds{meet.format(name=name)}") for name in names]
    meeting.feature("Feature: F\n" + "".join(content))
    result = meeting.run("features", "--junitxml=junit.xml", "--alluredir=allure", "-o", "junit_logging=all")
    assert result.ret == 0
    cases = list(ET.parse(meeting.root / "junit.xml").iter("testcase"))  # noqa: S314 - our own file
    for name, case in zip(names, cases, strict=True):
        assert [who for who in names if f"printed by {who}" in (case.findtext("system-out") or "")] == [name]
    for file in meeting.root.joinpath("allure").glob("*-result.json"):
        test = json.loads(file.read_text())
        (attempt,) = test["steps"]
        assert attempt["name"] == f"Attempt 1: {test['name']}"
        assert [step["name"] for step in attempt["steps"]][2] == f"And {test['name']} says so"
        (attached,) = attempt["steps"][2]["attachments"]
        assert meeting.root.joinpath("allure", attached["source"]).read_text() == f"attached by {test['name']}"
        assert test["start"] <= attempt["start"] <= attempt["stop"] <= test["stop"] + 1
        assert test["description"] == f"warning: {test['name']} is old"
    assert {name: record["warnings"] for name, record in meeting.records.items()} == {
        name: [f"{name} is old"] for name in names
    }
    jsonschema.validate(meeting.document, json.loads(SCHEMA.read_text()))
    result.stdout.fnmatch_lines(["warning toy/ann: ann is old", "warning toy/bob: bob is old"])
