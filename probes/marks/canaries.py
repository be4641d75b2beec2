"""A canary: a text of our own in a file of a volume and in a setting, looked for in what a backup stored of them."""

from __future__ import annotations

import gzip
import secrets
from dataclasses import dataclass

from probes.marks import files, marked
from probes.marks.pods import start
from probes.object_store import SERVICE as STORE
from probes.velero_content import prefix
from probes.words import told
from roadworthy.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Canary:
    """Two texts: one in a file of a volume, the other in a ConfigMap of the same namespace."""

    namespace: str
    in_file: str
    in_setting: str


@dataclass(frozen=True, slots=True)
class Searched:
    """How many stored objects of the namespace's repository were read, their bytes, and those that hold the text."""

    objects: int
    size: int
    found: tuple[str, ...]


def put(cluster: Cluster) -> Canary:
    """Write both, and wait until the pod that holds the volume has written its file."""
    canary = Canary(cluster.markers().namespace(), f"canary-{secrets.token_hex(24)}", f"canary-{secrets.token_hex(24)}")
    claim = files.volume(cluster, "default").claim
    # Often, so that a search which misses one occurrence at a block's edge finds another.
    script = f"yes {canary.in_file} | head -n 2000 > /data/canary && sync && echo written && exec sleep 600"
    namespace, pod = start(cluster, "canary", script, claim=claim)
    cluster.until(lambda: _written(cluster, namespace, pod), within=120.0, kinds=("Pod",), what="the canary")
    metadata = {"name": marked("canary"), "namespace": namespace}
    cluster.markers().create(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"text": canary.in_setting}}
    )
    return canary


def searched(cluster: Cluster, canary: Canary) -> Searched:
    """Read every object that the repository of the canary's namespace has in the bucket, and look for it."""
    store, bucket = cluster.s3(STORE), cluster.profile.backups.bucket
    where = f"{prefix(cluster)}kopia/{canary.namespace}/"
    listed = store.call("list_objects_v2", Bucket=bucket, Prefix=where).get("Contents", ())
    found, size = [], 0
    for key in (str(each["Key"]) for each in listed):
        body: bytes = store.call("get_object", Bucket=bucket, Key=key)["Body"]
        size += len(body)
        if canary.in_file.encode() in body:
            found.append(key)
    return Searched(len(listed), size, tuple(found))


def shown(cluster: Cluster, canary: Canary, backup: str) -> bool:
    """Whether the archive of a backup's objects shows the setting to whoever can read the bucket."""
    key = f"{prefix(cluster)}backups/{backup}/{backup}.tar.gz"
    body: bytes = cluster.s3(STORE).call("get_object", Bucket=cluster.profile.backups.bucket, Key=key)["Body"]
    return canary.in_setting.encode() in gzip.decompress(body)


def _written(cluster: Cluster, namespace: str, pod: str) -> None:
    live = cluster.get("Pod", pod, namespace=namespace) or {}
    phase = live.get("status", {}).get("phase", "no pod")
    if phase != "Running" or "written" not in cluster.logs(namespace, pod):
        raise AssertionError(told(f"the pod {pod} writes its file", seen=str(phase)))
