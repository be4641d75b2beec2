"""Talks to the sandbox's API server: small, quick to import, on the administrator's certificate."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests

from roadworthy.errors import RoadworthyError, TimedOut
from sandbox.layout import Sandbox

MANAGER = "roadworthy-sandbox"
CLUSTER_KINDS = {
    "APIService", "ClusterRole", "ClusterRoleBinding", "IngressClass", "Namespace", "Node", "PersistentVolume",
    "PriorityClass", "StorageClass",
}  # fmt: skip
Object = dict[str, Any]


class ApiFailed(RoadworthyError):
    """The API server refused, or gave no answer."""

    def __init__(self, expected: str, *, status: int, seen: str) -> None:
        self.status = status
        super().__init__(expected, seen=f"{status}: {seen}" if status else seen)


def plural(kind: str) -> str:
    """Return a kind's name in the API's paths."""
    lower = kind.lower()
    if lower.endswith(("ss", "s")) and lower != "endpoints":
        return lower + "es"
    return lower if lower == "endpoints" else lower.removesuffix("y") + "ies" if lower.endswith("cy") else lower + "s"


def path(api_version: str, kind: str, namespace: str = "", name: str = "") -> str:
    """Return the path of an object, or of a collection where `name` is empty."""
    base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    scope = f"/namespaces/{namespace}" if namespace and kind not in CLUSTER_KINDS else ""
    return f"{base}{scope}/{plural(kind)}" + (f"/{name}" if name else "")


def path_of(item: Mapping[str, Any]) -> str:
    """Return the path of an object as it stands."""
    meta = item["metadata"]
    return path(item["apiVersion"], item["kind"], meta.get("namespace", ""), meta["name"])


class Api:
    """One connection. Every call has a time-out."""

    def __init__(self, sandbox: Sandbox, timeout: float = 10) -> None:
        """Talk to the API server of `sandbox`."""
        self.base, self.timeout = sandbox.api, timeout
        self.session = requests.Session()
        # A proxy for the outside world has no business here.
        self.session.trust_env = False
        pki = sandbox.paths.pki
        self.session.verify = str(pki / "ca.crt")
        self.session.cert = (str(pki / "sandbox-admin.crt"), str(pki / "sandbox-admin.key"))

    def call(
        self, verb: str, where: str, body: Any = None, *, content_type: str = "application/json", **query: str
    ) -> Any:
        """Send one request and return the answer's JSON.

        Raises:
            ApiFailed: refused, or no answer; `status` is 0 for the latter.

        """
        data = None if body is None else json.dumps(body).encode()
        try:
            answer = self.session.request(
                verb,
                self.base + where,
                params=query,
                data=data,
                timeout=self.timeout,
                headers={"Content-Type": content_type, "Accept": "application/json"},
            )
        except (requests.RequestException, OSError) as error:
            raise ApiFailed(f"an answer to {verb} {where}", status=0, seen=str(error)) from error
        if answer.status_code >= 400:
            raise ApiFailed(f"{verb} {where} to be done", status=answer.status_code, seen=answer.text[:600])
        return answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.text

    def get(self, where: str, **query: str) -> Any:
        """Read an object or a collection."""
        return self.call("GET", where, **query)

    def find(self, where: str) -> Object | None:
        """Read an object that may be missing."""
        try:
            found: Object = self.get(where)
        except ApiFailed as error:
            if error.status == 404:
                return None
            raise
        return found

    def apply(self, item: Mapping[str, Any]) -> Any:
        """Server-side apply: make the object hold these fields, nothing changes when it does."""
        return self.call(
            "PATCH",
            path_of(item),
            item,
            content_type="application/apply-patch+yaml",
            fieldManager=MANAGER,
            force="true",
        )

    def patch(self, where: str, change: Mapping[str, Any]) -> Any:
        """Merge `change` into an object; None takes a field away."""
        return self.call("PATCH", where, change, content_type="application/merge-patch+json", fieldManager=MANAGER)

    def ready(self) -> bool:
        """Tell whether the API server says that it is."""
        try:
            return str(self.get("/readyz")) == "ok"
        except ApiFailed:
            return False

    def watch(self, where: str, seconds: float) -> Iterator[Object]:
        """Yield the items of a collection as they are and as they change, for so many seconds.

        Raises:
            ApiFailed: refused, or the connection broke.

        """
        listing = self.get(where)
        kind, version = listing["kind"].removesuffix("List"), listing["apiVersion"]
        for item in listing["items"]:
            yield {"kind": kind, "apiVersion": version, **item}
        query = {
            "watch": "1",
            "resourceVersion": listing["metadata"]["resourceVersion"],
            "timeoutSeconds": str(max(int(seconds), 1)),
        }
        try:
            with self.session.get(
                self.base + where, params=query, stream=True, timeout=(self.timeout, seconds + 1)
            ) as stream:
                for line in stream.iter_lines(chunk_size=None):
                    event = json.loads(line)
                    if event["type"] in {"ADDED", "MODIFIED"}:
                        yield event["object"]
                    elif event["type"] == "ERROR":
                        return
        except requests.exceptions.ReadTimeout:
            return
        except (requests.RequestException, OSError) as error:
            if "timed out" in str(error):
                return
            raise ApiFailed(f"to watch {where}", status=0, seen=str(error)) from error

    def wait(self, where: str, good: Callable[[Object], str], names: set[str], seconds: float) -> None:
        """Watch a collection until `good` finds nothing to complain about in any of the named items.

        Raises:
            TimedOut: with the last complaint about each.

        """
        deadline, complaints = time.monotonic() + seconds, dict.fromkeys(names, "not there yet")
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(ApiFailed):
                for item in self.watch(where, left):
                    name = item["metadata"]["name"]
                    if name not in names:
                        continue
                    complaint = good(item)
                    if complaint:
                        complaints[name] = complaint
                    else:
                        complaints.pop(name, None)
                    if not complaints:
                        return
            time.sleep(0.1)
        seen = "; ".join(f"{name}: {text}" for name, text in sorted(complaints.items()))
        raise TimedOut(f"{where} to be as wanted within {seconds:g} s", seen=seen)
