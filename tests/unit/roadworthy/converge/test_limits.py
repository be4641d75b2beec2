"""Every limit is a documented setting of the profile, with its unit; and repairs that don't last are stopped."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
import yaml

from roadworthy import profile_loader, units
from roadworthy.case import Case
from roadworthy.converge import Convergence, Judgement
from roadworthy.converge.limits import Limits, limits
from roadworthy.errors import BadInput
from roadworthy.planned import Planned
from roadworthy.profile import Profile
from roadworthy.verdict import Verdict
from tests.unit.roadworthy.apiserver import Api

ROOT = Path(__file__).resolve().parents[4]
SCHEMA = json.loads((ROOT / "clusters" / "profile.schema.json").read_text(encoding="utf-8"))["$defs"]["limits"]
TABLE = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| (.+) \|$", (ROOT / "docs" / "safety.md").read_text(), re.MULTILINE)
Build = Callable[..., Convergence]
Judge = Callable[[], Judgement]


def test_the_page_the_schema_and_the_code_name_the_same_limits() -> None:
    known = {each.name for each in fields(Limits)}
    assert {name for name, _, _ in TABLE} == known
    assert set(SCHEMA["properties"]) == known


def test_the_page_tells_the_defaults() -> None:
    said = {name: units.quantity(yaml.safe_load(default)) for name, default, _ in TABLE}
    assert said == asdict(Limits())


def test_every_duration_and_share_needs_its_unit(tmp_path: Path) -> None:
    for name, default, _ in TABLE:
        if not isinstance(yaml.safe_load(default), str):
            continue
        (tmp_path / "home.yaml").write_text(f"context: home\nnodes: []\nlimits:\n  {name}: 30\n")
        with pytest.raises(BadInput, match=r"home\.yaml:4"):
            profile_loader.load(tmp_path, "home")


def test_what_is_no_limit_is_refused() -> None:
    for wrong in ({"attempt": 3}, {"attempts": -1}, {"in_window": 1}, {"deadline": "soon"}):
        with pytest.raises(BadInput):
            limits(Profile(name="toy", where="toy.yaml", limits=wrong))


def spoil(api: Api) -> None:
    """Undo the repair, as whatever it is that flaps."""
    if ("a", "wanted") in api.things["configmaps"]:
        api.remove("configmaps", "wanted", "a")


def repair(engine: Build, case: Case, judge: Judge, api: Api) -> tuple[Verdict, str]:
    """Run a whole engine, as each run does, on what has been spoiled."""
    spoil(api)
    made = engine({"flaps": 2})
    done = made.converge(case, [("fix", "")], judge)
    made.__exit__(None, None, None)
    return done.verdict, done.reason


def test_repairs_that_do_not_last_end_over_restarts(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    assert [repair(engine, case, judge, api)[0] for _ in range(2)] == [Verdict.CONVERGED] * 2
    verdict, reason = repair(engine, case, judge, api)
    assert verdict is Verdict.FAILED
    assert "it flaps" in reason
    assert "limits.flaps" in reason
    (rung,) = engine({"flaps": 2}).plan(case, [("fix", "")])
    (planned,) = rung.changes
    assert isinstance(planned, Planned)
    assert "it flaps" in planned.stopped_by
    assert repair(engine, replace(case, criterion="phase1/other"), judge, api)[0] is Verdict.CONVERGED


def test_a_pass_without_a_repair_resets_them(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    for _ in range(2):
        repair(engine, case, judge, api)
    engine().passed(case.criterion)
    assert repair(engine, case, judge, api)[0] is Verdict.CONVERGED


def test_old_repairs_count_no_more(
    engine: Build, case: Case, judge: Judge, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        repair(engine, case, judge, api)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + Limits().flap_window + 60)
    assert engine({"flaps": 2})._history.repairs(case.criterion, Limits().flap_window) == []
