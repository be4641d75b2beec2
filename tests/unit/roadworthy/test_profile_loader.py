"""Profiles: what is wrong with one is one line with file, line, and the nearest name that exists."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from roadworthy import profile_loader
from roadworthy.errors import BadInput
from roadworthy.profile import Node, SecretRef

CLUSTERS = Path(__file__).parents[3] / "clusters"
GOOD = """\
context: home
domain: example.org
nodes:
  - {name: one, arch: arm64}
services:
  grafana:
    namespace: monitoring
    host: grafana.@{domain}
    username: {env: WHO}
    password: {secret: {namespace: monitoring, name: grafana, key: password}}
limits: {deadline: 1h30m, unhealthy_nodes: 25%, changes: 3}
ssh: {key: keys/id}
"""


def load(folder: Path, content: str, name: str = "toy") -> Any:
    folder.joinpath(f"{name}.yaml").write_text(content)
    return profile_loader.load(folder, name)


def test_a_good_profile(tmp_path: Path) -> None:
    profile = load(tmp_path, GOOD)
    assert profile.nodes == (Node("one", arch="arm64"),)
    grafana = profile.services["grafana"]
    assert grafana.host == "grafana.example.org"
    assert grafana.service == "grafana"
    assert grafana.username == SecretRef(env="WHO")
    assert grafana.password == SecretRef(namespace="monitoring", name="grafana", key="password")
    assert profile.limits == {"deadline": 5400.0, "unhealthy_nodes": 0.25, "changes": 3}
    assert profile.ssh_key == str(tmp_path / "keys/id")
    assert not profile.drills


@pytest.mark.parametrize("name", sorted(file.stem for file in CLUSTERS.glob("*.yaml")))
def test_the_profiles_of_this_project_are_good(name: str) -> None:
    assert profile_loader.load(CLUSTERS, name).services


def test_the_roadmaps_cluster_is_there_in_full_and_only_read() -> None:
    pi = profile_loader.load(CLUSTERS, "pi")
    assert [node.name for node in pi.nodes] == ["pi-master", *(f"pi-worker-0{number}" for number in range(1, 8))]
    assert pi.storage == {"replicated": "1.7TB", "nfs": "7.3TB"}
    assert pi.kube_system_uid == ""
    assert pi.services["grafana"].host == "grafana.stratdata.org"
    assert str(pi.drill_window) == "sun 03:00 to 06:00 UTC"


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("nodes: []\nservces: {}\n", 2, "a known key; seen: servces*did you mean 'services'?"),
        (
            "nodes: []\nservices:\n  loki: {namespce: x}\n",
            3,
            "a known key of services.loki; seen: namespce*'namespace'?",
        ),
        ("nodes: []\nservices:\n  loki: {host: x}\n", 3, "services.loki.namespace is said; seen: nothing*"),
        ("context: x\n", 1, "nodes is said*"),
        ("nodes: []\nlimits: {deadline: 30}\n", 2, "limits.deadline is a duration with its unit, like 30s*seen: 30;*"),
        ("nodes: []\nlimits: {deadline: '30'}\n", 2, "limits.deadline is a duration with its unit*"),
        ("nodes: []\nlimits: {unhealthy_nodes: 0.4}\n", 2, "limits.unhealthy_nodes is a share with its unit*"),
        ("nodes: []\nlimits: {deadlin: 3s}\n", 2, "*did you mean 'deadline'?"),
        ("nodes: []\ndrills: sometimes\n", 2, 'drills is one of never, window, always; seen: "sometimes"*'),
        ("nodes: []\ndrills: window\n", 2, "drills: window has a maintenance_window*"),
        ("nodes: []\nkube_system_uid: abc\n", 2, "kube_system_uid is a UID as `kubectl*"),
        ("nodes: []\nnodes: []\n", 2, "each key once; seen: nodes again*"),
        ("nodes:\n  - {name: a}\n  - {name: a}\n", 3, "each node once; seen: a again*"),
        ("nodes: [\n", 2, "valid YAML; seen: *"),
        ("- nodes\n", 1, "a mapping; seen: something else*"),
        ("nodes: []\nwaivers:\n  - {id: w, owner: a, reason: r, expires: '2026-02-31'}\n", 3, "a day like 2026-12-31*"),
        ("nodes: []\nwaivers:\n  - {id: w, owner: a, expires: '2026-02-01'}\n", 3, "waivers.0.reason is said*"),
        (
            "nodes: []\nmaintenance_window: {days: [sun], from: '03:00', to: '05:00', timezone: Mars/Base}\n",
            2,
            "a time zone by its name*",
        ),
        (
            "nodes: []\nmaintenance_window: {days: [sun], from: 3, to: '05:00', timezone: UTC}\n",
            2,
            "*time of day in quotes*",
        ),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, content: str, line: int, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        load(tmp_path, content)
    assert "\n" not in str(raised.value)
    assert raised.value.where == f"{tmp_path}/toy.yaml:{line}"
    pytest.LineMatcher([str(raised.value)]).fnmatch_lines([f"{said}*".replace("[", "[[]")])


@pytest.mark.parametrize(
    "content",
    [
        "nodes: []\nservices:\n  a: {namespace: x, password: canary}\n",
        "nodes: []\nservices:\n  a: {namespace: x, settings: {api_token: canary}}\n",
        "nodes: []\nservices:\n  a: {namespace: x, password: {value: canary}}\n",
    ],
)
def test_a_credential_is_a_reference_and_its_value_is_never_repeated(tmp_path: Path, content: str) -> None:
    with pytest.raises(BadInput) as raised:
        load(tmp_path, content)
    assert "canary" not in str(raised.value)
    assert raised.value.where.endswith("toy.yaml:3")


def test_an_unknown_profile_names_the_nearest(tmp_path: Path) -> None:
    tmp_path.joinpath("sandbox.yaml").write_text("nodes: []\n")
    with pytest.raises(BadInput, match="did you mean 'sandbox'"):
        profile_loader.load(tmp_path, "sandbx")


def test_the_provider_says_what_only_it_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def provide(options: dict[str, Any], *, first: Callable[[], None]) -> dict[str, Any]:
        asked.append(options)
        first()
        return {
            "kubeconfig": "/k",
            "context": "c",
            "kube_system_uid": "u",
            "domain": "toy.test",
            "nodes": [{"name": "n1", "address": "10.0.0.1", "ssh_key": "/nobody/asked"}],
            "audit_log": "/nobody/asked",
        }

    point = EntryPoint("sandbox", "x:y", "roadworthy.providers")
    monkeypatch.setattr(EntryPoint, "load", lambda _: provide)
    monkeypatch.setattr(profile_loader, "entry_points", lambda **_: [point])
    stated = load(
        tmp_path,
        "provider: sandbox\noptions: {name: a}\nnodes: []\n"
        "services: {grafana: {namespace: m, host: 'grafana.@{domain}'}}\n",
    )
    profile = profile_loader.provided(stated, lambda: asked.append({"before": "the start"}))
    assert asked == [{"name": "a"}, {"before": "the start"}]
    assert profile.nodes == (Node("n1", address="10.0.0.1"),)
    assert (profile.kubeconfig, profile.context, profile.kube_system_uid) == ("/k", "c", "u")
    assert profile.services["grafana"].host == "grafana.toy.test"


def test_waivers_are_found_in_every_profile_and_a_broken_one_does_not_matter(tmp_path: Path) -> None:
    tmp_path.joinpath("a.yaml").write_text(
        "nodes: []\nwaivers: [{id: w1, owner: a, reason: r, expires: '2026-01-01'}]\n"
    )
    tmp_path.joinpath("b.yaml").write_text("nodes: [\n")
    assert profile_loader.waiver_ids(tmp_path) == {"w1"}
