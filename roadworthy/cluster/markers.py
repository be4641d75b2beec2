"""The door by which a ``@writes`` or ``@drill`` scenario changes something: labelled, with an expiry, undone."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from roadworthy import evidence, markers, notices, process
from roadworthy.cluster import restarting
from roadworthy.cluster.sweepers import SWEEPERS
from roadworthy.errors import Refused, RoadworthyError, Unknown

if TYPE_CHECKING:
    from roadworthy.cluster.facade import Obj
    from roadworthy.cluster.inner import Inner

#: What scenarios make. A namespace takes what is in it along; the others are swept where they stand alone.
MARKED = (
    "Namespace",
    "Pod",
    "Job",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Service",
    "ConfigMap",
    "PersistentVolumeClaim",
)
_CREATED = 201


class LiveMarkers:
    """The markers of one attempt at one scenario. See ``roadworthy.cluster.facade.Markers``."""

    def __init__(self, cluster: Inner, criterion: str, *, drill: bool) -> None:
        self._cluster, self._criterion, self._drill = cluster, criterion, drill
        self._undo: list[tuple[str, Callable[[], None]]] = []
        self._namespace = ""

    def create(self, manifest: Mapping[str, Any]) -> Obj:
        """Create an object; it is deleted when the scenario ends."""
        resource = self._cluster.discovery.need(f"{manifest['apiVersion']}/{manifest['kind']}")
        meta = dict(manifest["metadata"])
        expires = datetime.fromtimestamp(self._cluster.now() + markers.LIFETIME, UTC)
        meta["labels"] = {**meta.get("labels", {}), markers.LABEL: markers.run_id()}
        meta["annotations"] = {
            **meta.get("annotations", {}),
            markers.EXPIRES: f"{expires:%Y-%m-%dT%H:%M:%SZ}",
            markers.HOLDER: process.identity(),
            "roadworthy.dev/criterion": self._criterion,
        }
        namespace = str(meta.get("namespace", ""))
        path = resource.path(namespace=namespace)
        reply = self._cluster.access.request("POST", path, body={**manifest, "metadata": meta}, timeout=15.0)
        what = f"{resource.kind} {namespace}/{meta['name']}"
        if reply.status != _CREATED:
            raise Unknown(f"the marker {what} can be created", seen=reply.message)
        made: Obj = reply.json()
        name = str(made["metadata"]["name"])
        if not namespace or namespace != self._namespace:
            self._undo.append((what, lambda: self._delete(resource.path(name, namespace=namespace))))
        if "status" in manifest:  # what it is shown to have come to: a creation leaves it out
            body = {"status": manifest["status"]}
            where, form = f"{resource.path(name, namespace=namespace)}/status", "application/merge-patch+json"
            self._cluster.access.request("PATCH", where, body=body, content_type=form)
        evidence.record("marker", f"created {what}", str(made["metadata"].get("uid")))
        return made

    def namespace(self) -> str:
        """Return a namespace of this scenario's own, made at the first call; pods can be created in it."""
        if not self._namespace:
            # Named by us, not by the server: the audit log then says whose it is.
            name = f"roadworthy-{markers.run_id()}-{secrets.token_hex(3)}"
            self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
            self._namespace = name

            def account() -> None:
                found = self._cluster.fresh("ServiceAccount", "default", namespace=self._namespace)
                if not found:
                    raise AssertionError(f"namespace {self._namespace} has no service account yet")

            self._cluster.until(account, within=30, what="the marker namespace")
        return self._namespace

    def delete(self, kind: str, name: str, *, namespace: str = "") -> None:
        """Delete an object that this scenario made, or that came of it and carries its run's id in its name."""
        found = self._cluster.fresh(kind, name, namespace=namespace)
        if found is None:
            return
        label = (found["metadata"].get("labels") or {}).get(markers.LABEL)
        if label != markers.run_id() and not self._came_of_us(str(found["metadata"]["name"])):
            raise Refused(
                "a scenario deletes only what it made", seen=f"{kind} {namespace}/{name} is not this run's marker"
            )
        self._delete(self._cluster.discovery.need(kind).path(name, namespace=namespace), str(found["metadata"]["uid"]))

    def _came_of_us(self, name: str) -> bool:
        """Whether a name carries this run's id, or that of a run that is over: made by others from what a run made."""
        return markers.run_id() in name or markers.leftover(name, self._cluster.now())

    def restart(self, kind: str, name: str, *, namespace: str, within: float = 120.0) -> list[str]:
        """Delete a workload's pods and wait until as many new ones are Ready; return their names."""
        if not self._drill:
            raise Refused("only a @drill scenario restarts a live service", seen=self._criterion, todo="tag it @drill")
        names = restarting.restart(self._cluster, kind, name, namespace, within=within)
        evidence.record("drill", f"restarted {kind} {namespace}/{name}", f"new pods: {', '.join(names)}")
        return names

    def undo_later(self, undo: Callable[[], None], what: str) -> None:
        """Register the undoing of a marker outside the API."""
        self._undo.append((what, undo))

    def close(self) -> None:
        """Undo everything, the latest first. What fails is told and left to the next run's sweep: it is no verdict."""
        while self._undo:
            what, undo = self._undo.pop()
            try:
                undo()
            except (RoadworthyError, AssertionError) as error:
                notices.warn(f"{what} is left for the next run to sweep: {error}")

    def _delete(self, path: str, uid: str = "") -> None:
        restarting.delete(self._cluster, path, uid)


def sweep(cluster: Inner, components: Collection[str]) -> list[str]:
    """Remove the markers of runs that are over: expired, or made by a process of this host that is no more.

    What lives outside the API is swept where it belongs to one of these components.

    Return their paths. What can't be removed now is told, and left to the next run: it is no verdict on anything.
    """
    swept: list[str] = []
    for kind in MARKED:
        try:
            for path, uid in _over(cluster, kind):
                restarting.delete(cluster, path, uid)
                swept.append(path)
        except RoadworthyError as error:
            notices.warn(f"markers of earlier runs ({kind}) are left for the next one to sweep: {error}")
    for name, sweeper in SWEEPERS.items():
        if name not in components:
            continue
        began = time.monotonic()
        try:
            with cluster.scenario(f"sweep {name}", ["writes"]):
                sweeper(cluster)
        except Exception as error:  # noqa: BLE001 - a service that is down, or answers nonsense: its criterion says so
            evidence.record("sweep", f"{name} ({time.monotonic() - began:.1f} s)", str(error) or repr(error))
    return swept


def _over(cluster: Inner, kind: str) -> Iterator[tuple[str, str]]:
    """Yield path and UID of the markers of one kind that nobody needs any more."""
    resource = cluster.discovery.need(kind)
    found = cluster.access.get(resource.path(), query={"labelSelector": markers.LABEL}, count=f"SWEEP {kind}") or {}
    for each in found.get("items", []):
        meta = each["metadata"]
        if not meta.get("deletionTimestamp") and markers.over(meta.get("annotations") or {}, cluster.now()):
            yield resource.path(meta["name"], namespace=meta.get("namespace", "")), str(meta["uid"])
