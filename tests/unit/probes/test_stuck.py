from typing import Any

import pytest

from probes import pod_states, stuck
from tests.unit.probes.doubles import cluster
from tests.unit.probes.shapes import event, node, pod, waiting

AN_HOUR = "2027-01-15T07:00:00Z"
JUST_NOW = "2027-01-15T07:59:50Z"


def test_a_well_pod_is_in_no_state() -> None:
    there = cluster(node("node-1"), pod("app-1"))
    assert all(
        not stuck.stuck_pods(there, state) for state in (pod_states.PENDING, pod_states.CRASH, pod_states.UNKNOWN)
    )


def test_a_pod_that_can_not_pull_names_the_cause_and_the_node() -> None:
    bad = pod("db-0", ready=False, phase="Pending", states=[waiting("ImagePullBackOff", "Back-off pulling image")])
    told = event("db-0", "Failed", 'Failed to pull image "x:1": rpc error: x:1: not found')
    (found,) = stuck.stuck_pods(cluster(node("node-1"), bad, told), pod_states.IMAGE)
    assert str(found).startswith("apps/db-0 on node-1 for 1 h: tag gone: Failed to pull image")


def test_a_pod_within_its_grace_is_waited_for() -> None:
    bad = pod("db-0", ready=False, phase="Pending", since=JUST_NOW, states=[waiting("ErrImagePull", "not found")])
    there = cluster(node("node-1"), bad)
    assert stuck.stuck_pods(there, pod_states.IMAGE)[0].seconds == pytest.approx(10)
    # The stand-in's `until` asks once: the pod is still within its grace, so it is not held against it.
    assert stuck.left(there, pod_states.IMAGE, 60) == ()


def test_a_pod_over_its_grace_is_left() -> None:
    bad = pod("db-0", ready=False, phase="Pending", since=AN_HOUR, states=[waiting("ErrImagePull", "not found")])
    assert [each.name for each in stuck.left(cluster(node("node-1"), bad), pod_states.IMAGE, 60)] == ["db-0"]


def test_graces_grow_with_the_time_factor() -> None:
    bad = pod("db-0", ready=False, phase="Pending", since=AN_HOUR, states=[waiting("ErrImagePull", "not found")])
    assert stuck.left(cluster(node("node-1"), bad, time_factor=100.0), pod_states.IMAGE, 60) == ()


def test_the_root_is_the_storage_pod_on_the_same_node() -> None:
    waits = pod("grafana-1", ready=False, phase="Pending", node="pi-3", states=[waiting("PodInitializing")])
    told = event("grafana-1", "FailedMount", "driver name driver.longhorn.io not found")
    sick = pod(
        "longhorn-manager-z2w76",
        "longhorn-system",
        ready=False,
        node="pi-3",
        phase="Pending",
        states=[waiting("ContainerCreating")],
    )
    found = stuck.stuck_pods(cluster(node("pi-3"), waits, told, sick), pod_states.PENDING)
    assert [each.name for each in found] == ["longhorn-manager-z2w76", "grafana-1"]
    assert found[1].root == "storage pod longhorn-system/longhorn-manager-z2w76 on the same node"
    assert "FailedMount: driver name" in found[1].cause


def test_the_root_is_the_node_when_it_does_not_report() -> None:
    lost = pod("app-1", ready=False, node="node-1")
    there = cluster(node("node-1", ready="Unknown", reason="NodeStatusUnknown"), lost)
    (found,) = stuck.stuck_pods(there, pod_states.UNKNOWN)
    assert found.root.startswith("node node-1, which is not ready (NodeStatusUnknown")


def test_a_container_that_ended_unseen_is_unknown() -> None:
    ended = {"name": "main", "state": {"terminated": {"exitCode": 255, "reason": "Unknown"}}}
    there = cluster(node("node-1"), pod("loki-0", ready=False, states=[ended]))
    assert stuck.stuck_pods(there, pod_states.UNKNOWN)[0].name == "loki-0"


def test_a_pod_that_should_be_gone_says_what_holds_it() -> None:
    going = pod("app-1", deletionTimestamp="2027-01-15T07:50:00Z", finalizers=["example.com/hold"])
    (found,) = stuck.stuck_pods(cluster(node("node-1"), going), pod_states.TERMINATING)
    assert found.seconds == pytest.approx(600)
    assert found.cause == "held by finalizers example.com/hold"


def test_being_ready_for_a_moment_does_not_reset_a_crash_loop() -> None:
    loops = pod("app-1", ready=False, since=JUST_NOW, states=[waiting("CrashLoopBackOff", exit_code=1)])
    backs_off = event("app-1", "BackOff", "Back-off restarting failed container", at="2027-01-15T07:55:00Z")
    (found,) = stuck.stuck_pods(cluster(node("node-1"), loops, backs_off), pod_states.CRASH)
    assert found.seconds == pytest.approx(300)
    assert "exit code 1" in found.cause


def test_a_pull_that_goes_on_is_not_stuck() -> None:
    pulls = pod("app-1", ready=False, phase="Pending", states=[waiting("ContainerCreating")])
    told = event("app-1", "Pulling", "Pulling image", kind="Normal")
    assert stuck.stuck_pods(cluster(node("node-1"), pulls, told), pod_states.PENDING) == ()


def test_a_pod_that_fits_on_no_node_says_why() -> None:
    homeless = pod("app-1", ready=False, phase="Pending", node="")
    homeless["status"]["conditions"] = [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/8 nodes are available"}
    ]
    (found,) = stuck.stuck_pods(cluster(homeless), pod_states.PENDING)
    assert str(found).startswith("apps/app-1 on no node for 1 h: Unschedulable: 0/8 nodes are available")


def test_pods_of_scenarios_themselves_and_finished_ones_do_not_count() -> None:
    own = pod("logger-1", ready=False, phase="Pending", labels={"roadworthy.dev/marker": "x"})
    done = pod("job-1", ready=False, phase="Succeeded")
    assert stuck.stuck_pods(cluster(node("node-1"), own, done), pod_states.PENDING) == ()


def crashed(state: Any, restarts: int = 3) -> Any:
    last = {"terminated": {"exitCode": 3, "reason": "Error"}}
    return {"name": "main", "image": "x", "imageID": "", "restartCount": restarts, "state": state, "lastState": last}


@pytest.mark.parametrize(
    "state",
    [{"terminated": {"exitCode": 3}}, {"running": {"startedAt": "2027-01-15T07:59:40Z"}}],
    ids=["ended", "runs"],
)
def test_a_moment_between_two_crashes_is_neither_held_against_a_pod_nor_taken_for_health(state: Any) -> None:
    there = cluster(node("node-1"), pod("app-1", states=[crashed(state)]))
    (found,) = stuck.stuck_pods(there, pod_states.CRASH)
    assert found.seconds == 0.0


@pytest.mark.parametrize(
    "status",
    [crashed({"running": {"startedAt": "2027-01-15T07:30:00Z"}}),
     crashed({"running": {"startedAt": "2027-01-15T07:59:50Z"}}, restarts=1)],
    ids=["recovered", "one restart"],
)  # fmt: skip
def test_a_program_that_has_recovered_is_well(status: Any) -> None:
    assert stuck.stuck_pods(cluster(node("node-1"), pod("app-1", states=[status])), pod_states.CRASH) == ()
