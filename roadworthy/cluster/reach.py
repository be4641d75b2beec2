"""The ways to the services of a profile: clients, tunnels and credentials, each made when it is first asked for."""

from __future__ import annotations

import base64
import os
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from roadworthy import redact
from roadworthy.cluster import services, workloads
from roadworthy.cluster.facade import Rows
from roadworthy.cluster.http import ServiceClient
from roadworthy.cluster.object_store import ObjectStore
from roadworthy.cluster.s3 import LiveStore
from roadworthy.cluster.tunnel import Tunnel
from roadworthy.errors import BadInput, NotApplicable
from roadworthy.profile import SecretRef, Service

if TYPE_CHECKING:
    from roadworthy.cluster.inner import Inner

#: How long a Secret's value is taken from memory: one HTTP check asks for it many times. Seconds.
_SECRET_SECONDS = 5.0


class Services:
    """The services of one cluster's profile. Thread-safe."""

    def __init__(self, cluster: Inner) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._clients: dict[str, ServiceClient] = {}
        self._tunnels: dict[str, Tunnel] = {}
        self._stores: dict[tuple[str, str, str], ObjectStore] = {}
        self._secrets: dict[tuple[str, str], tuple[float, dict[str, str]]] = {}

    def http(self, name: str) -> ServiceClient:
        """Return the client for a service."""
        service = self._named(name)
        with self._lock:
            if name not in self._clients:
                way = self._way(service)
                access = self._cluster.access
                self._clients[name] = services.LiveService(service, access, way, lambda: self._login(service))
            return self._clients[name]

    def sql(
        self, name: str, query: str, parameters: Sequence[Any], *, user: str, password: str, timeout: float
    ) -> Rows:
        """Run one statement on a database service and return its rows."""
        from roadworthy.cluster import sql

        service = self._named(name)
        login = ("", "") if user and password else self._login(service) or ("", "")
        with self._lock:
            tunnel = self._tunnel(service)
        user, password = user or login[0], password or login[1]
        return sql.run(service, tunnel, query, parameters, user=user, password=password, timeout=timeout)

    def s3(self, name: str, access_key: str, secret_key: str) -> ObjectStore:
        """Return the client for an object store: a new one for new keys."""
        service = self._named(name)
        login = ("", "") if access_key and secret_key else self._login(service) or ("", "")
        keys = access_key or login[0], secret_key or login[1]
        with self._lock:
            if (name, *keys) not in self._stores:
                outside = str(service.settings.get("endpoint", ""))
                tunnel = None if outside else self._tunnel(service)
                where = outside or f"{service.scheme}://127.0.0.1:{tunnel.port if tunnel else 0}"
                region = str(service.settings.get("region", "us-east-1"))
                self._stores[name, *keys] = LiveStore(name, where, keys, region, tunnel, self._cluster.access)
            return self._stores[name, *keys]

    def secret(self, namespace: str, name: str, key: str) -> str:
        """Return the decoded value of a Secret's key, registered for redaction."""
        read, data = self._secrets.get((namespace, name), (float("-inf"), {}))
        if time.monotonic() - read > _SECRET_SECONDS:
            found = self._cluster.fresh("v1/Secret", name, namespace=namespace)
            if found is None:
                raise AssertionError(f"Secret {namespace}/{name} is there")
            data = {k: base64.b64decode(v).decode(errors="replace") for k, v in (found.get("data") or {}).items()}
            for name_of, value in data.items():
                redact.register(value, name_of)
            self._secrets[namespace, name] = time.monotonic(), data
        if key not in data:
            raise AssertionError(
                f"Secret {namespace}/{name} has the key {key}, not only {', '.join(sorted(data)) or 'none'}"
            )
        return data[key]

    def value(self, reference: str | SecretRef | None) -> str:
        """Return what a reference of the profile stands for: plain text, an environment variable, a Secret's key."""
        if reference is None or isinstance(reference, str):
            return reference or ""
        if not reference.env:
            return self.secret(reference.namespace, reference.name, reference.key)
        if not (found := os.environ.get(reference.env, "")):
            raise BadInput(f"the environment variable {reference.env} is set", where=self._cluster.profile.where)
        redact.register(found)
        return found

    def _login(self, service: Service) -> tuple[str, str] | None:
        user = self.value(service.username)
        return (user, self.value(service.password)) if user else None

    def _named(self, name: str) -> Service:
        profile = self._cluster.profile
        if name not in profile.services:
            raise NotApplicable(f"the profile names the service {name}", where=profile.where)
        return profile.services[name]

    def _way(self, service: Service) -> services.Way | None:
        if service.host:
            return services.ingress(self._cluster.profile, service)
        return services.tunnelled(self._tunnel(service), service) if service.username else None

    def _tunnel(self, service: Service) -> Tunnel:
        """Return the tunnel to a service's pods; the lock is held."""
        if service.name not in self._tunnels:
            self._tunnels[service.name] = Tunnel(self._cluster.access, lambda: workloads.behind(self._cluster, service))
        return self._tunnels[service.name]

    def close(self) -> None:
        """Close every tunnel."""
        for tunnel in self._tunnels.values():
            tunnel.close()
