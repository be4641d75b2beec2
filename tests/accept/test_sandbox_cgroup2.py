"""A machine on cgroup v2: where the controllers belong to v1, it still has a few, and a machine boots all the same."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import cgroups, host, lock, machine, network, supervise
from sandbox.down import take_down
from sandbox.layout import Sandbox

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.geteuid() != 0, reason="the sandbox is made of namespaces: it needs root"),
]
SANDBOX = Sandbox("vtwo", 15, nodes=1)
NODE = "node-1"


@pytest.fixture
def unified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A real cgroup v2 hierarchy, whether or not the machine uses it itself."""
    mounted = tmp_path / "cgroup"
    mounted.mkdir()
    subprocess.run(["mount", "-t", "cgroup2", "none", str(mounted)], check=True)
    monkeypatch.setattr(cgroups, "MOUNT", mounted)
    try:
        with lock.held(SANDBOX.name):
            yield mounted
            take_down(SANDBOX.name)
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


def test_a_machine_is_the_root_of_its_own_hierarchy(unified: Path) -> None:
    SANDBOX.save()
    host.raise_limits()
    network.ensure_switch(SANDBOX)
    network.ensure_machine(SANDBOX, NODE)
    script = supervise.script(["/bin/sleep", "1000"], environment={})
    supervise.define(SANDBOX, NODE, {"sleeper": script})
    machine.start(SANDBOX, NODE, {}, {})
    pid = machine.inits(SANDBOX)[NODE]
    group = unified / "roadworthy" / SANDBOX.name / NODE
    offered = (unified / "cgroup.controllers").read_text().split()
    assert offered, "no controller to pass on"
    # All that the root has reaches what a kubelet would make below, and no process stands in its way.
    assert (group / "cgroup.procs").read_text() == ""
    assert set((group / "cgroup.subtree_control").read_text().split()) == set(offered)
    assert pid in cgroups.pids(SANDBOX.name, NODE)
    assert str(pid) in (group / "system" / "cgroup.procs").read_text().split()

    seen = Path(f"/proc/{pid}/root/sys/fs/cgroup")
    enter = ["nsenter", f"--target={pid}", "--mount", "--cgroup", "--pid"]

    def inside(words: str) -> str:
        command = [*enter, "sh", "-c", words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert inside("cat /proc/1/cgroup | grep ^0::").strip() == "0::/system"
    assert set(inside("cat /sys/fs/cgroup/cgroup.controllers").split()) == set(offered)
    inside("mkdir -p /sys/fs/cgroup/kubepods/besteffort/pod1")
    assert (group / "kubepods" / "besteffort" / "pod1").is_dir()
    assert seen.is_dir()
    deadline = time.monotonic() + 20
    while supervise.state(SANDBOX, NODE, "sleeper") != "run":
        assert time.monotonic() < deadline
        time.sleep(0.1)

    machine.kill(SANDBOX, (NODE,))
    assert not group.exists()
    assert machine.inits(SANDBOX) == {}
