"""Loki: whether it is ready, and which lines it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from probes.services import described
from probes.words import short, told
from roadworthy.cluster import Cluster

SERVICE = "loki"


@dataclass(frozen=True, slots=True)
class Ready:
    """What Loki says about itself."""

    ready: bool
    said: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line that Loki holds; ``time`` in nanoseconds since the epoch."""

    text: str
    time: int
    labels: Mapping[str, str]


def tenant(cluster: Cluster) -> dict[str, str]:
    """Return the header that names the tenant, where the profile says that there are tenants."""
    name = described(cluster, SERVICE).settings.get("tenant")
    return {"X-Scope-OrgID": str(name)} if name else {}


def readiness(cluster: Cluster) -> Ready:
    """Return what Loki says about itself (it holds back for 15 s after a start)."""
    reply = cluster.http(SERVICE).get("/ready", login=False)
    return Ready(reply.status == 200, f"{reply.status} {short(reply.text, 160)}")


def lines(cluster: Cluster, selector: str, text: str, *, since: float) -> tuple[Line, ...]:
    """Return a selector's lines (``{job="x"}``) with ``text`` in them, newer than ``since`` (seconds, epoch)."""
    query = {
        "query": f'{selector} |= "{text}"',
        "start": str(int(since * 1e9)),
        "end": str(int((cluster.now() + 60) * 1e9)),
        "limit": "100",
        "direction": "forward",
    }
    reply = cluster.http(SERVICE).get("/loki/api/v1/query_range", params=query, headers=tenant(cluster))
    if reply.status != 200:
        seen = f"{reply.status} {short(reply.text, 200)}"
        raise AssertionError(told(f"Loki answers {query['query']}", seen=seen, where=reply.url, todo="see Loki's log"))
    streams = reply.json()["data"]["result"]
    return tuple(Line(str(v[1]), int(v[0]), stream["stream"]) for stream in streams for v in stream["values"])
