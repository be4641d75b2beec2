"""The inside of the stand-in API server (apiserver.py): its objects, their history, and the faults that it shows."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

UID = "6a0e4a0c-7b0f-4c3e-8d53-0a1b2c3d4e5f"
#: plural -> (kind, path prefix, namespaced)
KINDS = {
    "pods": ("Pod", "/api/v1", True),
    "configmaps": ("ConfigMap", "/api/v1", True),
    "secrets": ("Secret", "/api/v1", True),
    "services": ("Service", "/api/v1", True),
    "serviceaccounts": ("ServiceAccount", "/api/v1", True),
    "persistentvolumeclaims": ("PersistentVolumeClaim", "/api/v1", True),
    "namespaces": ("Namespace", "/api/v1", False),
    "nodes": ("Node", "/api/v1", False),
    "deployments": ("Deployment", "/apis/apps/v1", True),
    "statefulsets": ("StatefulSet", "/apis/apps/v1", True),
    "daemonsets": ("DaemonSet", "/apis/apps/v1", True),
    "replicasets": ("ReplicaSet", "/apis/apps/v1", True),
    "jobs": ("Job", "/apis/batch/v1", True),
    "podmetrics": ("PodMetrics", "/apis/metrics.k8s.io/v1", True),
    "backups": ("Backup", "/apis/velero.io/v1", True),
    "deletebackuprequests": ("DeleteBackupRequest", "/apis/velero.io/v1", True),
    "leases": ("Lease", "/apis/coordination.k8s.io/v1", True),
}


@dataclass
class Fault:
    """Answer ``status`` (with ``headers``) instead, ``times`` times, to requests that ``match``; status 0: hang up."""

    match: Callable[[str, str], bool]
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 10**6
    pause: float = 0.0


class Api:
    """The stand-in's objects and its faults."""

    def __init__(self) -> None:
        self.lock = threading.Condition(threading.RLock())
        self.version = 100
        self.floor = 0
        self.things: dict[str, dict[tuple[str, str], dict[str, Any]]] = {plural: {} for plural in KINDS}
        self.events: list[tuple[int, str, str, dict[str, Any]]] = []
        self.faults: list[Fault] = []
        self.seen: Counter[str] = Counter()
        self.log: list[tuple[str, str]] = []
        self.epoch = 0
        self.bookmarks = 0.05
        self.mute = False
        self.put("namespaces", {"metadata": {"name": "kube-system", "uid": UID}})

    def put(self, plural: str, thing: dict[str, Any]) -> dict[str, Any]:
        """Create or replace an object, as some controller would."""
        with self.lock:
            meta = thing.setdefault("metadata", {})
            key = (meta.get("namespace", ""), meta["name"])
            old = self.things[plural].get(key)
            self.version += 1
            meta.setdefault("uid", old["metadata"]["uid"] if old else f"uid-{self.version}")
            meta["resourceVersion"] = str(self.version)
            self.things[plural][key] = thing
            self.events.append((self.version, plural, "MODIFIED" if old else "ADDED", json.loads(json.dumps(thing))))
            self.lock.notify_all()
            return thing

    def remove(self, plural: str, name: str, namespace: str = "") -> None:
        """Delete an object."""
        with self.lock:
            thing = self.things[plural].pop((namespace, name))
            self.version += 1
            gone = json.loads(json.dumps(thing))
            gone["metadata"]["resourceVersion"] = str(self.version)
            self.events.append((self.version, plural, "DELETED", gone))
            self.lock.notify_all()

    def after(self, version: int, plural: str) -> list[tuple[int, str, str, dict[str, Any]]]:
        """Return the events of a kind since a version; the lock is held."""
        return [event for event in self.events if event[0] > version and event[1] == plural]

    def compact(self) -> None:
        """Forget the past: who wants to go on from before now is told 410."""
        with self.lock:
            self.floor = self.version

    def hang_up(self) -> None:
        """End every watch."""
        with self.lock:
            self.epoch += 1
            self.lock.notify_all()

    def fail(self, status: int, match: Callable[[str, str], bool] = lambda *_: True, **options: Any) -> Fault:
        """Answer with a failure from now on; ``match`` gets method and path with query."""
        fault = Fault(match, status, **options)
        self.faults.append(fault)
        return fault
