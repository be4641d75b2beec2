"""The facade on a real cluster; see ``roadworthy.cluster.facade`` for what each call promises."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from roadworthy import redact, stopping
from roadworthy.cluster import channels, markers, ssh, waiting
from roadworthy.cluster.access import Access
from roadworthy.cluster.discovery import Discovery
from roadworthy.cluster.facade import ExecResult, Obj, Objects, Rows
from roadworthy.cluster.http import ServiceClient
from roadworthy.cluster.object_store import ObjectStore
from roadworthy.cluster.reach import Services
from roadworthy.cluster.store import Store
from roadworthy.errors import Refused, Unknown
from roadworthy.profile import Profile

Paths = list[str]
T = TypeVar("T")
_BAD_REQUEST, _NOT_FOUND = 400, 404


class LiveCluster:
    """A live cluster as ``profile`` describes it. Thread-safe; each thread has a scenario of its own."""

    def __init__(self, profile: Profile, access: Access) -> None:
        self.profile, self.access = profile, access
        self.discovery = Discovery(access)
        self.store = Store(access, self.discovery)
        self.services = Services(self)
        self._doors = threading.local()

    @property
    def counts(self) -> Counter[str]:
        """How many requests of which sort the API server got from us."""
        return self.access.counts

    def list(self, kind: str, *, namespace: str = "", labels: Mapping[str, str] | None = None) -> Objects:
        """Return the objects of a kind from local memory."""
        return self.store.list(kind, namespace, labels)

    def get(self, kind: str, name: str, *, namespace: str = "") -> Obj | None:
        """Return one object from local memory, or None."""
        found: Obj | None = self.store.get(kind, name, namespace)
        return found

    def serves(self, kind: str) -> bool:
        """Whether the API server has this kind."""
        return self.discovery.find(kind) is not None

    def fresh(self, kind: str, name: str, *, namespace: str = "") -> Obj | None:
        """Read one object from the API server now, or None."""
        resource = self.discovery.find(kind)
        found: Obj | None = self.access.get(resource.path(quote(name), namespace=namespace)) if resource else None
        return found

    def renew(self, kinds: Sequence[str] = ()) -> None:
        """Bring local memory (of these kinds, or of all that are watched) to what the API server knows now."""
        self.store.renew(kinds)

    def raw(self, path: str, *, timeout: float = 10.0) -> Any:
        """GET a path; decoded JSON, or text where it isn't JSON, or None where there is nothing."""
        reply = self.access.request("GET", path, accept="application/json, */*", timeout=timeout)
        if reply.status == _NOT_FOUND:
            return None
        if not reply.ok:
            raise Unknown(f"GET {path} is answered", seen=f"{reply.status}: {reply.message}")
        try:
            return reply.json()
        except msgspec.DecodeError:
            return reply.body.decode(errors="replace")

    def now(self) -> float:
        """Return the API server's time in seconds since the epoch."""
        if not self.access.clock.known:
            self.access.request("GET", "/version")
        return self.access.clock.now()

    def until(self, check: Callable[[], T], *, within: float, kinds: Sequence[str] = (), what: str = "") -> T:
        """Return the check's first result that raises no AssertionError within the (scaled) time."""
        return waiting.until(self.store, check, within=within * self.profile.time_factor, kinds=kinds, what=what)

    def http(self, service: str) -> ServiceClient:
        """Return the client for a service of the profile."""
        return self.services.http(service)

    def sql(
        self,
        service: str,
        query: str,
        parameters: Sequence[Any] = (),
        *,
        user: str = "",
        password: str = "",
        timeout: float = 10.0,
    ) -> Rows:
        """Run one statement on a database service and return its rows."""
        return self.services.sql(service, query, parameters, user=user, password=password, timeout=timeout)

    def s3(self, service: str, *, access_key: str = "", secret_key: str = "") -> ObjectStore:
        """Return the client for an object store of the profile."""
        return self.services.s3(service, access_key, secret_key)

    def secret(self, namespace: str, name: str, key: str) -> str:
        """Return the decoded value of a Secret's key, registered for redaction."""
        return self.services.secret(namespace, name, key)

    def logs(self, namespace: str, pod: str, *, container: str = "", tail: int = 50, previous: bool = False) -> str:
        """Return the last lines a container logged; empty while it has not started."""
        query = (
            {"tailLines": tail}
            | ({"container": container} if container else {})
            | ({"previous": "true"} if previous else {})
        )
        path = self.discovery.need("v1/Pod").path(quote(pod), namespace=namespace, subresource="log")
        reply = self.access.request("GET", path, query=query, accept="*/*", count="LOGS")
        if reply.status == _BAD_REQUEST and "waiting to start" in reply.message:
            return ""
        if not reply.ok:
            raise Unknown(f"the log of {namespace}/{pod} can be read", seen=reply.message)
        return redact.text(reply.body.decode(errors="replace"))

    def execute(
        self,
        namespace: str,
        pod: str,
        argv: Sequence[str],
        *,
        container: str = "",
        stdin: str = "",
        timeout: float = 30.0,
    ) -> ExecResult:
        """Run a command in a container."""
        path = self.discovery.need("v1/Pod").path(quote(pod), namespace=namespace, subresource="exec")
        return channels.run(self.access, path, argv, container=container, stdin=stdin, timeout=timeout)

    def ssh(self, node: str, command: str, *, timeout: float = 15.0) -> ExecResult:
        """Run a read-only command on a node over SSH."""
        return ssh.run(self.profile, node, command, timeout)

    def markers(self) -> markers.LiveMarkers:
        """Return the door of the current scenario."""
        door: markers.LiveMarkers | None = getattr(self._doors, "door", None)
        if door is None:
            raise Refused("only a @writes or @drill scenario changes something", todo="tag the scenario")
        return door

    @contextmanager
    def scenario(self, criterion: str, tags: Collection[str]) -> Iterator[None]:
        """Surround one attempt at a scenario: opens ``markers`` to those tagged for it, and undoes what they made."""
        plain = {tag.lstrip("@") for tag in tags}
        door = markers.LiveMarkers(self, criterion, drill="drill" in plain) if plain & {"writes", "drill"} else None
        self._doors.door = door
        try:
            yield
        finally:
            try:
                if door is not None:
                    with stopping.by(None):
                        door.close()  # through the door that is still open: an undoing may have to make something
            finally:
                self._doors.door = None

    def sweep(self, components: Collection[str]) -> Paths:
        """Remove what killed runs left, in these components too; call it before the first scenario that writes."""
        return markers.sweep(self, components)

    def close(self) -> None:
        """Stop every watch, tunnel and connection."""
        self.store.close()
        self.services.close()
        self.access.close()
