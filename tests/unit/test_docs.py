"""The pages stay true: links lead somewhere, profiles load, and the worked example does what its page says."""

import re
import shutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from roadworthy import profile_loader
from roadworthy.case import Case
from roadworthy.change import Delete
from tests.unit.remediation.doubles import FakeCluster

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
UID = "1d2c3b4a-0000-4000-8000-000000000000"


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def of_page(page: str, language: str, word: str) -> str:
    (found,) = [block for block in blocks(page, language) if word in block]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


def merged(texts: list[str]) -> dict[str, Any]:
    """Lay snippets of one profile over each other, as a reader does."""
    whole: dict[str, Any] = {}
    for text in texts:
        for key, value in yaml.safe_load(text).items():
            whole[key] = {**whole.get(key, {}), **value} if isinstance(value, dict) else value
    return whole


def test_the_profile_of_own_cluster_loads(tmp_path: Path) -> None:
    snippets = [*blocks("own-cluster.md", "yaml"), of_page("safety.md", "yaml", "limits:")]
    said = {**merged(snippets), "kube_system_uid": UID, "ca_bundle": str(ROOT / "LICENSE")}
    shutil.copy(ROOT / "clusters" / "profile.schema.json", tmp_path)
    (tmp_path / "home.yaml").write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")
    profile = profile_loader.load(tmp_path, "home")
    assert profile.context == "home"
    assert [node.name for node in profile.nodes] == ["pi-1", "pi-2"]
    assert profile.drill_window is not None
    assert profile.limits["unhealthy_nodes"] == pytest.approx(0.4)


@pytest.fixture
def evicted() -> Iterator[types.ModuleType]:
    """The probe of new-criterion.md, importable as `probes.evicted`."""
    import probes

    module = types.ModuleType("probes.evicted")
    sys.modules[module.__name__] = module
    exec(of_page("new-criterion.md", "python", "class Evicted"), module.__dict__)
    probes.evicted = module  # type: ignore[attr-defined]
    yield module
    del sys.modules[module.__name__], probes.evicted  # type: ignore[attr-defined]


def test_the_remedy_of_new_remedy_does_what_its_cases_say(evicted: types.ModuleType) -> None:
    remedy: dict[str, Any] = {}
    exec(of_page("new-remedy.md", "python", "def remedy"), remedy)
    cases = yaml.safe_load(of_page("new-remedy.md", "yaml", "one was evicted"))
    for name, said in cases.items():
        cluster: Any = FakeCluster(said)
        changes = list(remedy["remedy"](Case(cluster, "evicted/x", "evicted", "", {})))
        assert [str(each.target) for each in changes] == [each["target"] for each in said.get("changes", [])], name
        assert all(isinstance(each.action, Delete) and each.target.uid for each in changes)


def test_the_step_of_new_criterion_judges(evicted: types.ModuleType) -> None:
    step: dict[str, Any] = {"__name__": "steps.evicted"}
    exec(of_page("new-criterion.md", "python", "none_left"), step)
    out = {"metadata": {"name": "out", "namespace": "apps", "uid": "o", "creationTimestamp": "1970-01-01T00:00:00Z"}}
    pod = {**out, "spec": {"nodeName": "node-1"}, "status": {"phase": "Failed", "reason": "Evicted"}}
    cluster: Any = FakeCluster({"objects": {"Pod": [pod]}})
    with pytest.raises(AssertionError, match="apps/out on node-1"):
        step["none_left"](cluster, 60)
