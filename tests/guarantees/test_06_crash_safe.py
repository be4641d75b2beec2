"""Promise 6: intent is on the disk before the act; wherever a run is killed, the next one gets to the same end."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from roadworthy import halfway, process
from tests.guarantees import toys
from tests.guarantees.field import Field
from tests.guarantees.ground import MERGE, eventually

pytestmark = pytest.mark.guarantee(6)

#: Lines that a clean run of ``long_way`` writes: intent and result of five Changes, and the pass.
LINES = 11
WORK = [["guard/way", "way", ["long_way"]], ["guard/nodes", "node", ["uncordon"]]]


def prepare(field: Field) -> list[str]:
    """Break what is to be repaired; return the order of the runner that repairs it, slowly enough to be hit."""
    field.workload()
    field.wrong()
    body = {"spec": {"unschedulable": None}, "metadata": {"annotations": {halfway.CORDONED_BY: None}}}
    field.defer(lambda: field.admin.ask("PATCH", f"/api/v1/nodes/{toys.NODE}", body, MERGE))
    field.proxy.fail(lambda seen: seen.writes, delay=0.25)
    field.proxy.fail(lambda _: True, delay=0.03)
    return field.order(work=WORK)


def state(field: Field) -> dict[str, Any]:
    """Return everything that a run leaves behind, whether it was clean or not."""
    node = field.admin.get(f"/api/v1/nodes/{toys.NODE}")
    web = field.admin.get(f"/apis/apps/v1/namespaces/{field.home}/deployments/web")
    marked = field.admin.ask("GET", "/api/v1/namespaces?labelSelector=roadworthy.dev%2Fmarker")[1]["items"]
    holder = str(field.lease().get("holderIdentity", ""))
    return {
        "map": field.admin.map(field.home, "wanted"),
        "replicas": web["spec"]["replicas"],
        "image": web["spec"]["template"]["spec"]["containers"][0]["image"],
        "cordoned": node["spec"].get("unschedulable", False),
        "cordoned by": (node["metadata"].get("annotations") or {}).get(halfway.CORDONED_BY),
        "lease": "" if process.dead(holder.partition("@")[2]) else holder,  # a dead holder's is nobody's
        "markers": len(marked),
        "private folders": sorted(str(each) for each in (field.folder / "runtime").glob("roadworthy-private-*")),
        "processes": orphans(field.folder / "runtime"),
    }


def orphans(runtime: Path) -> list[str]:
    """Return the processes that were started with this test's runtime folder and live."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if str(runtime).encode() in (each / "environ").read_bytes():
                found.append(f"{each.name} {(each / 'comm').read_text().strip()}")
        except OSError:
            continue
    return found


CLEAN = {
    "map": {"k": "right"},
    "replicas": 1,
    "image": "sandbox.local/toolbox:1.35.0",
    "cordoned": False,
    "cordoned by": None,
    "lease": "",
    "markers": 0,
    "private folders": [],
    "processes": [],
}


@pytest.mark.short
def test_a_clean_run(field: Field) -> None:
    """What the others are compared with."""
    said = field.run(prepare(field))
    assert "guard/way: converged" in said
    assert state(field) == CLEAN
    assert field.kinds() == ["intent", "result"] * 5 + ["pass"]


@pytest.mark.short
@pytest.mark.ci
def test_no_write_without_its_intent_on_the_disk(field: Field) -> None:
    """Whenever a write reaches the proxy, its intent is in the journal's file already; a full disk stops everything."""
    order = prepare(field)
    missing: list[str] = []

    def look() -> None:
        open_intents = [entry for entry in field.entries() if entry["kind"] == "intent"]
        done = [entry for entry in field.entries() if entry["kind"] == "result"]
        if len(open_intents) != len(done) + 1:
            missing.append(str(field.kinds()))

    field.proxy.faults.insert(0, field.proxy.fail(lambda seen: seen.writes and "leases" not in seen.path, then=look))
    field.run(order)
    assert not missing
    assert len([each for each in field.audit.writes() if each.code < 300]) == 5


@pytest.mark.long
@pytest.mark.parametrize("line", range(1, LINES + 1))
def test_killed_at_every_boundary(field: Field, line: int) -> None:
    """SIGKILL as soon as line N is on the disk: the next run's end state is a clean run's; each act had its intent."""
    order = prepare(field)
    first = field.start(order)
    eventually(lambda: len(field.entries()) >= line or first.poll() is not None, 90, 0.001)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    done = len([each for each in field.audit.writes() if each.code < 300])
    written = field.kinds()
    assert written.count("result") <= done <= written.count("intent")
    field.run(order)
    assert state(field) == CLEAN
    kinds = field.kinds()
    left = written.count("intent") - written.count("result")
    assert kinds.count("abandoned") == left
    assert kinds.count("intent") == kinds.count("result") + left
    before = len(field.audit.writes())
    field.run(order)  # and there is nothing left to do
    assert len(field.audit.writes()) == before


@pytest.mark.short
@pytest.mark.parametrize(("line", "halves"), [(2, ["uncordon"]), (4, ["uncordon", "scale back"])])
def test_what_a_killed_run_left_half_done_is_finished_and_told(field: Field, line: int, halves: list[str]) -> None:
    """SIGKILL after the cordon, or between scale-down and scale-up, and nothing fails by it afterwards: the next run
    knows both for ours by what is written on the objects, finishes them before anything else, and says so."""
    order = prepare(field)
    first = field.start(order)
    eventually(lambda: len(field.entries()) >= line, 90, 0.001)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    dead = field.entries()[0]["run"]
    theirs = {"spec": {"unschedulable": True}}  # an administrator's cordon, on another node, is his
    field.defer(lambda: field.admin.ask("PATCH", "/api/v1/nodes/node-1", {"spec": {"unschedulable": None}}, MERGE))
    assert field.admin.ask("PATCH", "/api/v1/nodes/node-1", theirs, MERGE)[0] == 200
    field.admin.put_map(field.home, "wanted", k="right")
    field.journal.rename(field.journal.with_name("elsewhere"))  # the objects alone have to tell
    field.proxy.faults.clear()
    said = field.run(field.order())
    assert state(field) == CLEAN
    assert [entry["verb"] for entry in field.entries() if entry["kind"] == "intent"] == halves
    assert said.count(f"our run {dead}") == len(halves)
    assert field.admin.get("/api/v1/nodes/node-1")["spec"].get("unschedulable")


@pytest.mark.short
def test_a_run_at_work_finishes_its_own_halves(field: Field) -> None:
    """Its marks are on the objects and it holds the Lease: another run that starts meanwhile leaves them alone."""
    order = prepare(field)
    first = field.start(order)
    eventually(lambda: len(field.entries()) >= 4, 90, 0.001)
    os.kill(first.pid, signal.SIGSTOP)
    said = field.run(field.order(work=[["guard/nothing", "way", []]], options={"wait_for_lease": 0.0}))
    assert "left as it is: one remediator at a time" in said
    os.kill(first.pid, signal.SIGCONT)
    told, _ = first.communicate(timeout=120)
    assert "guard/way: converged" in told
    assert state(field) == CLEAN


@pytest.mark.short
def test_a_torn_line_is_cut_off_and_told(field: Field) -> None:
    """A writer that was killed within a line: the next one mends the journal, and the chain holds."""
    from roadworthy.converge.journal import Journal

    journal = Journal(field.journal / "guard.jsonl", "run-1")
    journal.write("pass", criterion="x")
    with journal.path.open("ab") as file:
        file.write(b'{"number": 2, "kind": "int')
    field.wrong()
    field.run(field.order())
    assert field.kinds() == ["pass", "mended", "intent", "result", "pass"]
    assert journal.verify() == 5


@pytest.mark.short
def test_a_changed_line_stops_everything(field: Field) -> None:
    """Nothing is repaired on a journal whose chain is broken; file and line are named."""
    from roadworthy.converge.journal import Journal

    journal = Journal(field.journal / "guard.jsonl", "run-1")
    for number in range(3):
        journal.write("pass", criterion=str(number))
    lines = journal.path.read_text().splitlines(keepends=True)
    journal.path.write_text("".join([lines[0], lines[1].replace('"1"', '"2"'), lines[2]]))
    field.wrong()
    child = field.start(field.order())
    said, _ = child.communicate(timeout=120)
    assert child.returncode
    assert f"{journal.path}:2" in said
    assert field.audit.writes(lease=True) == []
