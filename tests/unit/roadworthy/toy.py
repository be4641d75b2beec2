"""A toy project: features, steps, a remedy, and a cluster that is a file. Everything between them is the real thing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CONFTEST = '''
import contextlib, json, pathlib
from types import SimpleNamespace as Bag
from roadworthy.change import Change, Delete, Outcome, Target
from roadworthy.converge import RemedyReport
from roadworthy.verdict import Verdict

pytest_plugins = ["roadworthy.plugin"]
STATE = pathlib.Path(__file__).parent / "state.json"

class Cluster:
    def __init__(self, profile):
        self.profile = profile
    def state(self, thing):
        return json.loads(STATE.read_text()).get(thing, "fine")
    def list(self, kind, *, namespace=""):
        name = "{}-0".format(namespace)
        pod = {"metadata": {"name": name, "namespace": namespace}, "status": {"phase": "Pending"}}
        return [pod] if kind == "Pod" else []
    def get(self, kind, name, *, namespace=""):
        return None
    @contextlib.contextmanager
    def scenario(self, criterion, tags):
        yield
    def sweep(self, components):
        STATE.with_name("swept").write_text(" ".join(sorted(components)))
    def close(self):
        STATE.with_name("closed").touch()

class Engine:
    """As roadworthy.converge, without a cluster: judges, mends by the remedy's Changes, judges."""
    def __init__(self, cluster):
        self.cluster = cluster
    def passed(self, criterion):
        pass
    def recover(self):
        change = Change("uncordon", Target("Thing", "left"), Delete(), why="a dead run left it")
        dead = STATE.parent / "left"
        made = [Outcome(change, True, "lifted", 0.1)] if dead.exists() else []
        return [RemedyReport("recovery", "", tuple(made))] if made else []
    def _changes(self, argument):
        return Change("mend", Target("Thing", argument), Delete(), why=argument + " was bad", component=argument)
    def converge(self, case, ladder, judge):
        STATE.with_name("engine.log").open("a").write(case.criterion + " " + str(ladder) + chr(10))
        done = []
        for module, argument in ladder:
            state = json.loads(STATE.read_text())
            made = []
            if module == "mend" and state.get(argument) == "bad":
                STATE.write_text(json.dumps({**state, argument: "fine"}))
                made = [Outcome(self._changes(argument), True, "mended", 0.1)]
            done.append(RemedyReport(module, argument, tuple(made), "" if made else "can't"))
            judged = judge()
            if judged.verdict is Verdict.PASSED:
                return Bag(verdict=Verdict.CONVERGED, reason="", attempts=2, remedies=done)
        return Bag(verdict=judged.verdict, reason=judged.message + "; gave up", attempts=2, remedies=done)
    def plan(self, case, ladder):
        changes = lambda argument: (Outcome(self._changes(argument), False, "diff"),)
        return [RemedyReport(m, a, changes(a)) for m, a in ladder]

def pytest_roadworthy_connect(profile):
    if json.loads(STATE.read_text()).get("api") == "down":
        from roadworthy.errors import Turbulence
        raise Turbulence("the API server answers", seen="connection refused")
    return Cluster(profile)

def pytest_roadworthy_convergence(cluster):
    return Engine(cluster)
'''

STEPS = """
import pytest
from pytest_bdd import given, parsers, then, when
from roadworthy import evidence
from roadworthy.errors import Denied, NotApplicable

@given(parsers.parse("a note {text}"), target_fixture="note")
def _(text):
    return text

@then(parsers.parse("the note is {text}"))
def _(note, text):
    assert note == text

@pytest.fixture
def note():
    return "nothing"

@then(parsers.parse("{thing} is fine"))
def _(cluster, thing):
    state = cluster.state(thing)
    evidence.record("http", "GET /" + thing, "Authorization: Bearer canary-token-1; " + state)
    if state == "denied":
        raise Denied("the token may look", seen="403")
    if state == "buggy":
        raise ZeroDivisionError("a bug")
    if state == "absent":
        raise NotApplicable("no " + thing + " here")
    assert state == "fine", thing + " is " + state

@when(parsers.parse("{thing} is restarted"))
def _(thing):
    pass
"""

PROFILE = """\
context: toy
kube_system_uid: 6a0e4a0c-7b0f-4c3e-8d53-0a1b2c3d4e5f
nodes: []
services:
  loki: {namespace: logging}
  grafana: {namespace: monitoring}
"""


@dataclass
class Toy:
    """The project and how to run it."""

    pytester: pytest.Pytester

    @property
    def root(self) -> Path:
        return self.pytester.path

    def feature(self, content: str, name: str = "toy") -> Path:
        path = self.root / "features" / f"{name}.feature"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        return path

    def state(self, **things: str) -> None:
        self.root.joinpath("state.json").write_text(json.dumps(things))

    def profile(self, more: str) -> None:
        self.root.joinpath("clusters/toy.yaml").write_text(PROFILE + more)

    def run(self, *arguments: str, cluster: str = "toy") -> pytest.RunResult:
        named = ["--cluster", cluster] if cluster else []
        return self.pytester.runpytest_inprocess(*(arguments or ["features"]), *named)

    def apart(self, *arguments: str) -> pytest.RunResult:
        """Run in a process of its own: for -n."""
        return self.pytester.runpytest_subprocess(*(arguments or ["features"]), "--cluster", "toy")

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.root.joinpath("reports/verdicts.json").read_text())
        return found

    @property
    def records(self) -> dict[str, dict[str, Any]]:
        """What verdicts.json says, by id without the file."""
        return {record["id"].partition("/")[2]: record for record in self.document["criteria"]}

    @property
    def verdicts(self) -> dict[str, str]:
        return {name: record["verdict"] for name, record in self.records.items()}
