"""Grafana: its health, its front door, who may log in, and its data sources."""

from __future__ import annotations

from dataclasses import dataclass

from probes.words import short, told
from roadworthy.cluster import Cluster

SERVICE = "grafana"

#: What a kind of data source that has no health check of its own (by Grafana's version) is asked through Grafana.
SERVES = {"alertmanager": "/api/v2/status", "loki": "/loki/api/v1/labels"}
#: How Grafana says that it has no check for a kind: by the first two, or by the third with "Plugin unavailable".
NO_CHECK = {404, 501, 503}


@dataclass(frozen=True, slots=True)
class Health:
    """What ``/api/health`` says; ``database`` is ``ok`` when its database answers."""

    status: int
    database: str
    version: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The status and the redirect's aim of one request (empty when it redirects nowhere)."""

    url: str
    status: int
    location: str


@dataclass(frozen=True, slots=True)
class Source:
    """One data source; ``message`` is what its own health check says."""

    uid: str
    name: str
    type: str
    healthy: bool
    message: str

    def __str__(self) -> str:
        """Return ``name (uid, type): message``."""
        return f"{self.name} ({self.uid}, {self.type}): {self.message}"


def health(cluster: Cluster) -> Health:
    """Return Grafana's own health."""
    reply = cluster.http(SERVICE).get("/api/health", login=False)
    if reply.status not in {200, 503}:
        seen, where = f"{reply.status} {short(reply.text, 120)}", reply.url
        raise AssertionError(told("Grafana tells its health", seen=seen, where=where, todo="look at its log"))
    body = reply.json()
    return Health(reply.status, str(body.get("database")), str(body.get("version", "")))


def front(cluster: Cluster) -> Answer:
    """Return what a visitor who isn't logged in is answered at Grafana's host."""
    reply = cluster.http(SERVICE).get("/", login=False)
    return Answer(reply.url, reply.status, {k.lower(): v for k, v in reply.headers.items()}.get("location", ""))


def lets_in(cluster: Cluster, credentials: tuple[str, str] | None = None) -> bool:
    """Whether Grafana lets somebody in (the profile's administrator when nobody is named); read as who they are."""
    client = cluster.http(SERVICE)
    reply = client.get("/api/user", login=False, auth=credentials) if credentials else client.get("/api/user")
    if reply.status in {200, 401, 403}:
        return reply.status == 200
    seen = f"{reply.status} {short(reply.text, 120)}"
    raise AssertionError(told("Grafana decides on a log-in", seen=seen, where=reply.url, todo="look at its log"))


def sources(cluster: Cluster) -> tuple[Source, ...]:
    """Return every data source with the word of its own health check."""
    listed = _json(cluster, "/api/datasources")
    return tuple(_source(cluster, each) for each in listed)


def _source(cluster: Cluster, source: dict[str, object]) -> Source:
    uid, kind = str(source["uid"]), str(source["type"])
    reply = cluster.http(SERVICE).get(f"/api/datasources/uid/{uid}/health", timeout=20.0)
    if kind in SERVES and reply.status in NO_CHECK:
        reply = cluster.http(SERVICE).get(f"/api/datasources/proxy/uid/{uid}{SERVES[kind]}", timeout=20.0)
        healthy, message = reply.status == 200, reply.text
    else:
        body = reply.json() if reply.text.lstrip().startswith("{") else {}
        healthy, message = reply.status == 200 and body.get("status") == "OK", str(body.get("message") or reply.text)
    return Source(uid, str(source.get("name", "")), kind, healthy, f"{reply.status} {short(message, 160)}")


def _json(cluster: Cluster, path: str) -> list[dict[str, object]]:
    reply = cluster.http(SERVICE).get(path)
    if reply.status != 200:
        seen = f"{reply.status} {short(reply.text, 120)}"
        raise AssertionError(told(f"Grafana answers {path}", seen=seen, where=reply.url, todo="check its log-in"))
    listed: list[dict[str, object]] = reply.json()
    return listed
