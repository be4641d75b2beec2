"""The object store: its buckets, whom it lets in, what it holds, and what it has been told about a bucket.

``settings.server`` of the profile's service says whose it is, where S3 has no word for a thing (a bucket's quota):
``seaweedfs`` (the default) or ``minio``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probes.services import described, pods_of
from probes.words import few, short, told
from roadworthy.cluster import Cluster, S3Refused
from roadworthy.errors import BadInput

SERVICE = "object-store"
#: What a store calls it that somebody may not do something: wrong secret, unknown key, no key, expired address.
SHUT = {"SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied"}
FORBIDDEN = {401, 403}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a bucket's lifecycle that is in force: whose objects it is about, and days (0: says nothing)."""

    name: str
    prefix: str
    incomplete_uploads: int
    expires: int
    old_versions: int

    def __str__(self) -> str:
        """Return it in words."""
        said = {"uploads given up after": self.incomplete_uploads, "expires after": self.expires}
        words = [f"{what} {days} d" for what, days in said.items() if days]
        words += [f"old versions go after {self.old_versions} d"] if self.old_versions else []
        return f"{self.name or 'a rule'} on {self.prefix or 'everything'}: {', '.join(words) or 'nothing'}"


def buckets(cluster: Cluster) -> tuple[str, ...]:
    """Return the names of all buckets."""
    listed = cluster.s3(SERVICE).call("list_buckets").get("Buckets") or []
    return tuple(sorted(str(each["Name"]) for each in listed))


def lets_in(cluster: Cluster, access_key: str, secret_key: str) -> bool:
    """Whether the store lets somebody with these keys list its buckets; AssertionError for any other trouble."""
    try:
        cluster.s3(SERVICE, access_key=access_key, secret_key=secret_key).call("list_buckets")
    except S3Refused as error:
        if error.code in SHUT or error.status in FORBIDDEN:
            return False
        raise
    return True


def user(cluster: Cluster) -> str:
    """Return the access key that the profile refers to."""
    reference = described(cluster, SERVICE).username
    if isinstance(reference, str):
        return reference
    return cluster.secret(reference.namespace, reference.name, reference.key)


def anonymous(cluster: Cluster, url: str) -> tuple[int, str]:
    """Return status and text of what whoever has a URL is answered."""
    reply = cluster.s3(SERVICE).fetch(url)
    return reply.status, reply.text


def lifecycle(cluster: Cluster, bucket: str) -> tuple[Rule, ...]:
    """Return the rules in force of a bucket; none where it has none."""
    try:
        found = cluster.s3(SERVICE).call("get_bucket_lifecycle_configuration", Bucket=bucket)
    except S3Refused as error:
        if error.code == "NoSuchLifecycleConfiguration":
            return ()
        raise
    return tuple(_rule(each) for each in found.get("Rules", ()) if each.get("Status") == "Enabled")


def quota(cluster: Cluster, bucket: str) -> int:
    """Return the most bytes that the store lets a bucket hold; 0 for no limit."""
    server = str(described(cluster, SERVICE).settings.get("server", "seaweedfs"))
    if server not in _QUOTAS:
        known, where = ", ".join(_QUOTAS), f"{cluster.profile.where}: services.{SERVICE}.settings.server"
        raise BadInput(f"a server whose quotas can be read: {known}", seen=server, where=where)
    return _QUOTAS[server](cluster, bucket)


def versions(cluster: Cluster, bucket: str, key: str) -> tuple[list[str], list[str]]:
    """Return the ids of a key's versions, the newest first, and of the marks of its deletion."""
    found = cluster.s3(SERVICE).call("list_object_versions", Bucket=bucket, Prefix=key)
    listed = [[str(each["VersionId"]) for each in found.get(kind) or [] if each["Key"] == key] for kind in _KINDS]
    return listed[0], listed[1]


_KINDS = ("Versions", "DeleteMarkers")


def _rule(rule: Mapping[str, Any]) -> Rule:
    chosen = rule.get("Filter") or {}
    prefix = rule.get("Prefix") or chosen.get("Prefix") or (chosen.get("And") or {}).get("Prefix") or ""
    expiry = rule.get("Expiration") or {}
    return Rule(
        str(rule.get("ID", "")),
        str(prefix),
        int((rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation", 0)),
        int(expiry.get("Days", 0)) or int(bool(expiry.get("Date"))),
        int((rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays", 0)),
    )


def _of_seaweedfs(cluster: Cluster, bucket: str) -> int:
    """Ask its shell, in its own pod: a quota is no matter of S3."""
    service, pod = described(cluster, SERVICE), next((p for p in pods_of(cluster, SERVICE) if p.ready), None)
    if pod is None:
        raise AssertionError(told("the object store has a ready pod", seen="none", where=service.workload))
    master = str(service.settings.get("master", "127.0.0.1:9333"))
    argv, asked = ["weed", "shell", f"-master={master}"], "s3.bucket.list\n"
    said = cluster.execute(service.namespace, pod.name, argv, stdin=asked, timeout=30.0)
    lines = [line.split() for line in said.stdout.splitlines()]
    mine = next((words for words in lines if words and words[0] == bucket), None)
    if mine is None:
        seen = few(words[0] for words in lines if words and len(words) > 1) if not said.code else short(said.stderr)
        raise AssertionError(told(f"SeaweedFS knows the bucket {bucket}", seen=seen, where=f"{pod.name}: weed shell"))
    found = re.search(r"quota:(\d+)", " ".join(mine))
    return int(found[1]) if found else 0


def _of_minio(cluster: Cluster, bucket: str) -> int:
    reply = cluster.s3(SERVICE).signed("GET", "/minio/admin/v3/get-bucket-quota", {"bucket": bucket})
    if reply.status != 200:
        seen = f"{reply.status} {short(reply.text, 160)}"
        raise AssertionError(told(f"MinIO tells the quota of {bucket}", seen=seen, where=reply.url))
    said = reply.json()
    return int(said.get("size") or said.get("quota") or 0)


_QUOTAS = {"seaweedfs": _of_seaweedfs, "minio": _of_minio}
