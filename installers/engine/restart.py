"""Pods that read a configuration which was not right: they may still run with what it held.

Helm puts a ConfigMap right, and a Secret is made anew, but nothing in the workload changes by it, so nothing restarts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from roadworthy.change import Change, Patch, Target
from roadworthy.cluster import Cluster, Obj

#: Where `kubectl rollout restart` writes, too.
ANNOTATION = "kubectl.kubernetes.io/restartedAt"
_CONFIGURATION = {"ConfigMap", "Secret"}
_WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet"}


def changes(cluster: Cluster, component: str, objects: Iterable[Obj], wrong: Iterable[Target]) -> Iterator[Change]:
    """Yield the restart of each workload that reads one of the ConfigMaps and Secrets that were ``wrong``."""
    names = {target.name: target for target in wrong if target.kind in _CONFIGURATION}
    for workload in objects:
        read = sorted(names.keys() & _read_by(workload)) if workload["kind"] in _WORKLOADS else []
        if not read:
            continue
        namespace = workload["metadata"].get("namespace") or names[read[0]].namespace
        target = Target(str(workload["kind"]), str(workload["metadata"]["name"]), namespace)
        now = dt.datetime.fromtimestamp(cluster.now(), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield Change(
            verb="restart",
            target=target,
            action=Patch({"spec": {"template": {"metadata": {"annotations": {ANNOTATION: now}}}}}),
            why=f"{component}: {target} may still run with what {', '.join(read)} held before it was put right",
            after={ANNOTATION: now},
            blast_radius=(str(target),),
            component=component,
        )


def _read_by(workload: Obj) -> set[str]:
    """Return the names of the ConfigMaps and Secrets that a workload's pods mount or take variables from."""
    pod = workload["spec"]["template"]["spec"]
    found: set[str] = set()
    for volume in pod.get("volumes") or ():
        sources = [volume, *(volume.get("projected") or {}).get("sources", ())]
        found |= {source["configMap"]["name"] for source in sources if "name" in source.get("configMap", {})}
        found |= {source["secret"].get("secretName", "") for source in sources if "secret" in source}
    for container in (*pod["containers"], *(pod.get("initContainers") or ())):
        for source in container.get("envFrom") or ():
            found |= {each["name"] for each in source.values() if isinstance(each, dict) and "name" in each}
        for variable in container.get("env") or ():
            found |= {each["name"] for each in (variable.get("valueFrom") or {}).values() if "name" in each}
    return found - {""}
