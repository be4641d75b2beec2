"""Use of CPU and memory as the cluster's metrics API measures it."""

from __future__ import annotations

from dataclasses import dataclass

from probes.moments import epoch
from probes.nodes import live
from probes.quantities import quantity
from probes.words import short, told
from roadworthy.cluster import Cluster, Obj
from roadworthy.errors import Denied, Unknown

#: Both lists of the metrics API.
RIGHTS: tuple[str, ...] = ("list nodes.metrics.k8s.io", "list pods.metrics.k8s.io")

API = "/apis/metrics.k8s.io/v1beta1"


@dataclass(frozen=True, slots=True)
class Usage:
    """One measurement: CPU in millicores, memory in MiB, ``time`` in seconds since the epoch."""

    name: str
    cpu: float
    memory: float
    time: float

    def __str__(self) -> str:
        """Return ``12m, 24Mi``."""
        return f"{self.cpu:.0f}m, {self.memory:.0f}Mi"


def node_usage(cluster: Cluster) -> tuple[Usage, ...]:
    """Return the newest measurement of every node that has one."""
    return tuple(_usage(item, [item["usage"]]) for item in _items(cluster, f"{API}/nodes"))


def unmeasured(cluster: Cluster, seconds: float) -> tuple[str, ...]:
    """Return the nodes whose newest measurement is older than so many seconds, or missing, each with its age."""
    ages = {each.name: cluster.now() - each.time for each in node_usage(cluster)}
    names = [node.name for node in live(cluster)]
    never = [f"{name} (never)" for name in names if name not in ages]
    return (*never, *(f"{name} ({ages[name]:.0f} s)" for name in names if ages.get(name, 0.0) > seconds))


def pod_usage(cluster: Cluster, namespace: str, pod: str) -> Usage | None:
    """Return the newest measurement of a pod, all of its containers together; None when it has none yet."""
    for item in _items(cluster, f"{API}/namespaces/{namespace}/pods"):
        if item["metadata"]["name"] == pod:
            return _usage(item, [each["usage"] for each in item["containers"]])
    return None


def _items(cluster: Cluster, path: str) -> list[Obj]:
    todo = "look at APIService v1beta1.metrics.k8s.io and at metrics-server's log"
    try:
        answer = cluster.raw(path)
    except Denied:
        raise
    except Unknown as error:
        cluster.raw("/readyz")  # raises Unknown again when it is the API server itself that is in trouble
        message = told("the metrics API answers", seen=short(str(error)), where=path, todo=todo)
        raise AssertionError(message) from error
    if answer is None:
        raise AssertionError(told("the cluster has a metrics API", seen="404, no such API", where=path, todo=todo))
    return list(answer.get("items") or ())


def _usage(item: Obj, used: list[Obj]) -> Usage:
    return Usage(
        name=item["metadata"]["name"],
        cpu=sum(quantity(each["cpu"]) for each in used) * 1000,
        memory=sum(quantity(each["memory"]) for each in used) / 2**20,
        time=epoch(item["timestamp"]),
    )
