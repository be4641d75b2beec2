"""A CronJob's own job, run now: what the schedule would do, with its image, its rights and its volumes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from probes.cronjobs import failure, scheduled
from probes.marks import marked
from probes.moments import epoch
from probes.words import few, told
from roadworthy.cluster import Cluster, Obj

#: So much of what a command prints is read.
LINES = 200


@dataclass(frozen=True, slots=True)
class Run:
    """A Job that ended well; times are seconds since the epoch."""

    namespace: str
    name: str
    began: float
    ended: float


def manifest(cluster: Cluster, service: str, name: str, command: Sequence[str] = ()) -> dict[str, Any]:
    """Return the Job that a service's CronJob would make, as its own (``kubectl create job --from`` does the same).

    With a ``command`` it is a Job of its own that runs that instead: the CronJob doesn't count it as a backup.
    """
    found = scheduled(cluster, service)
    cronjob = cluster.get("CronJob", found.name, namespace=found.namespace)
    template: Obj = (cronjob or {})["spec"]["jobTemplate"]
    meta = template.get("metadata", {})
    spec = copy.deepcopy(dict(template["spec"])) | {"backoffLimit": 0}
    metadata: dict[str, Any] = {"name": name, "namespace": found.namespace, "labels": dict(meta.get("labels") or {})}
    if command:
        spec["template"]["spec"]["containers"][0]["command"] = list(command)
    else:
        owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": found.name, "uid": found.uid}
        metadata["ownerReferences"] = [{**owner, "controller": True, "blockOwnerDeletion": True}]
        metadata["annotations"] = {**(meta.get("annotations") or {}), "cronjob.kubernetes.io/instantiate": "manual"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def run(cluster: Cluster, service: str, *, within: float) -> Run:
    """Run a service's CronJob now, and wait until it has ended well; AssertionError with its last words otherwise."""
    job = manifest(cluster, service, marked("run"))
    cluster.markers().create(job)
    return ended(cluster, job["metadata"]["namespace"], job["metadata"]["name"], within=within)


def said(cluster: Cluster, service: str, command: Sequence[str], *, within: float) -> list[str]:
    """Run a command where a service's CronJob would run, with its rights; return the lines that it printed.

    Raises:
        AssertionError: it didn't end well; with its last words.

    """
    job = manifest(cluster, service, marked("run"), command)
    namespace, name = job["metadata"]["namespace"], job["metadata"]["name"]
    cluster.markers().create(job)
    ended(cluster, namespace, name, within=within)
    pod = next(each for each in cluster.list("Pod", namespace=namespace, labels={"batch.kubernetes.io/job-name": name}))
    return cluster.logs(namespace, str(pod["metadata"]["name"]), tail=LINES).splitlines()


def ended(cluster: Cluster, namespace: str, name: str, *, within: float) -> Run:
    """Wait until a Job has ended well."""

    def over() -> Obj:
        job = cluster.get("Job", name, namespace=namespace)
        status = (job or {}).get("status", {})
        if job is None or not (status.get("completionTime") or failure(cluster, job)):
            pods = [pod for pod in cluster.list("Pod", namespace=namespace) if pod["metadata"]["name"].startswith(name)]
            states = [f"{pod['metadata']['name']} {pod.get('status', {}).get('phase', '')}" for pod in pods]
            raise AssertionError(told(f"the job {name} ends", seen=few(states), where=f"namespace {namespace}"))
        return job

    job = cluster.until(over, within=within, kinds=("Job", "Pod"), what=f"job {name}")
    if why := failure(cluster, job):
        raise AssertionError(told(f"the job {name} ends well", seen=why, where=f"Job {namespace}/{name}"))
    status = job["status"]
    return Run(namespace, name, epoch(status.get("startTime")), epoch(status.get("completionTime")))
