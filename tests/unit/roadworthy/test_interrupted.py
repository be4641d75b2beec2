"""A run that ends early: what was under way is told as interrupted; what had its verdict, told or not, keeps it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from tests.unit.roadworthy.test_verdicts import SCHEMA
from tests.unit.roadworthy.toy import STEPS, Toy

pytest_plugins = ["pytester"]

SLOW = """
import pathlib
from roadworthy import stopping

@given(parsers.parse("{thing} is looked at"))
def _(thing):
    pathlib.Path(thing + ".began").touch()

@then(parsers.parse("{thing} takes long"))
def _(thing):
    pathlib.Path(thing + ".began").touch()
    stopping.sleep(60)
"""
FEATURE = """
Feature: F
  Scenario: quick
    Then loki is fine
  Scenario: long
    Then grafana takes long
  Scenario: later
    Given a note x
    Then the note is x
"""
STUCK = """
    def converge(self, case, ladder, judge):
        STATE.with_name("grafana.began").touch()
        import time
        time.sleep(60)
    def unused(self, case, ladder, judge):
"""


def interrupted(toy: Toy, *arguments: str, begun: tuple[str, ...] = ("grafana",)) -> str:
    """Run in a process group of its own, and press Ctrl-C once these are under way; return what was printed."""
    command = [sys.executable, "-m", "pytest", "features", "--cluster", "toy", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(
        command, cwd=toy.root, env=environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 60
        while not all(toy.root.joinpath(f"{thing}.began").exists() for thing in begun):
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    return out


@pytest.mark.parametrize("arguments", [("--at-once", "1"), (), ("-n", "2")], ids=["one by one", "at once", "workers"])
def test_the_running_criterion_is_told_as_interrupted(toy: Toy, arguments: tuple[str, ...]) -> None:
    toy.root.joinpath("toy_steps/things.py").write_text(STEPS + SLOW)
    toy.feature(FEATURE)
    out = interrupted(toy, *arguments)
    told = {name.rpartition("::")[2]: record for name, record in toy.records.items()}
    assert set(told) >= {"quick", "long"}, out
    assert ("later" in told) is (arguments[:1] != ("--at-once",))  # judged meanwhile: ahead, or by a second worker
    assert told["long"]["verdict"] == "broken", out
    assert told["long"]["reason"] == "interrupted"
    assert 0 < told["long"]["seconds"] < 55
    assert told["quick"]["verdict"] == "passed"
    jsonschema.validate(toy.document, json.loads(SCHEMA.read_text()))
    assert toy.document["exit_code"] == 2
    assert "interrupted" in out


def test_a_repair_that_is_interrupted_tells_what_was_wrong_too(toy: Toy) -> None:
    conftest = toy.root / "conftest.py"
    text = conftest.read_text()
    assert "    def converge(self, case, ladder, judge):\n" in text
    conftest.write_text(text.replace("    def converge(self, case, ladder, judge):\n", STUCK.lstrip("\n")))
    toy.state(loki="bad")
    toy.feature("Feature: F\n  @remedy:mend.loki\n  Scenario: it\n    Then loki is fine\n")
    out = interrupted(toy, "--remediate")
    (record,) = toy.records.values()
    assert record["verdict"] == "failed", out
    assert record["reason"].startswith("interrupted; until then: loki is bad")


AHEAD = """
Feature: F
  Scenario: first
    Then grafana takes long
  @waiver:w1
  Scenario: waived
    Given loki is looked at
    Then loki is fine
  @remedy:mend.loki
  Scenario: bad
    Given prometheus is looked at
    Then loki is fine
  Scenario: good
    Given traefik is looked at
    Then traefik is fine
  Scenario: unknown
    Given postgres is looked at
    Then postgres is fine
"""


@pytest.mark.parametrize("arguments", [(), ("--remediate",)], ids=["judging", "repairing"])
def test_what_was_judged_ahead_is_told_although_its_turn_never_came(toy: Toy, arguments: tuple[str, ...]) -> None:
    toy.root.joinpath("toy_steps/things.py").write_text(STEPS + SLOW)
    toy.profile('waivers:\n- {id: w1, owner: Ann, reason: r, expires: "2999-12-31"}\n')
    toy.state(loki="bad", postgres="denied")
    toy.feature(AHEAD)
    out = interrupted(toy, *arguments, begun=("grafana", "loki", "prometheus", "traefik", "postgres"))
    jsonschema.validate(toy.document, json.loads(SCHEMA.read_text()))
    said = {name: (record["verdict"], record["reason"]) for name, record in toy.records.items()}
    assert said["first"] == ("broken", "interrupted"), out
    assert said["waived"] == ("waived", "loki is bad; waiver w1 (Ann: r) until 2999-12-31")
    untried = "; no remedy was tried, for the run ended before its turn"
    assert said["bad"] == ("failed", "loki is bad" + (untried if arguments else ""))
    assert said["good"] == ("passed", "")
    assert said["unknown"][0] == "broken"
    assert not toy.root.joinpath("engine.log").exists()
    assert "5 criteria: 1 passed, 1 failed, 2 broken, 1 waived; 0 changes made" in out
    evidence = [toy.root / "reports" / each for each in toy.records["bad"]["evidence"]]
    assert evidence
    assert all(each.exists() for each in evidence)
    assert toy.records["bad"]["seconds"] < 30
