"""What stands between a remedy and the cluster: each guard is one question, and its "no" is Refused.

``before_all`` asks about the run and the cluster (its "no" ends the ladder: Stopped), ``before`` about one Change.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from pathlib import Path

from roadworthy.change import Change, Delete
from roadworthy.cluster import connecting, workloads
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import budgets, held, keeping
from roadworthy.converge.deadline import Deadline
from roadworthy.converge.history import History
from roadworthy.converge.lease import Lease
from roadworthy.converge.limits import Limits
from roadworthy.converge.records import Stopped
from roadworthy.converge.spent import Spent
from roadworthy.errors import Refused

#: Annotation on the namespace kube-system that pauses every repair; its value is the reason.
PAUSE = "roadworthy.dev/pause"
#: A Change is not begun with less left of the Lease than this. Seconds.
LEAST_LEASE = 5.0


class Guard:
    """The guards of one run on one cluster; ``deadline`` counts the time for repairs."""

    def __init__(
        self,
        cluster: LiveCluster,
        limits: Limits,
        history: History,
        lease: Lease,
        *,
        pause_file: Path | None = None,
        spent: Spent | None = None,
    ) -> None:
        self._cluster, self._limits, self._history = cluster, limits, history
        self._lease, self._pause_file, self._spent = lease, pause_file, spent or Spent()
        self.deadline = Deadline(limits.deadline, self._spent)

    def made(self) -> None:
        """Count a Change."""
        with self._spent.counted() as used:
            used.changes += 1

    def before_all(self) -> None:
        """Raise Stopped when nothing at all may be changed now; the Lease is asked for last, just before the act."""
        try:
            self.deadline.check()
            self._right_cluster()
            self._not_paused()
            self._in_window()
            self._enough_healthy()
            self._changes_left()
            self._lease.check(LEAST_LEASE)
        except Refused as error:
            raise Stopped(error.expected, seen=error.seen, where=error.where, todo=error.todo) from error

    def before_undo(self) -> None:
        """Raise Refused when not even our own harm may be taken back now: another cluster, a pause, no Lease."""
        self._right_cluster()
        self._not_paused()
        self._lease.check(LEAST_LEASE)

    def before_ladder(self, criterion: str) -> None:
        """Raise Refused when a criterion has been repaired again and again, and none of it lasted."""
        repairs = self._history.repairs(criterion, self._limits.flap_window)
        if len(repairs) >= self._limits.flaps:
            raise Refused(
                f"a repair of {criterion} lasts",
                seen=f"{len(repairs)} repairs within {self._limits.flap_window:.0f} s, and it fails again: it flaps",
                todo="find out what undoes the repairs; a pass without one resets the count; limits.flaps",
            )

    def before(self, remedy: str, change: Change) -> None:
        """Raise Refused when this Change may not be made. Waits out a back-off or cool-down that is short enough."""
        keeping.check(change)
        held.check(self._cluster, change)
        self._reach(change)
        self._one_control_plane_node(change)
        self._evicted_not_deleted(change)
        self._attempts_left(remedy, change)
        self.deadline.wait(self._back_off(remedy, change))

    def preview(self, remedy: str, change: Change, criterion: str = "") -> str:
        """Return which guard would stop a Change; empty when none would. Waits for nothing, needs no Lease."""
        try:
            self._right_cluster()
            self._not_paused()
            self._in_window()
            self.before_ladder(criterion)
            self._enough_healthy()
            keeping.check(change)
            held.check(self._cluster, change)
            self._reach(change)
            self._one_control_plane_node(change)
            self._evicted_not_deleted(change)
            self._attempts_left(remedy, change)
        except Refused as error:
            return error.render()
        return ""

    def _right_cluster(self) -> None:
        connecting.writable(self._cluster)

    def _not_paused(self) -> None:
        namespace = self._cluster.fresh("v1/Namespace", "kube-system") or {}
        annotations = namespace.get("metadata", {}).get("annotations") or {}
        if PAUSE in annotations:
            todo = f"kubectl annotate ns kube-system {PAUSE}-"
            raise Refused("repairs are not paused", seen=annotations[PAUSE] or "no reason", where=PAUSE, todo=todo)
        if self._pause_file is not None and self._pause_file.exists():
            raise Refused(
                "repairs are not paused", seen="the pause file", where=str(self._pause_file), todo="remove it"
            )

    def _in_window(self) -> None:
        window = self._cluster.profile.maintenance if self._limits.in_window else None
        if window is not None and not window.holds(datetime.fromtimestamp(self._cluster.now(), UTC)):
            raise Refused(f"repairs happen in the maintenance window ({window})", where=self._cluster.profile.where)

    def _enough_healthy(self) -> None:
        """Many nodes down is a network or a power cut: repairing what it broke makes it worse."""
        nodes = self._cluster.list("v1/Node")
        down = [str(node["metadata"]["name"]) for node in nodes if not node_ready(node)]
        if nodes and len(down) / len(nodes) > self._limits.unhealthy_nodes:
            raise Refused(
                f"at most {self._limits.unhealthy_nodes:.0%} of the nodes are not Ready",
                seen=f"{len(down)} of {len(nodes)}: {', '.join(sorted(down))}",
                todo="look for what they have in common (power, network); limits.unhealthy_nodes",
            )

    def _changes_left(self) -> None:
        with self._spent.counted() as used:
            made = used.changes
        if made >= self._limits.changes:
            raise Refused(f"at most {self._limits.changes} Changes in a run", seen="all made", todo="limits.changes")

    def _reach(self, change: Change) -> None:
        felt = {*change.blast_radius, str(change.target)}
        if len(felt) > self._limits.blast_radius:
            limit = self._limits.blast_radius
            raise Refused(
                f"a Change is felt by at most {limit} objects", seen=str(len(felt)), todo="limits.blast_radius"
            )

    def _one_control_plane_node(self, change: Change) -> None:
        """A control-plane node is touched only while every other one is Ready."""
        planes = {node.name for node in self._cluster.profile.nodes if node.role == "control-plane"}
        if change.target.kind not in {"Host", "Node"} or change.target.name not in planes:
            return
        nodes = {str(node["metadata"]["name"]): node for node in self._cluster.list("v1/Node")}
        down = sorted(name for name in planes - {change.target.name} if name in nodes and not node_ready(nodes[name]))
        if down:
            raise Refused("one control-plane node at a time", seen=f"{', '.join(down)} is not Ready either")

    def _evicted_not_deleted(self, change: Change) -> None:
        """What a disruption budget protects is never deleted; a pod that isn't Ready serves nobody, and may be."""
        if change.target.kind != "Pod" or not isinstance(change.action, Delete):
            return
        pod = self._cluster.get("v1/Pod", change.target.name, namespace=change.target.namespace)
        if pod is not None and workloads.ready(pod) and (budget := budgets.protecting(self._cluster, pod)):
            seen = f"a deletion, and the budget {budget} selects it"
            raise Refused(f"{change.target} is evicted, not deleted", seen=seen, todo="the remedy has to yield Evict")

    def _attempts_left(self, remedy: str, change: Change) -> None:
        tried = self._history.attempts(remedy, change)
        if len(tried) >= self._limits.attempts:
            raise Refused(
                f"{remedy} is tried on {change.target} at most {self._limits.attempts} times",
                seen=f"{len(tried)} attempts within {self._limits.memory:.0f} s: gave up",
                todo="see to it by hand; a pass resets the count; limits.attempts",
            )

    def _back_off(self, remedy: str, change: Change) -> float:
        """Return how long to wait before this Change, seconds: exponential back-off with jitter, and the cool-down."""
        tried = self._history.attempts(remedy, change)
        now = time.time()
        cool = self._history.touched(change) + self._limits.cool_down - now
        if not tried:
            return max(0.0, cool)
        pause = min(self._limits.back_off * 2.0 ** (len(tried) - 1), self._limits.back_off_most)
        return max(0.0, cool, tried[-1] + pause * random.uniform(0.8, 1.2) - now)  # noqa: S311 - jitter


def node_ready(node: object) -> bool:
    """Whether a Node is Ready."""
    conditions = node.get("status", {}).get("conditions") or []  # type: ignore[attr-defined]
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
