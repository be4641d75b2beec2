"""`up` repairs whatever is left of a sandbox, and `down` leaves nothing, whatever happened in between."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import cgroups, faults, layout, machine, manage, network, status, supervise
from sandbox.layout import CONTROL_PLANE, Sandbox
from sandbox.paths import run_root
from sandbox.progress import Silent
from tests.accept.sandboxes import ROOT, TOOLBOX, eventually, kubectl, listed, on_node, remains, roadworthy

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.geteuid() != 0, reason="the sandbox is made of namespaces: it needs root"),
]
NAME = "repair"
#: Processes that are killed, and seconds after which `up` is interrupted, where there is more time than in CI.
OTHERS = ("kube-apiserver", "containerd", "kube-proxy", "runsv", "runsvdir")
MOMENTS = (0.15, 1.0, 1.7, 3.0, 6.0)


def up() -> Sandbox:
    return manage.up(NAME, nodes=3, progress=Silent()).sandbox


@pytest.fixture(scope="module", autouse=True)
def gone_at_the_end() -> Iterator[None]:
    yield
    manage.down(NAME)


@pytest.fixture
def sandbox() -> Sandbox:
    """As it is now: one that was made again may have got another network."""
    return up()


def healthy(sandbox: Sandbox) -> None:
    seen = status.read(sandbox)
    assert seen["healthy"], seen["complaints"]
    assert len(listed(sandbox, "nodes")) == 3


def processes(sandbox: Sandbox, *names: str) -> list[int]:
    found = []
    for pid in cgroups.pids(sandbox.name):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() in names:
                found.append(pid)
    return found


def test_up_again_changes_nothing(sandbox: Sandbox) -> None:
    before = machine.inits(sandbox)
    versions = [item["metadata"]["resourceVersion"] for item in listed(sandbox, "deployments", "-A")]
    started = time.monotonic()
    up()
    assert time.monotonic() - started < 15  # two on an idle machine
    assert machine.inits(sandbox) == before
    assert [item["metadata"]["resourceVersion"] for item in listed(sandbox, "deployments", "-A")] == versions


@pytest.mark.parametrize(
    "victim",
    ["etcd", "kubelet", *(pytest.param(each, marks=pytest.mark.long) for each in OTHERS)],
)
def test_up_after_a_process_was_killed(sandbox: Sandbox, victim: str) -> None:
    comm = victim[:15]
    chosen = processes(sandbox, comm)
    assert chosen, victim
    os.kill(random.choice(chosen), signal.SIGKILL)  # noqa: S311 - any of them
    healthy(up())


def test_up_after_a_reboot(sandbox: Sandbox) -> None:
    def boots() -> dict[str, str]:
        return {item["metadata"]["name"]: item["status"]["nodeInfo"]["bootID"] for item in listed(sandbox, "nodes")}

    kubectl(sandbox, "create", "configmap", "kept")
    before = boots()
    # All processes, mounts, namespaces, links and routes, and what is in /run; the API server says of every node what
    # was true before.
    machine.kill(sandbox)
    network.remove(NAME, sandbox.link)
    subprocess.run(["ip", "route", "del", "unreachable", sandbox.network], check=True)
    shutil.rmtree(sandbox.paths.run, ignore_errors=True)
    run_root().mkdir(exist_ok=True)
    (run_root() / f"{NAME}.lock").write_text("left by a process of the last boot")
    healthy(up())
    kubectl(sandbox, "get", "configmap", "kept")
    after = boots()
    assert after == {name: machine.boot_id(sandbox, name) for name in sandbox.node_names}
    assert not set(after.values()) & set(before.values())
    route = subprocess.run(["ip", "route", "show", "type", "unreachable"], capture_output=True, text=True, check=True)
    assert sandbox.network in route.stdout


def test_up_after_services_cables_and_routes_went(sandbox: Sandbox) -> None:
    # A node has a route to its own pods from the first of them on: after a reboot there may be none on this one.
    pinned = json.dumps({"spec": {"nodeName": "node-3"}})
    kubectl(sandbox, "run", "there", f"--image={TOOLBOX}", f"--overrides={pinned}", "--", "sleep", "infinity")
    kubectl(sandbox, "wait", "pod/there", "--for=condition=Ready", "--timeout=60s")
    faults.inject(sandbox, "stop-kubelet", "node-1")
    supervise.stop(sandbox, CONTROL_PLANE, "kube-scheduler")
    network.plug(sandbox, "node-2", connected=False)
    subprocess.run(["ip", "-n", sandbox.netns("node-3"), "route", "flush", "root", sandbox.pods], check=True)
    subprocess.run(["ip", "route", "flush", "root", sandbox.pods], check=True)
    assert not status.read(sandbox)["healthy"]
    healthy(up())
    for node in sandbox.node_names:
        assert f"{sandbox.pod_range(node)} " in on_node(sandbox, "node-3", "ip route"), (
            "node-3 doesn't reach these pods"
        )
    on_node(sandbox, "node-2", "true")
    kubectl(sandbox, "delete", "pod", "there", "--now")
    assert status.read(sandbox)["faults"] == []


@pytest.mark.long
def test_up_over_leftovers(sandbox: Sandbox) -> None:
    manage.down(NAME)
    switch = sandbox.netns(network.SWITCH)
    network.NETNS.mkdir(exist_ok=True)
    (network.NETNS / switch).touch()
    subprocess.run(["ip", "netns", "add", sandbox.netns("node-1")], check=True)
    subprocess.run(["ip", "link", "add", sandbox.link, "type", "veth", "peer", "name", "rw-other"], check=True)
    cgroups.create(NAME, "node-2")
    healthy(up())


@pytest.mark.parametrize("after", [0.5, *(pytest.param(each, marks=pytest.mark.long) for each in MOMENTS)])
def test_interrupted_while_coming_up(sandbox: Sandbox, after: float) -> None:
    manage.down(NAME)
    process = subprocess.Popen(roadworthy("up", "--name", NAME, "--nodes", "3"), cwd=ROOT, start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    time.sleep(0.4 + after)
    # As from a terminal: the whole group gets it.
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=30)
    if after in {0.5, 3.0}:
        manage.down(NAME)
        assert remains(NAME, sandbox.link) == []
    healthy(up())


@pytest.mark.long
def test_interrupted_while_going_down(sandbox: Sandbox) -> None:
    process = subprocess.Popen(roadworthy("down", "--name", NAME), cwd=ROOT, start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    time.sleep(0.7)
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=30)
    manage.down(NAME)
    assert remains(NAME, sandbox.link) == []
    healthy(up())  # a new one: another sandbox may have taken its network meanwhile


def test_down_leaves_nothing_but_the_unreachable_route(sandbox: Sandbox) -> None:
    started = time.monotonic()
    manage.down(NAME)
    assert time.monotonic() - started < 10
    assert remains(NAME, sandbox.link) == []
    assert layout.load(NAME) is None
    for address in (sandbox.address("node-1"), f"{sandbox.prefix}.16.1", f"{sandbox.prefix}.128.9"):
        route = subprocess.run(["ip", "route", "get", address], capture_output=True, text=True, check=False)
        assert route.returncode == 2, route.stdout
        assert "No route to host" in route.stderr
    assert not manage.down(NAME)
    up()


def test_faults_and_their_undo(sandbox: Sandbox) -> None:
    def workload() -> str:
        item = listed(sandbox, "deployments", "-n", "ingress")[0]
        return str(item["spec"])

    before = workload()
    kubectl(sandbox, "create", "configmap", "settings", "--from-literal=a=1")
    injected = [
        faults.inject(sandbox, "bad-image", "ingress", "Deployment/traefik"),
        faults.inject(sandbox, "scale-zero", "ingress", "Deployment/traefik"),
        faults.inject(sandbox, "corrupt-config", "default", "settings", "a"),
        faults.inject(sandbox, "expired-certificate", "ingress", "wildcard-tls"),
        faults.inject(sandbox, "cut-network", "node-3"),
        faults.inject(sandbox, "kill-runtime", "node-2"),
    ]
    assert len(set(injected)) == 6
    assert workload() != before
    assert len(status.read(sandbox)["faults"]) == 6
    assert len(faults.undo(sandbox)) == 6
    assert workload() == before
    assert kubectl(sandbox, "get", "configmap", "settings", "-o", "jsonpath={.data.a}") == "1"
    eventually(lambda: status.read(sandbox)["healthy"], 60)
    assert status.read(sandbox)["faults"] == []
