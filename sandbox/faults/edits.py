"""Faults of any object: edited, made, removed; and of what a node's programs see.

An object is named `KIND/NAMESPACE/NAME`, or `KIND/NAME` where it has no namespace.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator

from roadworthy.errors import BadInput, TimedOut
from sandbox import tools
from sandbox.api import Object, path, path_of
from sandbox.faults.objects import get, remember, restore
from sandbox.faults.registry import Memory, Site, fault
from sandbox.shell_in import ssh

VERSIONS = {
    **dict.fromkeys(("ConfigMap", "Secret", "Service", "Pod", "Node", "Namespace", "PersistentVolumeClaim"), "v1"),
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet"), "apps/v1"),
    **dict.fromkeys(("CronJob", "Job"), "batch/v1"),
    **dict.fromkeys(("Schedule", "BackupStorageLocation"), "velero.io/v1"),
    "Ingress": "networking.k8s.io/v1",
    "StorageClass": "storage.k8s.io/v1",
}
PATCHES = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
}


def locate(reference: str) -> str:
    """Return the API path of an object.

    Raises:
        BadInput: it isn't named as above, or its kind isn't known here.

    """
    kind, *rest = reference.split("/")
    if kind not in VERSIONS or not 1 <= len(rest) <= 2:
        known = ", ".join(VERSIONS)
        raise BadInput("KIND/NAMESPACE/NAME or KIND/NAME", seen=reference, todo=f"a kind of {known}")
    return path(VERSIONS[kind], kind, rest[0] if len(rest) == 2 else "", rest[-1])


@fault("edit")
def edit(site: Site, reference: str, patch: str, form: str = "merge", subresource: str = "") -> Iterator[Memory]:
    """Patch an object; FORM is merge, strategic or json, PATCH is JSON."""
    if form not in PATCHES:
        raise BadInput(f"one of {', '.join(PATCHES)}", seen=form)
    where = locate(reference)
    yield remember(get(site, where), where)
    part = f"{where}/{subresource}" if subresource else where
    site.api.call("PATCH", part, json.loads(patch), content_type=PATCHES[form], fieldManager="roadworthy-fault")


@fault("edit-text")
def edit_text(site: Site, reference: str, key: str, find: str, replacement: str) -> Iterator[Memory]:
    """Replace what a regular expression finds in one key of a ConfigMap."""
    where = locate(reference)
    item = get(site, where)
    text = item.get("data", {}).get(key)
    if text is None or not re.search(find, text):
        raise BadInput(f"{find!r} in {key} of {reference}", seen="no such text" if text else "no such key")
    yield remember(item, where)
    site.api.patch(where, {"data": {key: re.sub(find, lambda _: replacement, text)}})


@fault("drop-key")
def drop_key(site: Site, reference: str, key: str = "") -> Iterator[Memory]:
    """Take one key away from a ConfigMap or Secret; no KEY: the first one."""
    where = locate(reference)
    item = get(site, where)
    keys = sorted(item.get("data", {}))
    if not keys or (key and key not in keys):
        raise BadInput("a key of it", seen=key or "none", todo=f"one of {', '.join(keys)}")
    yield remember(item, where)
    site.api.patch(where, {"data": {key or keys[0]: None}})


@fault("remove")
def remove(site: Site, reference: str, seconds: str = "90") -> Iterator[Memory]:
    """Delete an object, and wait until it is gone for at most SECONDS (0: don't wait)."""
    where = locate(reference)
    item = get(site, where)
    yield remember(item, where)
    site.api.call("DELETE", where)
    deadline = time.monotonic() + float(seconds)
    while float(seconds) and _same(site.api.find(where), item):
        if time.monotonic() > deadline:
            raise TimedOut(f"{reference} to be gone within {seconds} s", where=where)
        time.sleep(0.2)


def _same(live: Object | None, item: Object) -> bool:
    return live is not None and live["metadata"]["uid"] == item["metadata"]["uid"]


@fault("make")
def make(site: Site, manifest: str) -> Iterator[Memory]:
    """Make an object (MANIFEST is JSON) that has no business here."""
    item = json.loads(manifest)
    where = path_of(item)
    if site.api.find(where):
        raise BadInput("an object that doesn't exist yet", seen="it does", where=where)
    yield {"where": where}
    site.api.call("POST", where.rsplit("/", 1)[0], item)


@make.undo
def _unmake(site: Site, memory: Memory) -> None:
    if site.api.find(memory["where"]) is not None:
        site.api.patch(memory["where"], {"metadata": {"finalizers": None}})
        site.api.call("DELETE", memory["where"])


@fault("on-node")
def on_node(site: Site, node: str, command: str, back: str) -> Iterator[Memory]:
    """Run a shell COMMAND on a node that breaks something, and BACK to mend it."""
    words = ssh(site.sandbox, node)
    yield {"node": node, "back": back}
    subprocess.run([*words, command], check=True, timeout=60)


@on_node.undo
def _on_node_back(site: Site, memory: Memory) -> None:
    subprocess.run([*ssh(site.sandbox, memory["node"]), memory["back"]], check=True, timeout=60)


@fault("in-pod")
def in_pod(site: Site, namespace: str, labels: str, command: str, back: str = "true") -> Iterator[Memory]:
    """Run a shell COMMAND in a running pod with LABELS (key=value) that breaks something, and BACK to mend it."""
    _in_pod(site, namespace, labels, "true")
    yield {"namespace": namespace, "labels": labels, "back": back}
    _in_pod(site, namespace, labels, command)


@in_pod.undo
def _in_pod_back(site: Site, memory: Memory) -> None:
    _in_pod(site, memory["namespace"], memory["labels"], memory["back"])


def _in_pod(site: Site, namespace: str, labels: str, command: str) -> None:
    pods = site.api.get(path("v1", "Pod", namespace), labelSelector=labels)["items"]
    pod = next((each["metadata"]["name"] for each in pods if each.get("status", {}).get("phase") == "Running"), None)
    if pod is None:
        raise BadInput(f"a running pod with {labels}", seen=f"{len(pods)} pods, none runs", where=namespace)
    words = [
        tools.kubectl(site.sandbox.release),
        "--kubeconfig",
        str(site.sandbox.paths.kubeconfig),
        "-n",
        namespace,
        "exec",
        pod,
        "--",
    ]
    ran = subprocess.run([*words, "sh", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    if ran.returncode:
        raise BadInput(f"`{command}` to end well", seen=ran.stderr.strip()[-300:], where=f"{namespace}/{pod}")


for _each in (edit, edit_text, drop_key, remove):
    _each.undo(restore)
