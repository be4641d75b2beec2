"""Faults of what stores and makes backups: a bucket that is gone, a locked repository, a server killed half-way."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from roadworthy.errors import BadInput, TimedOut
from sandbox.api import path
from sandbox.faults.objects import get
from sandbox.faults.registry import Memory, Site, fault

Found = TypeVar("Found")
STORE, PORT = "object-store", 8333
VELERO, GROUP = "velero", "velero.io/v1"
BACKUPS = f"/apis/{GROUP}/namespaces/{VELERO}/backups"
REPOSITORIES = f"/apis/{GROUP}/namespaces/{VELERO}/backuprepositories"
#: How long a server may take to begin a backup. Seconds.
BEGINS = 60.0
#: How long a first backup may take to make its repository. Seconds.
STORED = 120.0


@fault("drop-bucket")
def drop_bucket(site: Site, bucket: str) -> Iterator[Memory]:
    """Delete a bucket of the object store with everything in it."""
    store = _store(site)
    if bucket not in {each["Name"] for each in store.list_buckets()["Buckets"]}:
        raise BadInput("a bucket that is there", seen=bucket)
    yield {"bucket": bucket}
    while found := store.list_objects_v2(Bucket=bucket).get("Contents"):
        store.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": each["Key"]} for each in found]})
    store.delete_bucket(Bucket=bucket)


@drop_bucket.undo
def _bucket_back(site: Site, memory: Memory) -> None:
    """Make it again, where no remedy has; what was in it stays gone, and Velero's repositories are to be made anew."""
    store = _store(site)
    if memory["bucket"] not in {each["Name"] for each in store.list_buckets()["Buckets"]}:
        store.create_bucket(Bucket=memory["bucket"])
        for each in site.api.get(REPOSITORIES)["items"]:
            site.api.call("DELETE", f"{REPOSITORIES}/{each['metadata']['name']}")


@fault("drop-lifecycle")
def drop_lifecycle(site: Site, bucket: str, days: str = "0") -> Iterator[Memory]:
    """Take a bucket's lifecycle away; DAYS: put a rule in its place that expires what is older."""
    store = _store(site)
    rules = store.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    yield {"bucket": bucket, "rules": rules}
    if int(days):
        rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": int(days)}}
        store.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [*rules, rule]})
    else:
        store.delete_bucket_lifecycle(Bucket=bucket)


@drop_lifecycle.undo
def _lifecycle_back(site: Site, memory: Memory) -> None:
    rules = {"Rules": memory["rules"]}
    _store(site).put_bucket_lifecycle_configuration(Bucket=memory["bucket"], LifecycleConfiguration=rules)


@fault("lock-repository")
def lock_repository(site: Site, message: str = "the repository is locked by another process") -> Iterator[Memory]:
    """Have a repository of volumes stand as one that can't be opened; where there is none yet, a backup makes one.

    Velero looks at those that aren't ready every five minutes, and would find that this one can be opened: its location
    is one that doesn't exist, which Velero passes over.
    """
    found = _repository(site)
    where = f"{REPOSITORIES}/{found['metadata']['name']}"
    yield {"where": where, "status": found.get("status", {}), "location": found["spec"]["backupStorageLocation"]}
    broken = {"phase": "NotReady", "message": message}
    site.api.patch(where, {"spec": {"backupStorageLocation": "nowhere"}, "status": broken})


@lock_repository.undo
def _unlock(site: Site, memory: Memory) -> None:
    if site.api.find(memory["where"]):
        spec = {"backupStorageLocation": memory["location"]}
        site.api.patch(memory["where"], {"spec": spec, "status": {"message": None, **memory["status"]}})


@fault("fail-backup")
def fail_backup(site: Site, schedule: str) -> Iterator[Memory]:
    """Have a schedule's newest backup be one that failed: it was to go to a place that doesn't exist."""
    template = get(site, f"/apis/{GROUP}/namespaces/{VELERO}/schedules/{schedule}")["spec"]["template"]
    name = f"{schedule}-failed-{int(time.time())}"
    yield {"where": f"{BACKUPS}/{name}"}
    _ask(site, name, {**template, "storageLocation": "nowhere"}, labels={"velero.io/schedule-name": schedule})


@fault("interrupt-backup")
def interrupt_backup(site: Site) -> Iterator[Memory]:
    """Begin a backup of everything, and take Velero's server away when it is half-way."""
    deployment = path("apps/v1", "Deployment", VELERO, "velero")
    replicas, name = get(site, deployment)["spec"].get("replicas", 1), f"interrupted-{int(time.time())}"
    where = f"{BACKUPS}/{name}"
    yield {"where": where, "deployment": deployment, "replicas": replicas or 1}
    _ask(site, name, {"ttl": "1h0m0s", "defaultVolumesToFsBackup": True})
    _await(lambda: _phase(get(site, where)) == "InProgress", f"the backup {name} begins", BEGINS, where)
    site.api.patch(deployment, {"spec": {"replicas": 0}})
    pods = path("v1", "Pod", VELERO)
    for pod in site.api.get(pods, labelSelector="app.kubernetes.io/name=velero")["items"]:
        # At once: a server that may end in its own time ends its backup first.
        site.api.call("DELETE", f"{pods}/{pod['metadata']['name']}", {"gracePeriodSeconds": 0})


@interrupt_backup.undo
def _resume(site: Site, memory: Memory) -> None:
    site.api.patch(memory["deployment"], {"spec": {"replicas": memory["replicas"]}})
    _forget(site, memory)


@fail_backup.undo
def _forget(site: Site, memory: Memory) -> None:
    if site.api.find(memory["where"]):
        site.api.call("DELETE", memory["where"])


def _repository(site: Site) -> dict[str, Any]:
    """Return a repository of volumes: the first, or that of the first pod's volume, after a backup kept for an hour."""
    if found := site.api.get(REPOSITORIES)["items"]:
        return dict(found[0])
    pods = [each for each in site.api.get(path("v1", "Pod"))["items"] if each["status"].get("phase") == "Running"]
    homes = [
        each["metadata"]["namespace"]
        for each in pods
        if any("persistentVolumeClaim" in volume for volume in each["spec"].get("volumes", ()))
    ]
    if not homes:
        raise BadInput("a repository of volumes, or a pod with a volume that could be stored in one", seen="none")
    name = f"repository-{int(time.time())}"
    _ask(site, name, {"ttl": "1h0m0s", "includedNamespaces": homes[:1], "defaultVolumesToFsBackup": True})

    def ready() -> dict[str, Any]:
        return next((dict(each) for each in site.api.get(REPOSITORIES)["items"] if _phase(each) == "Ready"), {})

    return _await(ready, f"a repository of {homes[0]} is Ready", STORED, f"{BACKUPS}/{name}")


def _ask(site: Site, name: str, spec: dict[str, Any], *, labels: dict[str, str] | None = None) -> None:
    meta = {"name": name, "namespace": VELERO, "labels": labels or {}}
    site.api.call("POST", BACKUPS, {"apiVersion": GROUP, "kind": "Backup", "metadata": meta, "spec": spec})


def _phase(item: dict[str, Any]) -> str:
    return str((item.get("status") or {}).get("phase", ""))


def _await(look: Callable[[], Found], what: str, seconds: float, where: str) -> Found:
    """Return the first thing that `look` finds.

    Raises:
        TimedOut: it has found nothing in time.

    """
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimedOut(f"{what} within {seconds:.0f} s", where=where)
        time.sleep(0.1)
    return found


def _store(site: Site) -> Any:
    """Return a client for the object store, at its Service's address and with its own keys."""
    import boto3
    from botocore.config import Config

    address = get(site, path("v1", "Service", STORE, STORE))["spec"]["clusterIP"]
    data = get(site, path("v1", "Secret", STORE, STORE))["data"]
    access, secret = (base64.b64decode(data[key]).decode() for key in ("access-key", "secret-key"))
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 2}, proxies={})
    session = boto3.session.Session(access, secret, region_name="us-east-1")
    return session.client("s3", endpoint_url=f"http://{address}:{PORT}", config=config)
