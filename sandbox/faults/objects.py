"""Changes one object and puts it back exactly: what faults of workloads and of configurations share."""

from __future__ import annotations

from typing import Any

from roadworthy.errors import BadInput
from sandbox.api import ApiFailed, Object, path
from sandbox.faults.registry import Memory, Site

VERSIONS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ConfigMap": "v1",
    "Secret": "v1",
    "PersistentVolumeClaim": "v1",
    "Pod": "v1",
}
VOLATILE = ("resourceVersion", "managedFields", "generation", "creationTimestamp", "selfLink", "uid")


def locate(namespace: str, reference: str) -> str:
    """Return the API path of `Kind/name`, the kind in any case.

    Raises:
        BadInput: no such kind here.

    """
    kind, slash, name = reference.partition("/")
    known = {each.lower(): each for each in VERSIONS}
    if not slash or kind.lower() not in known:
        raise BadInput("KIND/NAME", seen=reference, todo=f"a kind of {', '.join(VERSIONS)}")
    kind = known[kind.lower()]
    return path(VERSIONS[kind], kind, namespace, name)


def get(site: Site, where: str) -> Object:
    """Return an object as it is.

    Raises:
        BadInput: it doesn't exist.

    """
    found = site.api.find(where)
    if found is None:
        raise BadInput("an object that exists", seen="none", where=where)
    return found


def remember(item: Object, where: str) -> Memory:
    """Return what `restore` needs."""
    return {"where": where, "item": item}


def restore(site: Site, memory: Memory) -> None:
    """Put a remembered object back: all that a person decides about it, not what the system wrote meanwhile.

    It is made again when it is gone. What became of it by other hands since then is lost, as with any restore.
    """
    wanted: Object = {key: value for key, value in memory["item"].items() if key != "status"}
    wanted["metadata"] = {key: value for key, value in wanted["metadata"].items() if key not in VOLATILE}
    for _ in range(5):
        live = site.api.find(memory["where"])
        if live is None:
            collection = memory["where"].rsplit("/", 1)[0]
            site.api.call("POST", collection, {**wanted, "kind": wanted["kind"]})
            return
        wanted["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
        try:
            site.api.call("PUT", memory["where"], wanted)
        except ApiFailed as error:
            if error.status != 409:
                raise
        else:
            return
    raise BadInput("an object that holds still for a moment", seen="five conflicts", where=memory["where"])


def containers(item: Object) -> list[dict[str, Any]]:
    """Return the containers of a workload's pods."""
    found: list[dict[str, Any]] = item["spec"]["template"]["spec"]["containers"]
    return found
