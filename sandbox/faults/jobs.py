"""Faults of backups that jobs make: runs that nobody remembers, and copies that somebody deleted."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from roadworthy.errors import BadInput
from sandbox.api import path
from sandbox.faults.objects import get
from sandbox.faults.registry import Memory, Site, fault

PORT = 8333
LONG_AGO = "2026-01-01T00:00:00Z"


@fault("forget-runs")
def forget_runs(site: Site, namespace: str, cronjob: str) -> Iterator[Memory]:
    """Have a CronJob whose last success was on the first of January, and that has run nothing since."""
    where = path("batch/v1", "CronJob", namespace, cronjob)
    found = get(site, where)
    yield {"where": where, "status": found.get("status", {})}
    jobs = path("batch/v1", "Job", namespace)
    for job in site.api.get(jobs)["items"]:
        owners = job["metadata"].get("ownerReferences") or ()
        if any(owner["uid"] == found["metadata"]["uid"] for owner in owners):
            site.api.call("DELETE", f"{jobs}/{job['metadata']['name']}", {"propagationPolicy": "Background"})
    site.api.patch(f"{where}/status", {"status": {"lastSuccessfulTime": LONG_AGO, "lastScheduleTime": LONG_AGO}})


@forget_runs.undo
def _remember(site: Site, memory: Memory) -> None:
    """Put back what it knew, unless it has succeeded since."""
    live = site.api.find(memory["where"])
    if live and live.get("status", {}).get("lastSuccessfulTime") == LONG_AGO:
        known = {key: memory["status"].get(key) for key in ("lastSuccessfulTime", "lastScheduleTime")}
        site.api.patch(f"{memory['where']}/status", {"status": known})


@fault("lose-objects")
def lose_objects(site: Site, namespace: str, service: str, bucket: str, count: str = "20") -> Iterator[Memory]:
    """Delete the newest COUNT objects of a bucket of an object store (its Service, and the Secret of the same name)."""
    store = _store(site, namespace, service)
    pages = store.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    there = [each for page in pages for each in page.get("Contents", ())]
    found = sorted(there, key=lambda each: each["LastModified"], reverse=True)[: int(count)]
    if not found:
        raise BadInput(f"objects in {bucket}", seen="none", todo="copy something there first")
    kept = {}
    for key in (each["Key"] for each in found):
        body = store.get_object(Bucket=bucket, Key=key)
        kept[key] = {"body": base64.b64encode(body["Body"].read()).decode(), "metadata": body.get("Metadata", {})}
    yield {"namespace": namespace, "service": service, "bucket": bucket, "kept": kept}
    for key in kept:
        store.delete_object(Bucket=bucket, Key=key)


@lose_objects.undo
def _found_again(site: Site, memory: Memory) -> None:
    """Put back those that nobody has put back since."""
    store, bucket = _store(site, memory["namespace"], memory["service"]), memory["bucket"]
    for key, each in memory["kept"].items():
        listed = store.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", ())
        if not any(item["Key"] == key for item in listed):
            body = base64.b64decode(each["body"])
            store.put_object(Bucket=bucket, Key=key, Body=body, Metadata=each["metadata"])


def _store(site: Site, namespace: str, service: str) -> Any:
    import boto3
    from botocore.config import Config

    address = get(site, path("v1", "Service", namespace, service))["spec"]["clusterIP"]
    data = get(site, path("v1", "Secret", namespace, service))["data"]
    access, secret = (base64.b64decode(data[key]).decode() for key in ("access-key", "secret-key"))
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 2}, proxies={})
    return boto3.client(
        "s3",
        endpoint_url=f"http://{address}:{PORT}",
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=config,
    )
