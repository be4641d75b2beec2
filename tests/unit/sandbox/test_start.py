"""What a start waits for, and how: without a process for each look, and by what was said since the present boot."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from roadworthy.errors import TimedOut
from sandbox import logs, machine, nodes, supervise
from sandbox.addons import readiness
from sandbox.layout import Sandbox


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADWORTHY_STATE", str(tmp_path / "state"))


class Answers:
    """An API that knows two nodes, each with what its kubelet said last."""

    def __init__(self, boots: dict[str, str]) -> None:
        self.boots = boots

    def wait(self, where: str, good: Callable[[dict[str, Any]], str], names: set[str], seconds: float) -> None:
        ready = [{"type": "Ready", "status": "True"}]
        told = {name: {"nodeInfo": {"bootID": self.boots[name]}, "conditions": ready} for name in sorted(names)}
        wrong = {name: good({"metadata": {"name": name}, "status": status}) for name, status in told.items()}
        if any(wrong.values()):
            raise TimedOut(
                f"{where} within {seconds} s", seen=str({name: text for name, text in wrong.items() if text})
            )


def booted(sandbox: Sandbox, **boots: str) -> Sandbox:
    for name, boot in boots.items():
        folder = sandbox.paths.machine(name.replace("_", "-"))
        folder.mkdir(parents=True)
        (folder / machine.BOOT_ID).write_text(f"{boot}\n")
    return sandbox


def test_what_a_node_said_before_it_booted_does_not_count() -> None:
    sandbox = booted(Sandbox("one", 0, nodes=2), node_1="a2", node_2="b1")
    with pytest.raises(TimedOut, match=r"node-1.*has not come back yet") as seen:
        nodes.wait_ready(sandbox, Answers({"node-1": "a1", "node-2": "b1"}))  # type: ignore[arg-type]
    assert "node-2" not in seen.value.seen
    nodes.wait_ready(sandbox, Answers({"node-1": "a2", "node-2": "b1"}))  # type: ignore[arg-type]


def test_a_node_that_never_booted_here_is_taken_at_its_word() -> None:
    nodes.wait_ready(Sandbox("one", 0, nodes=1), Answers({"node-1": "of the host"}))  # type: ignore[arg-type]


def pod(node: str, started: str, **metadata: str) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "ingress", "name": f"on-{node}", **metadata},
        "spec": {"nodeName": node},
        "status": {"containerStatuses": [{"ready": True, "state": {"running": {"startedAt": started}}}]},
    }


def test_a_pod_that_was_ready_before_its_node_booted_does_not_count() -> None:
    sandbox = booted(Sandbox("one", 0, nodes=3), node_1="a2", node_2="b1")
    booted_at = datetime(2026, 11, 29, 10, 0, 0, 600_000, tzinfo=UTC).timestamp()
    for name in ("node-1", "node-2"):
        os.utime(sandbox.paths.machine(name) / machine.BOOT_ID, (booted_at, booted_at))
    boots = machine.boots(sandbox)
    assert boots == {"node-1": booted_at, "node-2": booted_at}
    before, since = "2026-11-29T09:59:59Z", "2026-11-29T10:00:00Z"
    going = pod("node-2", before, deletionTimestamp=since)
    waiting = pod("node-2", before)
    waiting["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "ContainerCreating"}}
    pods = [pod("node-1", before), pod("node-2", since), going, waiting, pod("node-3", before)]
    assert list(readiness.outdated(pods, boots)) == ["ingress/on-node-1"]


def test_a_script_waits_for_a_port_without_starting_processes(tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        text = supervise.script(
            ["/bin/sh", "-c", f"date +%s.%N > {tmp_path}/started; ls /proc/self/fd > {tmp_path}/open"],
            environment={},
            ready=supervise.until(supervise.listening("127.0.0.1", port)),
        ).replace(logs.LOGS, str(tmp_path))
        file = tmp_path / "run"
        file.write_text(text)
        file.chmod(0o755)
        with subprocess.Popen([str(file)]) as process:
            threading.Timer(0.7, server.listen).start()
            time.sleep(0.5)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
            used = sum(map(int, Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[13:15]))
            listened = time.time() + 0.2
            assert process.wait(timeout=10) == 0
    assert children == ""
    assert used == 0, "the children of a script that waits took processor time"
    assert float((tmp_path / "started").read_text()) >= listened - 0.1
    # 0, 1, 2, and the one by which `ls` reads.
    assert len((tmp_path / "open").read_text().split()) == 4, "the pipe stayed open"


def test_a_script_that_waits_can_be_stopped(tmp_path: Path) -> None:
    file = tmp_path / "run"
    ready = supervise.until("false")
    file.write_text(supervise.script(["true"], environment={}, ready=ready).replace(logs.LOGS, str(tmp_path)))
    file.chmod(0o755)
    with subprocess.Popen([str(file)], start_new_session=True) as process:
        time.sleep(0.3)
        assert process.poll() is None
        os.kill(process.pid, 15)
        assert process.wait(timeout=5) == -15
