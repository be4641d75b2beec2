"""A backup is made now, by the schedule's own job. ``@remedy:back_up_now.etcd-snapshots``.

For a backup that is too old, damaged or not complete. Nothing is deleted from here: what the job itself sets aside or
prunes, it does after the new backup has been checked, so that the only good one is never lost.
"""

from __future__ import annotations

import hashlib

from probes.cronjobs import failure, scheduled
from probes.marks.runs import manifest
from probes.moments import epoch
from remediation._common import refuse
from roadworthy.case import Case, Changes
from roadworthy.change import Apply, Change, Target
from roadworthy.cluster import Cluster
from roadworthy.markers import run_id

RIGHTS: tuple[str, ...] = ("apply jobs.batch",)

#: How long the job may take before the criterion is judged again, seconds.
ENDS = 600.0


def remedy(case: Case) -> Changes:
    """Run a service's CronJob now, unless somebody suspended it or it is at work."""
    cluster, service = case.cluster, case.argument
    try:
        found = scheduled(cluster, service)
    except AssertionError:
        return  # there is nothing that could be run: its installer is the remedy
    if found.suspended:
        refuse("the job may be run", [f"{found} is suspended: somebody wants no backup, or forgot that he did"])
    # One job for each criterion and run: that a backup didn't help the one says nothing about the other.
    own = hashlib.sha256(case.criterion.encode()).hexdigest()[:4]
    name = f"{found.name[:28]}-{own}-{run_id()}"
    if cluster.fresh("Job", name, namespace=found.namespace) is not None:
        return  # this run has done so already, and it didn't help
    target = Target("Job", name, found.namespace, api_version="batch/v1")
    outcome = yield Change(
        verb="run",
        target=target,
        action=Apply(manifest(cluster, service, name)),
        why=f"{case.message.partition(';')[0]}: it isn't so, and {found.history(cluster.now())}",
        before={"last_succeeded": found.last_succeeded},
        after={"job": name},
        blast_radius=(str(target), str(found)),
        component=service,
    )
    if outcome is not None and outcome.done:
        _wait(cluster, found.namespace, name)


def _wait(cluster: Cluster, namespace: str, name: str) -> None:
    def over() -> None:
        job = cluster.get("Job", name, namespace=namespace)
        if job is None or not (epoch(job.get("status", {}).get("completionTime")) or failure(cluster, job)):
            raise AssertionError(f"Job {namespace}/{name} is at work")

    cluster.until(over, within=ENDS, kinds=("Job",), what=f"job {name}")
    job = cluster.get("Job", name, namespace=namespace)
    if job is not None and (why := failure(cluster, job)):
        refuse("a backup made now ends well", [why])
