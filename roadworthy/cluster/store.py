"""What is known of the cluster: one reflector per resource type asked for, and a bell for those who wait."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from roadworthy.cluster.access import Access
from roadworthy.cluster.codec import Codec
from roadworthy.cluster.discovery import Discovery, Resource
from roadworthy.cluster.watch import Reflector
from roadworthy.errors import Unknown

#: Never listed: reading every Secret is a right that nobody should need. ``secret`` reads one by name.
_NEVER = {"Secret"}

#: How far each resource type had come at some moment.
Mark = tuple[tuple[Reflector, int], ...]


class Store:
    """Local memory of the cluster. Thread-safe.

    ``shapes`` names, for kinds of which there are very many, the Struct that holds the fields that matter.
    """

    def __init__(self, access: Access, discovery: Discovery, shapes: Mapping[str, type[Any]] | None = None) -> None:
        self._access, self._discovery, self._shapes = access, discovery, dict(shapes or {})
        self._lock = threading.Lock()
        self._bell = threading.Condition()
        self._reflectors: dict[Resource, Reflector] = {}

    def list(self, kind: str, namespace: str = "", labels: Mapping[str, str] | None = None) -> list[Any]:
        """Return the objects of a kind, those of one namespace or with these labels if asked.

        Empty when it isn't served.
        """
        reflector = self._reflector(kind)
        if reflector is None:
            return []
        found = reflector.snapshot(namespace) if reflector.resource.watched else reflector.read(namespace)
        if not labels:
            return found
        wanted = labels.items()
        return [each for each in found if wanted <= reflector.codec.meta(each).labels.items()]

    def get(self, kind: str, name: str, namespace: str = "") -> Any | None:
        """Return one object, or None."""
        reflector = self._reflector(kind)
        if reflector is None:
            return None
        if reflector.resource.watched:
            return reflector.get(name, namespace)
        found = reflector.read(namespace)
        return next((each for each in found if reflector.codec.meta(each).name == name), None)

    def renew(self, kinds: Iterable[str] = ()) -> None:
        """List these kinds (all that are watched, when none is named) once more.

        What is read then is no older than this call.
        """
        if named := list(kinds):
            chosen = [each for kind in named if (each := self._reflector(kind))]
        else:
            with self._lock:
                chosen = list(self._reflectors.values())
        for reflector in chosen:
            if reflector.resource.watched:
                reflector.renew()

    def mark(self, kinds: Iterable[str]) -> Mark:
        """Return how far each of these kinds (those that are served) has come, for ``wait``."""
        found = [each for kind in kinds if (each := self._reflector(kind))]
        return tuple((each, each.generation) for each in found)

    def wait(self, mark: Mark, seconds: float) -> None:
        """Wait until one of the kinds changed after ``mark``, at most so many seconds."""
        with self._bell:
            self._bell.wait_for(lambda: any(each.generation != seen for each, seen in mark), timeout=seconds)

    def close(self) -> None:
        """Stop every watch."""
        with self._lock:
            reflectors = list(self._reflectors.values())
            self._reflectors.clear()
        for reflector in reflectors:
            reflector.close()

    def _ring(self) -> None:
        with self._bell:
            self._bell.notify_all()

    def _reflector(self, kind: str) -> Reflector | None:
        """Return the running reflector of a kind; None when the kind isn't served."""
        resource = self._discovery.find(kind)
        if resource is None:
            return None
        if resource.kind in _NEVER and not resource.group:
            raise Unknown(
                f"{kind}s are never listed", todo="read the one that is meant by cluster.secret(namespace, name, key)"
            )
        with self._lock:
            reflector = self._reflectors.get(resource)
            if reflector is None:
                codec = Codec(resource.api_version, resource.kind, self._shapes.get(kind))
                reflector = self._reflectors[resource] = Reflector(self._access, resource, codec, self._ring)
        if resource.watched:
            reflector.start()
        return reflector
