"""Fingerprints of the objects that a planned Change concerns: whether the cluster is still as it was then.

A fingerprint is the object's UID and a short hash of what somebody wants it to be; what controllers report in its
status, and write all the time, doesn't count. Of a Secret or a ConfigMap not even a hash leaves the cluster: its
resource version stands for it. A Helm release is known by its newest revision, a machine by its Node and its boot.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from roadworthy.change import Change
from roadworthy.cluster.live import LiveCluster
from roadworthy.errors import RoadworthyError
from roadworthy.planned import object_name

#: The object isn't there. Also a fingerprint: a plan that makes it is out of date once somebody else has made it.
ABSENT = "absent"
#: It couldn't be read when the plan was made.
UNREAD = "unread"
#: Changes all the time, by nobody's intent.
_VOLATILE = {"managedFields", "resourceVersion", "generation", "selfLink"}
#: Has no status, and may hold what must not be guessed from a hash.
_BY_VERSION = {"Secret", "ConfigMap"}
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


def of(cluster: LiveCluster, change: Change) -> dict[str, str]:
    """Return the fingerprint of each object that a Change concerns: its target, and what else feels it."""
    named = dict.fromkeys([object_name(change.target), *map(str, change.blast_radius)])
    if change.target.api_version:
        named.pop(str(change.target), None)
    found = {name: _now(cluster, name) for name in named}
    return {name: version for name, version in found.items() if version}


def changed(cluster: LiveCluster, planned: Mapping[str, str]) -> list[str]:
    """Return, in words, which objects are not as they were when they were planned for."""
    now = ((name, before, _now(cluster, name)) for name, before in planned.items())
    return [_words(name, before, after) for name, before, after in now if before != after or after == UNREAD]


def _words(name: str, before: str, after: str) -> str:
    if UNREAD in (before, after):
        return f"{name} couldn't be read {'then' if before == UNREAD else 'now'}"
    if ABSENT in (before, after):
        return f"{name} is {'there' if before == ABSENT else 'gone'}"
    another = before.partition(":")[0] != after.partition(":")[0]
    return f"{name} is {'another one' if another else 'no longer as it was'}"


def _now(cluster: LiveCluster, name: str) -> str:
    """Return an object's fingerprint; empty for what is no object (a host name of an ingress)."""
    kind, _, rest = name.partition(" ")
    namespace, _, own = rest.rpartition("/")
    try:
        if kind == "Release":
            return _release(cluster, namespace, own)
        if kind == "Host":
            return _machine(cluster.fresh("v1/Node", own))
        if cluster.discovery.find(kind) is None:
            return ""
        return _version(cluster.fresh(kind, own, namespace=namespace))
    except RoadworthyError:
        return UNREAD


def _version(thing: Mapping[str, Any] | None) -> str:
    if thing is None:
        return ABSENT
    metadata = thing["metadata"]
    if thing.get("kind") in _BY_VERSION:
        return f"{metadata['uid']}:{metadata['resourceVersion']}"
    kept = {key: value for key, value in metadata.items() if key not in _VOLATILE}
    return f"{metadata['uid']}:{_hash({**thing, 'metadata': kept, 'status': None})}"


def _machine(node: Mapping[str, Any] | None) -> str:
    if node is None:
        return ABSENT
    return f"{node['metadata']['uid']}:{node.get('status', {}).get('nodeInfo', {}).get('bootID', '')}"


def _release(cluster: LiveCluster, namespace: str, name: str) -> str:
    """Return the newest revision of a release; what Helm keeps in it isn't read, only its labels."""
    reply = cluster.access.request(
        "GET",
        f"/api/v1/namespaces/{namespace}/secrets",
        query={"labelSelector": f"owner=helm,name={name}"},
        accept=_METADATA_ONLY,
    )
    if not reply.ok:
        return UNREAD
    revisions: Iterable[Mapping[str, Any]] = reply.json().get("items") or ()
    newest = max((each["metadata"] for each in revisions), key=_number, default=None)
    if newest is None:
        return ABSENT
    labels = newest.get("labels") or {}
    return f"{newest['uid']}:{_hash([labels.get(key) for key in ('version', 'status', 'roadworthy.dev/digest')])}"


def _number(metadata: Mapping[str, Any]) -> int:
    version = str((metadata.get("labels") or {}).get("version", ""))
    return int(version) if version.isdigit() else 0


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
