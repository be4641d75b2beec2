"""The bucket of the backups is gone, or lost its quota or its lifecycle: it is made again, as the profile says.

What was in it doesn't come back by that: whoever deleted the bucket deleted the backups, and new ones have to be made.
What is in it isn't touched.
"""

from __future__ import annotations

from typing import Any

from probes import object_store, velero
from probes.object_store import SERVICE, Rule
from probes.services import described, pods_of
from remediation._common import refuse
from roadworthy import units
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Delete, Exec, Target
from roadworthy.s3_action import S3

#: What is changed: a quota is set in the store's own pod, all else by S3.
RIGHTS: tuple[str, ...] = ("get,create pods/exec", "delete backuprepositories.velero.io")

MIB = 2**20


def remedy(case: Case) -> Changes:
    """Make the bucket, set its quota, set its lifecycle: whatever is missing."""
    cluster, promise = case.cluster, case.cluster.profile.backups
    if promise.bucket not in object_store.buckets(cluster):
        why = f"the object store has no bucket {promise.bucket}"
        yield _call("make", case, "create_bucket", {}, why, None, "the bucket, empty")
        yield from _forget_repositories(case, why)
    quota, wanted = object_store.quota(cluster, promise.bucket), units.size(promise.quota)
    if abs(quota - wanted) >= MIB:
        yield _quota(case, quota, round(wanted / MIB))
    rules, days = object_store.lifecycle(cluster, promise.bucket), max(1, round(promise.incomplete_uploads / 86400))
    if not any(_right(rule, days) for rule in rules) or any(rule.expires for rule in rules):
        rule = {
            "ID": "incomplete-uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days},
        }
        was, after = [str(rule) for rule in rules], {"LifecycleConfiguration": {"Rules": [rule]}}
        why = f"the lifecycle of the bucket {promise.bucket} is {'; '.join(was) or 'none'}"
        yield _call("set", case, "put_bucket_lifecycle_configuration", after, why, was, [rule])


def _forget_repositories(case: Case, why: str) -> Changes:
    """Have Velero make its repositories of volumes anew: it would go on believing in those of the old bucket."""
    if velero.SERVICE not in case.cluster.profile.services:
        return
    for each in velero.repositories(case.cluster):
        target = Target("BackupRepository", each.name, velero.home(case.cluster), each.uid, "velero.io/v1")
        yield Change(
            verb="forget",
            target=target,
            action=Delete(),
            why=f"{why}: the repository that {each.name} leads to went with it",
            before={"phase": each.phase},
            blast_radius=(str(target),),
            component=velero.SERVICE,
        )


def _right(rule: Rule, days: int) -> bool:
    return rule.incomplete_uploads == days and not rule.prefix and not rule.expires


def _call(verb: str, case: Case, operation: str, more: dict[str, Any], why: str, before: Any, after: Any) -> Change:
    bucket = case.cluster.profile.backups.bucket
    target, action = Target("Bucket", bucket), S3(SERVICE, operation, {"Bucket": bucket, **more})
    blast = (str(target),)
    return Change(verb, target, action, why, before=before, after=after, blast_radius=blast, component=SERVICE)


def _quota(case: Case, quota: int, wanted: int) -> Change:
    """Set it by SeaweedFS's own shell; another server's has to be set with its own tool."""
    service, bucket = described(case.cluster, SERVICE), case.cluster.profile.backups.bucket
    server = str(service.settings.get("server", "seaweedfs"))
    if server != "seaweedfs":
        refuse("the quota can be set from here", [f"{server} sets it with its own tool: to {wanted} MiB on {bucket}"])
    pod = next(each for each in pods_of(case.cluster, SERVICE) if each.ready)
    live = case.cluster.get("Pod", pod.name, namespace=service.namespace)
    container = live["spec"]["containers"][0]["name"] if live else ""
    command = f"s3.bucket.quota -name={bucket} -op=set -sizeMB={wanted}\n"
    master = str(service.settings.get("master", "127.0.0.1:9333"))
    target = Target("Pod", pod.name, service.namespace, pod.uid)
    return Change(
        verb="set the quota",
        target=target,
        action=Exec(container, ("weed", "shell", f"-master={master}", "-filer=127.0.0.1:8888"), stdin=command),
        why=f"the bucket {bucket} may hold {f'{quota / MIB:.0f} MiB' if quota else 'anything'}, not {wanted} MiB",
        before={"quota": f"{quota / MIB:.0f} MiB"},
        after={"quota": f"{wanted} MiB"},
        blast_radius=(str(target), f"Bucket {bucket}"),
        component=SERVICE,
    )
