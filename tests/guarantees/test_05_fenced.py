"""Promise 5: what is under way when the lease expires comes to nothing, at the API server or with its process."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from roadworthy.case import Case, Changes
from roadworthy.change import Apply, Change, Delete, Patch, Scale, Target
from roadworthy.converge import writes
from tests.guarantees import toys
from tests.guarantees.field import Field
from tests.guarantees.ground import TOOLBOX, eventually

pytestmark = [pytest.mark.guarantee(5), pytest.mark.short]
LEASE = 12.0


def action(kind: str, home: str) -> tuple[Target, Any]:
    """Return what the late runner does: it would leave behind ``late``, or two pods."""
    wanted = Target("ConfigMap", "wanted", home)
    if kind == "patch":
        return wanted, Patch({"data": {"k": "late"}})
    if kind == "json-patch":
        return wanted, Patch([{"op": "replace", "path": "/data/k", "value": "late"}], "json")
    if kind == "apply":
        return wanted, Apply(toys.manifest(home, value="late"), force=True)
    return Target("Deployment", "web", home), Scale(2)


@pytest.mark.parametrize("kind", ["patch", "json-patch", "apply", "scale"])
def test_a_write_that_arrives_after_the_expiry_is_refused(
    field: Field, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A's write is held back past its lease; B repairs; A's arrives and is answered 409: B's work stands."""
    # Two leases and B's repair take 27 s of the 30 s for which A waits on an idle machine.
    monkeypatch.setattr(writes, "SECONDS", 120.0)
    field.wrong()
    if kind == "scale":
        field.workload()
    late = field.connect(field.profile(field.proxied, lease=LEASE))
    let_go = threading.Event()
    held = field.proxy.fail(lambda seen: seen.writes and "leases" not in seen.path, until=let_go)
    target, what = action(kind, field.home)

    def remedy(_: Case) -> Changes:
        yield Change("change", target, what, why="a toy")

    first = field.engine(late, {"remedy": remedy})
    first._lease.holder = "run-a@elsewhere/1-2/3/4"
    judge = toys.map_judge(late, field.home)
    thread = threading.Thread(target=first.converge, args=(field.case(late), [("remedy", "")], judge))
    thread.start()
    eventually(lambda: held.hits, 30)
    field.proxy.fail(lambda seen: "leases" in seen.path, lost="before")  # and A is cut off from its lease
    eventually(first._tools.lost.is_set, 30)

    other = field.connect(field.profile(lease=LEASE))
    second = field.engine(other)
    done = second.converge(field.case(other), [("put_map", "")], toys.map_judge(other, field.home))
    assert done.verdict.value == "converged", done.reason
    path = f"/apis/apps/v1/namespaces/{field.home}/deployments/web"
    if kind == "scale":  # B's run has it as it should be
        note = {"metadata": {"annotations": {"by": "b"}}}
        field.admin.ask("PATCH", path, note, "application/merge-patch+json")
    let_go.set()
    thread.join(60)
    written = field.audit.writes()
    assert [each.code for each in written].count(409) == 1, [str(each) for each in written]
    assert field.right()
    if kind == "scale":
        assert field.admin.get(path)["spec"]["replicas"] == 1
    assert [e["became"] for e in field.entries() if e["kind"] == "result"].count("refused") == 1


def test_a_status_that_moves_on_is_no_reason_to_refuse(field: Field) -> None:
    """Controllers write statuses all the time: a write whose object's status alone changed is made, once."""
    field.workload()
    cluster = field.connect(field.profile(field.proxied))
    path = f"/apis/apps/v1/namespaces/{field.home}/deployments/web/status"

    def busy() -> None:
        body = {"status": {"conditions": [{"type": "Busy", "status": "True"}]}}
        assert field.admin.ask("PATCH", path, body, "application/merge-patch+json")[0] == 200

    def remedy(_: Case) -> Changes:
        body = {"metadata": {"annotations": {"seen": "yes"}}}
        yield Change("note", Target("Deployment", "web", field.home), Patch(body), why="a toy")

    field.proxy.fail(lambda seen: seen.writes and "deployments" in seen.path, then=busy, times=2)
    field.wrong()
    judge = toys.map_judge(cluster, field.home)
    field.engine(cluster, {"remedy": remedy}).converge(field.case(cluster), [("remedy", "")], judge)
    assert [each.code for each in field.audit.writes()] == [409, 409, 200]


@pytest.mark.ci
def test_no_write_begins_when_the_reads_before_it_took_the_leases_time(field: Field) -> None:
    """The reads before it take longer than the lease lives: nothing is sent."""
    field.wrong()
    cluster = field.connect(field.profile(field.proxied, lease=LEASE))
    container = {"name": "c", "image": TOOLBOX}
    path = f"/api/v1/namespaces/{field.home}/pods"
    field.admin.make(
        path, {"metadata": {"name": "p"}, "spec": {"containers": [container], "nodeSelector": {"no": "node"}}}
    )

    def remedy(_: Case) -> Changes:
        yield Change("delete", Target("Pod", "p", field.home), Delete(), why="a toy")

    engine = field.engine(cluster, {"remedy": remedy})

    def slow() -> None:
        field.proxy.fail(lambda seen: "leases" in seen.path, lost="before")
        time.sleep(LEASE / 2)

    field.proxy.fail(lambda seen: seen.path == f"{path}/p", then=slow, times=2)
    engine.converge(field.case(cluster), [("remedy", "")], toys.map_judge(cluster, field.home))
    assert field.audit.writes() == []
    assert [e["became"] for e in field.entries() if e["kind"] == "result"] == ["refused"]


def test_a_childs_whole_group_ends_when_the_lease_is_lost(field: Field) -> None:
    """A tool that started a process of its own, both deaf to SIGTERM: none of them lives on."""
    from roadworthy.converge import tools as module
    from roadworthy.errors import Unknown

    field.wrong()
    cluster = field.connect(field.profile(field.proxied, lease=LEASE))
    engine, marks = field.engine(cluster), field.folder / "pids"
    engine._lease.acquire()
    script = "import os,signal,subprocess,sys,time\nsignal.signal(15, signal.SIG_IGN)\n"
    script += f"if len(sys.argv) < 2: subprocess.Popen([sys.executable, {str(field.folder / 'child.py')!r}, 'x'])\n"
    script += f"open({str(marks)!r}, 'a').write(f'{{os.getpid()}}\\n')\ntime.sleep(300)\n"
    (field.folder / "child.py").write_text(script)
    field.proxy.fail(lambda seen: "leases" in seen.path, lost="before")
    with pytest.raises(Unknown, match="lease was lost"):
        module.run(engine._tools, [sys.executable, str(field.folder / "child.py")], env={}, timeout=60, what="a tool")
    pids = marks.read_text().split()
    assert len(pids) == 2
    eventually(lambda: not [pid for pid in pids if _lives(pid)], 5)


def _lives(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False
