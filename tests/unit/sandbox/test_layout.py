"""Names and addresses follow from the index, and what can't be is refused before anything is made."""

import ipaddress
from pathlib import Path

import pytest

from roadworthy.errors import BadInput
from sandbox import host, layout, manage, supervise
from sandbox.api import path, plural
from sandbox.faults import record
from sandbox.faults.storage import _bytes
from sandbox.layout import CONTROL_PLANE, MAX_NODES, Sandbox


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADWORTHY_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("ROADWORTHY_RUN", str(tmp_path / "run"))


def test_the_plans_addresses() -> None:
    sandbox = Sandbox("sandbox", 0)
    assert sandbox.network == "10.200.0.0/16"
    assert sandbox.api == "https://10.200.0.2:6443"
    assert sandbox.node_names == tuple(f"node-{n}" for n in range(1, 9))
    assert [sandbox.address(name) for name in (CONTROL_PLANE, "node-1", "node-8")] == [
        "10.200.0.2", "10.200.0.11", "10.200.0.18"]  # fmt: skip
    assert sandbox.pod_range("node-1") == "10.200.128.0/24"
    assert sandbox.dns == "10.200.16.10"
    assert sandbox.domain == "sandbox.test"


@pytest.mark.parametrize("index", range(16))
def test_no_two_ranges_overlap(index: int) -> None:
    sandbox = Sandbox("s", index, nodes=MAX_NODES)
    ranges = [f"{sandbox.prefix}.0.0/24", sandbox.service_range, *map(sandbox.pod_range, sandbox.node_names)]
    networks = [ipaddress.ip_network(each) for each in ranges]
    assert not any(a.overlaps(b) for i, a in enumerate(networks) for b in networks[i + 1 :])
    assert all(each.subnet_of(ipaddress.ip_network(sandbox.network)) for each in networks)  # type: ignore[arg-type]
    assert len({sandbox.address(machine) for machine in sandbox.machines}) == MAX_NODES + 1


def test_a_sandbox_is_found_as_it_was_made() -> None:
    made = Sandbox("one", 3, nodes=2, kubernetes="1.34")
    made.save()
    assert layout.load("one") == made
    assert layout.every() == [made]
    assert manage.plan("one", None, None) == made
    assert manage.plan("two", None, None).index == 0


@pytest.mark.parametrize(
    ("name", "nodes", "kubernetes", "words"),
    [
        ("Bad_Name", None, None, "small letters"),
        ("new", 0, None, "between 1 and"),
        ("new", 100, None, "between 1 and"),
        ("new", None, "1.99", "one of 1.34, 1.37"),
        ("one", 5, None, "it has 2 nodes"),
        ("one", None, "1.37", "it has 2 nodes"),
    ],
)
def test_what_is_refused(name: str, nodes: int | None, kubernetes: str | None, words: str) -> None:
    Sandbox("one", 3, nodes=2, kubernetes="1.34").save()
    with pytest.raises(BadInput, match=words):
        manage.plan(name, nodes, kubernetes)


def test_an_unreadable_record_says_what_to_do() -> None:
    spec = Sandbox("one", 3).paths.spec
    spec.parent.mkdir(parents=True)
    spec.write_text("{")
    with pytest.raises(BadInput, match="roadworthy sandbox down --name one"):
        layout.load("one")
    assert layout.every() == []


def test_hosts_lines_come_and_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hosts"
    file.write_text("127.0.0.1 localhost\n")
    monkeypatch.setattr(host, "HOSTS", file)
    host.name_hosts("a", "10.200.0.2", ["x.a.test"])
    host.name_hosts("b", "10.201.0.2", ["x.b.test"])
    host.name_hosts("a", "10.200.0.2", ["y.a.test"])
    assert "10.200.0.2 y.a.test" in file.read_text()
    assert "x.a.test" not in file.read_text()
    host.forget_hosts("a")
    host.forget_hosts("b")
    assert file.read_text() == "127.0.0.1 localhost\n"


def test_paths_of_the_api() -> None:
    assert path("v1", "Node", name="node-1") == "/api/v1/nodes/node-1"
    assert path("apps/v1", "Deployment", "x", "y") == "/apis/apps/v1/namespaces/x/deployments/y"
    kinds = {"Ingress": "ingresses", "IngressClass": "ingressclasses", "NetworkPolicy": "networkpolicies",
             "Endpoints": "endpoints", "StorageClass": "storageclasses", "Service": "services"}  # fmt: skip
    assert {kind: plural(kind) for kind in kinds} == kinds


@pytest.mark.parametrize(("text", "size"), [("16Mi", 16 << 20), ("1G", 10**9), ("5e3", 5000), ("1.5Gi", 3 << 29)])
def test_quantities(text: str, size: int) -> None:
    assert _bytes(text) == size


def test_a_service_without_a_supervisor_is_told_so(tmp_path: Path) -> None:
    sandbox = Sandbox("one", 0)
    assert supervise.define(sandbox, "node-1", {"kubelet": "#!/bin/bash\n"}) == ["kubelet"]
    assert supervise.define(sandbox, "node-1", {"kubelet": "#!/bin/bash\n"}) == []
    assert supervise.state(sandbox, "node-1", "kubelet") == "no supervisor"
    with pytest.raises(supervise.ServiceFailed, match="roadworthy sandbox up"):
        supervise.stop(sandbox, "node-1", "kubelet")


def test_mended_faults_are_forgotten() -> None:
    sandbox = Sandbox("one", 0)
    entries = [
        {"id": str(n), "fault": name, "arguments": [], "memory": {}} for n, name in enumerate(("cut-network", "x"))
    ]
    record.write(sandbox, entries)
    assert record.forget(sandbox, record.OF_MACHINES) == ["cut-network"]
    assert [entry["fault"] for entry in record.read(sandbox)] == ["x"]
    assert sandbox.paths.faults.stat().st_mode & 0o077 == 0
