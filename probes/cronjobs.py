"""CronJobs: by which schedule they run, whether somebody stopped them, and how their last runs ended."""

from __future__ import annotations

from dataclasses import dataclass

from probes.moments import ago, epoch
from probes.services import described, waiting
from probes.words import short, told
from roadworthy.cluster import Cluster, Obj


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A CronJob; times are seconds since the epoch, 0.0 for never. ``failed``: how its newest run ended, if badly."""

    namespace: str
    name: str
    uid: str
    schedule: str
    suspended: bool
    created: float
    last_started: float
    last_succeeded: float
    failed: str

    def __str__(self) -> str:
        """Return ``CronJob namespace/name``."""
        return f"CronJob {self.namespace}/{self.name}"

    def history(self, now: float) -> str:
        """Return when it last succeeded, and how its newest run failed, if it did."""
        words = f"last succeeded {ago(now - self.last_succeeded)} ago" if self.last_succeeded else "has never succeeded"
        return f"it {words}" + (f"; its newest run failed: {self.failed}" if self.failed else "")


def name_of(cluster: Cluster, service: str) -> tuple[str, str]:
    """Return the namespace and name of a service's CronJob, as the profile says (by default the service's own name)."""
    told_of = described(cluster, service)
    return told_of.namespace, str(told_of.settings.get("cronjob", service))


def scheduled(cluster: Cluster, service: str) -> Scheduled:
    """Return the CronJob of a service of the profile; AssertionError when there is none."""
    namespace, name = name_of(cluster, service)
    found = cluster.get("CronJob", name, namespace=namespace)
    if found is None:
        where = f"CronJob {namespace}/{name}"
        raise AssertionError(told(f"{service} has its CronJob", seen="none", where=where, todo=f"install {service}"))
    return _scheduled(cluster, found)


def _scheduled(cluster: Cluster, found: Obj) -> Scheduled:
    meta, spec, status = found["metadata"], found["spec"], found.get("status", {})
    return Scheduled(
        namespace=str(meta["namespace"]),
        name=str(meta["name"]),
        uid=str(meta["uid"]),
        schedule=str(spec["schedule"]),
        suspended=bool(spec.get("suspend")),
        created=epoch(meta.get("creationTimestamp")),
        last_started=epoch(status.get("lastScheduleTime")),
        last_succeeded=epoch(status.get("lastSuccessfulTime")),
        failed=_failure(cluster, found),
    )


def _failure(cluster: Cluster, cronjob: Obj) -> str:
    """Return how the newest of its Jobs failed; empty when it did not."""
    namespace, uid = cronjob["metadata"]["namespace"], cronjob["metadata"]["uid"]
    jobs = [job for job in cluster.list("Job", namespace=namespace) if _owned(job, uid)]
    newest = max(jobs, key=lambda job: epoch(job["metadata"].get("creationTimestamp")), default=None)
    return failure(cluster, newest) if newest is not None else ""


def failure(cluster: Cluster, job: Obj) -> str:
    """Return why a Job failed, in its own words and its newest pod's; empty when it hasn't."""
    failed = [each for each in job.get("status", {}).get("conditions") or () if each["type"] == "Failed"]
    if not any(each["status"] == "True" for each in failed):
        return ""
    pods = [
        pod
        for pod in cluster.list("Pod", namespace=job["metadata"]["namespace"])
        if _owned(pod, job["metadata"]["uid"])
    ]
    newest = max(pods, key=lambda pod: epoch(pod["metadata"].get("creationTimestamp")), default=None)
    words = f"{failed[0].get('reason', '')}: {failed[0].get('message', '')}"
    if newest is None:
        return words
    said = short(cluster.logs(newest["metadata"]["namespace"], newest["metadata"]["name"], tail=5), 200)
    return f"{words}; pod {newest['metadata']['name']}: {waiting(newest)}; it said: {said or 'nothing'}"


def _owned(thing: Obj, uid: str) -> bool:
    return any(owner.get("uid") == uid for owner in thing["metadata"].get("ownerReferences") or ())
