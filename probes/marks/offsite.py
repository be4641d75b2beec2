"""What is off site, looked at through its seal; and an object of our own that is sent there and read back."""

from __future__ import annotations

import functools
import secrets
from dataclasses import dataclass

from probes.cronjobs import scheduled
from probes.marks import marked, runs
from probes.services import described
from probes.words import told
from roadworthy.cluster import Cluster
from roadworthy.cluster.sweepers import sweeper
from roadworthy.markers import leftover

SERVICE, STORE, CLOUD = "offsite-copy", "object-store", "offsite-store"
#: Velero refuses a bucket with folders that it doesn't know; this one it knows, and leaves alone.
FOLDER = "metadata"
#: A job is started, and reads all that it compares. Seconds.
SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Compared:
    """How many objects were compared, and what is missing or different off site.

    ``here``: how many there are at least that were here at the last copy; none in a bucket that is new.
    """

    checked: int
    wrong: tuple[str, ...]
    here: int


@dataclass(frozen=True, slots=True)
class Sent:
    """An object that was put where the backups are: its key and text, and the key that it has off site, sealed."""

    key: str
    text: str
    sealed: str


def bucket(cluster: Cluster) -> None:
    """Ask the off-site store for the bucket of the copies; AssertionError when there is none, or no answer."""
    described(cluster, CLOUD)
    cluster.s3(CLOUD).call("head_bucket", Bucket=cluster.profile.backups.offsite.bucket)


def compared(cluster: Cluster) -> Compared:
    """Compare what was there at the last copy with what is off site, through the seal; AssertionError without one."""
    found = scheduled(cluster, SERVICE)
    if not found.last_succeeded:
        seen = found.history(cluster.now())
        raise AssertionError(told("the backups have been copied off site", seen=seen, where=str(found)))
    lines = runs.said(cluster, SERVICE, ["sh", "/scripts/check.sh"], within=SECONDS)
    # The copy itself says when it began: what came since is not expected there.
    count, began = next((map(int, line.split()[1:]) for line in lines if line.startswith("checked ")), (0, 0))
    words = {"-": "missing", "*": "differs", "!": "can't be read"}
    wrong = [f"{line[2:]} ({words[line[0]]})" for line in lines if line[:1] in words and line[1:2] == " "]
    listed = cluster.s3(STORE).call("list_objects_v2", Bucket=cluster.profile.backups.bucket).get("Contents", ())
    here = [each for each in listed if each["LastModified"].timestamp() < began]
    return Compared(count, tuple(wrong), len(here))


def send(cluster: Cluster) -> Sent:
    """Put an object of our own where the backups are; it is removed when the scenario ends, here and off site."""
    key, text = f"{FOLDER}/{marked('offsite')}", f"roadworthy {secrets.token_hex(32)}"
    (sealed,) = runs.said(cluster, SERVICE, ["sh", "/scripts/name.sh", key], within=120.0)
    backups = cluster.profile.backups
    cluster.s3(STORE).call("put_object", Bucket=backups.bucket, Key=key, Body=text.encode())
    places = ((STORE, backups.bucket, key), (CLOUD, backups.offsite.bucket, sealed))
    for service, bucket, name in places:
        cluster.markers().undo_later(functools.partial(_remove, cluster, service, bucket, name), f"object {name}")
    return Sent(key, text, sealed)


def read_back(cluster: Cluster, sent: Sent) -> str:
    """Return the object's text as it comes back from off site."""
    return "\n".join(runs.said(cluster, SERVICE, ["sh", "/scripts/read.sh", sent.key], within=SECONDS))


def bare(cluster: Cluster, sent: Sent) -> str:
    """Return what can be read of the object off site without the seal: its name or its text (empty: neither)."""
    bucket, name = cluster.profile.backups.offsite.bucket, sent.key.rpartition("/")[2]
    body: bytes = cluster.s3(CLOUD).call("get_object", Bucket=bucket, Key=sent.sealed)["Body"]
    if sent.text.encode() in body:
        return "its text"
    return "its name" if name in sent.sealed or FOLDER in sent.sealed else ""


@sweeper("offsite-copy")
def sweep(cluster: Cluster) -> None:
    """Remove the objects of runs that were killed, here and off site."""
    services, backups = cluster.profile.services, cluster.profile.backups
    if SERVICE not in services or STORE not in services:
        return
    found = cluster.s3(STORE).call("list_objects_v2", Bucket=backups.bucket, Prefix=f"{FOLDER}/roadworthy-")
    for key in [str(each["Key"]) for each in found.get("Contents", ())]:
        if leftover(key, cluster.now()):
            (sealed,) = runs.said(cluster, SERVICE, ["sh", "/scripts/name.sh", key], within=120.0)
            _remove(cluster, CLOUD, backups.offsite.bucket, sealed)
            _remove(cluster, STORE, backups.bucket, key)


def _remove(cluster: Cluster, service: str, bucket: str, key: str) -> None:
    cluster.s3(service).call("delete_object", Bucket=bucket, Key=key)
