"""Who a pod belongs to: its workload, and the Helm release that made the workload."""

from __future__ import annotations

from dataclasses import dataclass

from roadworthy.cluster import Cluster, Obj

#: Whoever may own a pod, or its owner.
RIGHTS: tuple[str, ...] = (
    "list,watch replicasets.apps",
    "list,watch deployments.apps",
    "list,watch statefulsets.apps",
    "list,watch daemonsets.apps",
    "list,watch jobs.batch",
    "list,watch cronjobs.batch",
)

RELEASE = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"

#: How far a chain of owners is followed: pod -> ReplicaSet -> Deployment -> an operator's object.
DEPTH = 5


@dataclass(frozen=True, slots=True)
class Workload:
    """The topmost controller of a pod (or the object itself).

    Attributes:
        kind: ``Deployment``, ``StatefulSet``, ``DaemonSet``, ``Job`` …; ``Pod`` for a pod that nobody owns.
        release: Helm release that made it; empty when Helm didn't.
        orphan: the owner that the chain names but the cluster doesn't have, as ``Kind name``; empty when all is well.

    """

    kind: str
    name: str
    namespace: str
    uid: str
    release: str = ""
    release_namespace: str = ""
    orphan: str = ""

    def __str__(self) -> str:
        """Return ``Kind namespace/name``."""
        return f"{self.kind} {self.namespace}/{self.name}"


def controller(obj: Obj) -> Obj | None:
    """Return the owner reference of an object's controller, if it has one."""
    for owner in obj["metadata"].get("ownerReferences", ()):
        if owner.get("controller"):
            reference: Obj = owner
            return reference
    return None


def reference_kind(owner: Obj) -> str:
    """Return an owner reference's kind as the facade wants it: ``Deployment``, or ``group/version/Kind``."""
    built_in = {"v1", "apps/v1", "batch/v1"}
    return str(owner["kind"]) if owner["apiVersion"] in built_in else f"{owner['apiVersion']}/{owner['kind']}"


def describe(kind: str, obj: Obj, *, orphan: str = "") -> Workload:
    """Return a workload's identity from the object itself."""
    metadata = obj["metadata"]
    notes = metadata.get("annotations") or {}
    return Workload(
        kind=kind,
        name=metadata["name"],
        namespace=metadata.get("namespace", ""),
        uid=metadata.get("uid", ""),
        release=notes.get(RELEASE, ""),
        release_namespace=notes.get(RELEASE_NAMESPACE, ""),
        orphan=orphan,
    )


def workload(cluster: Cluster, pod: Obj) -> Workload:
    """Return the topmost living controller of a pod; ``orphan`` says where the chain breaks off, if it does."""
    kind, current = "Pod", pod
    for _ in range(DEPTH):
        owner = controller(current)
        if owner is None:
            break
        where = current["metadata"].get("namespace", "")
        above = cluster.get(reference_kind(owner), owner["name"], namespace=where)
        if above is None or above["metadata"].get("uid") != owner.get("uid"):
            if owner["kind"] == "Node":  # a static pod: the node is its owner and its name is cluster-wide
                break
            return describe(kind, current, orphan=f"{owner['kind']} {owner['name']}")
        kind, current = owner["kind"], above
    return describe(kind, current)


def protected(cluster: Cluster, pod: Obj) -> str:
    """Return the name of a disruption budget that selects the pod; empty when none does."""
    labels = pod["metadata"].get("labels") or {}
    for budget in cluster.list("PodDisruptionBudget", namespace=pod["metadata"]["namespace"]):
        if selects(budget["spec"].get("selector"), labels):
            return str(budget["metadata"]["name"])
    return ""


def selects(selector: Obj | None, labels: Obj) -> bool:
    """Whether a label selector (``matchLabels``, ``matchExpressions``) selects these labels; None selects nothing."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_holds(rule, labels) for rule in selector.get("matchExpressions") or ())


def _holds(rule: Obj, labels: Obj) -> bool:
    key, values = rule["key"], rule.get("values") or ()
    match rule["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False
