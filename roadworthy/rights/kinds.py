"""kind -> group and plural, without asking a cluster: roles are derived before anybody has been let in."""

from __future__ import annotations

_CORE = (
    "Pod Node Namespace Event Service Secret ConfigMap ServiceAccount Endpoints PersistentVolume "
    "PersistentVolumeClaim ReplicationController ResourceQuota LimitRange"
)
_GROUPS = {
    "": _CORE,
    "apps": "Deployment StatefulSet DaemonSet ReplicaSet ControllerRevision",
    "batch": "Job CronJob",
    "autoscaling": "HorizontalPodAutoscaler",
    "policy": "PodDisruptionBudget",
    "networking.k8s.io": "Ingress IngressClass NetworkPolicy",
    "storage.k8s.io": "StorageClass VolumeAttachment CSIDriver CSINode",
    "coordination.k8s.io": "Lease",
    "discovery.k8s.io": "EndpointSlice",
    "rbac.authorization.k8s.io": "Role RoleBinding ClusterRole ClusterRoleBinding",
    "apiextensions.k8s.io": "CustomResourceDefinition",
    "apiregistration.k8s.io": "APIService",
    "admissionregistration.k8s.io": "ValidatingWebhookConfiguration MutatingWebhookConfiguration",
    "scheduling.k8s.io": "PriorityClass",
    "metrics.k8s.io": "NodeMetrics PodMetrics",
}
_HOME = {kind: group for group, kinds in _GROUPS.items() for kind in kinds.split()}
_PLURALS = {"Endpoints": "endpoints", "NodeMetrics": "nodes", "PodMetrics": "pods"}


def resource(kind: str) -> tuple[str, str] | None:
    """Return (group, plural) of ``Pod``, ``apps/Deployment``, ``v1/Pod`` or ``longhorn.io/v1beta2/Node``.

    None for a bare kind that isn't Kubernetes' own.
    """
    *api, name = kind.split("/")
    if len(api) == 2:
        return api[0], plural(name)
    if api and api[0] != "v1":
        return api[0], plural(name)
    group = _HOME.get(name) if not api else ""
    return None if group is None else (group, plural(name))


def of_manifest(api_version: str, kind: str) -> tuple[str, str]:
    """Return (group, plural) of an object as a manifest names it."""
    group, _, version = api_version.rpartition("/")
    return (group if version else ""), plural(kind)


def plural(kind: str) -> str:
    """Return a kind's plural, as the rule of English has it: Kubernetes' own keep to it, and custom ones mostly."""
    word = kind.lower()
    if kind in _PLURALS:
        return _PLURALS[kind]
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else f"{word}s"
