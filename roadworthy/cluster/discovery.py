"""kind -> group, version, plural, verbs: aggregated discovery, one request for the core and one for all groups."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from roadworthy.cluster.access import Access
from roadworthy.errors import Unknown

_ACCEPT = ",".join(
    f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
)
#: Seconds after which a kind that was not there is asked for again (a CRD may have come).
_AGAIN = 2.0


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource type, and the paths at which it is served."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str]
    subresources: frozenset[str] = frozenset()

    @property
    def api_version(self) -> str:
        """``v1`` or ``apps/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def watched(self) -> bool:
        """Whether it can be watched; what is computed for each request (metrics) can't."""
        return "watch" in self.verbs

    @property
    def label(self) -> str:
        """A short name for messages and counters: the kind, with its group when that isn't Kubernetes' own."""
        return f"{self.group}/{self.kind}" if "." in self.group and not self.group.endswith(".k8s.io") else self.kind

    def path(self, name: str = "", *, namespace: str = "", subresource: str = "") -> str:
        """Return the path of the collection (in one namespace or in all), of an object, or of its subresource."""
        parts = ["/api" if not self.group else f"/apis/{self.group}", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        return "/".join([*parts, self.plural, *filter(None, (name, subresource))])


class Discovery:
    """What the API server serves; read at the first question, and again when something isn't found. Thread-safe."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._read = float("-inf")
        self._by_kind: dict[str, list[Resource]] = {}

    def find(self, kind: str) -> Resource | None:
        """Return the resource of ``Pod``, ``apps/Deployment``, ``v1/Pod`` or ``longhorn.io/v1beta2/Node``.

        None when not served.

        A bare kind means the core's or Kubernetes' own before an extension's, and a group's preferred version.
        """
        with self._lock:
            found = self._look_up(kind)
            if found is None and time.monotonic() - self._read > _AGAIN:
                self._load()
                found = self._look_up(kind)
            return found

    def need(self, kind: str) -> Resource:
        """As ``find``, but raise Unknown for a kind that isn't served."""
        found = self.find(kind)
        if found is None:
            raise Unknown(f"the API server serves {kind}", where=self._access.config.server, todo="install its CRD")
        return found

    def _look_up(self, kind: str) -> Resource | None:
        *api, name = kind.split("/")
        candidates = self._by_kind.get(name, [])
        if len(api) == 2:
            candidates = [each for each in candidates if [each.group, each.version] == api]
        elif api:
            candidates = [each for each in candidates if api[0] in (each.group, each.version if not each.group else "")]
        return candidates[0] if candidates else None

    def _load(self) -> None:
        """Read both lists. Our own kinds come first, then extensions, each in the server's order of preference."""
        found: list[Resource] = []
        for path in ("/api", "/apis"):
            answer = self._access.request("GET", path, accept=_ACCEPT, count="DISCOVERY").json()
            if answer.get("kind") != "APIGroupDiscoveryList":
                raise Unknown(
                    "aggregated discovery (Kubernetes 1.27 or later)", seen=str(answer.get("kind")), where=path
                )
            found += [each for group in answer["items"] for each in _resources(group)]
        found.sort(key=lambda each: "." in each.group and not each.group.endswith(".k8s.io"))
        self._by_kind = {}
        for each in found:
            self._by_kind.setdefault(each.kind, []).append(each)
        self._read = time.monotonic()


def _resources(group: dict[str, Any]) -> list[Resource]:
    """Return the resource types of one group, preferred version first."""
    name = str(group.get("metadata", {}).get("name", ""))
    return [
        Resource(
            group=name,
            version=str(version["version"]),
            kind=str(entry.get("responseKind", {}).get("kind", "")),
            plural=str(entry["resource"]),
            namespaced=entry.get("scope") == "Namespaced",
            verbs=frozenset(entry.get("verbs", [])),
            subresources=frozenset(str(sub["subresource"]) for sub in entry.get("subresources", [])),
        )
        for version in group.get("versions", [])
        for entry in version.get("resources", [])
    ]
