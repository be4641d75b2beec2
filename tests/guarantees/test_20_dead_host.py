"""Promise 20: the runner's host may die: the next runner, elsewhere, resumes once the lease has expired."""

from __future__ import annotations

import os
import shutil
import signal
from datetime import datetime

import pytest

from roadworthy import halfway
from tests.guarantees import toys
from tests.guarantees.field import Field
from tests.guarantees.ground import MERGE, eventually

LEASE = 12.0
pytestmark = [
    pytest.mark.guarantee(20),
    pytest.mark.short,
    pytest.mark.skipif(not shutil.which("unshare"), reason="another host is other namespaces"),
]


def test_the_next_runner_resumes_from_the_journal(field: Field) -> None:
    """A runner in other UTS and PID namespaces is killed with all of its "host"; ours can't tell that it is dead, waits
    until its lease has expired by the API server's log, tells what was begun, and gets to a clean run's end."""
    field.workload()
    field.wrong()
    body = {"spec": {"unschedulable": None}, "metadata": {"annotations": {halfway.CORDONED_BY: None}}}
    field.defer(lambda: field.admin.ask("PATCH", f"/api/v1/nodes/{toys.NODE}", body, MERGE))
    slow = field.proxy.fail(lambda seen: seen.writes and "leases" not in seen.path, delay=1.0)
    work = [["guard/way", "way", ["long_way"]], ["guard/nodes", "node", ["uncordon"]]]
    order = field.order(work=work, limits={"lease": LEASE})
    elsewhere = ["unshare", "--uts", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "sh", "-c"]
    dying = field.start([*elsewhere, 'hostname elsewhere && exec "$@"', "sh", *order])
    eventually(lambda: field.kinds().count("intent") == 3, 90, 0.01)
    os.killpg(dying.pid, signal.SIGKILL)
    dying.wait()
    holder = field.lease()["holderIdentity"]
    assert "elsewhere" in holder
    renewed = [each for each in field.audit.writes(lease=True) if each.lease][-1].at
    slow.times = 0
    before = len(field.audit.writes(lease=True))
    said = field.run(order)
    assert "guard/way: converged" in said
    taken = field.audit.writes(lease=True)[before]
    assert taken.lease
    waited = datetime.fromisoformat(taken.at) - datetime.fromisoformat(renewed)
    assert waited.total_seconds() >= LEASE
    assert field.right()
    node = field.admin.get(f"/api/v1/nodes/{toys.NODE}")
    assert not node["spec"].get("unschedulable")
    kinds = field.kinds()
    assert kinds.count("abandoned") == 1
    assert kinds.count("intent") == kinds.count("result") + 1


@pytest.mark.ci
def test_a_process_elsewhere_is_never_called_dead(field: Field) -> None:
    """Another boot, another host, another PID namespace: nobody is provably dead there, so nobody is robbed."""
    from roadworthy import process

    here, pid, start = process.identity().rsplit("/", 2)
    host, namespace = here.split("/")
    assert process.dead(f"{here}/{int(pid) + 10**6}/{start}")
    for who in (
        f"other/{namespace}/{pid}/1",
        f"{host}/00000000-{namespace.split('-')[1]}/{pid}/1",
        f"{host}/{namespace.split('-')[0]}-1/{pid}/1",
        "",
        "rubbish",
        f"{here}/x/1",
    ):
        assert not process.dead(who)
