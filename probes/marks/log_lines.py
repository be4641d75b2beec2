"""Lines for Loki: pushed by us, or logged by a pod on a node and left to the log shipper."""

from __future__ import annotations

from dataclasses import dataclass

from probes.loki import SERVICE, Line, lines, tenant
from probes.marks import marked
from probes.marks.pods import ready_nodes, start, usable
from probes.services import described
from probes.words import few, short, told
from roadworthy.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Sent:
    """A line on its way into Loki: its text, how it is found, the node that it was logged on (empty: pushed)."""

    text: str
    selector: str
    since: float
    node: str = ""


def push(cluster: Cluster) -> Sent:
    """Push one line to Loki, which must take it."""
    now, text = cluster.now(), marked("line")
    body = {"streams": [{"stream": {"job": "roadworthy"}, "values": [[str(int(now * 1e9)), text]]}]}
    reply = cluster.http(SERVICE).post("/loki/api/v1/push", json=body, headers=tenant(cluster))
    if reply.status not in {200, 204}:
        seen = f"{reply.status} {short(reply.text, 200)}"
        raise AssertionError(told("Loki takes a line", seen=seen, where=reply.url, todo="look at Loki's log"))
    return Sent(text, '{job="roadworthy"}', now - 60)


def log(cluster: Cluster, node: str) -> Sent:
    """Let a pod on a node log one line. It stays until the scenario ends, so that no shipper comes too late."""
    usable(cluster, node)
    since, text = cluster.now() - 60, marked("line")
    namespace, _ = start(cluster, "logger", f"echo {text}; exec sleep 300", node=node)
    label = described(cluster, SERVICE).settings.get("namespace_label", "namespace")
    return Sent(text, f'{{{label}="{namespace}"}}', since, node)


def log_everywhere(cluster: Cluster) -> list[Sent]:
    """Let a pod on every ready node log a line."""
    return [log(cluster, node) for node in ready_nodes(cluster)]


def arrived(cluster: Cluster, sent: Sent, *, within: float) -> Line:
    """Wait until Loki holds a line, and return it; AssertionError when it doesn't within so many seconds."""

    def held() -> Line:
        found = lines(cluster, sent.selector, sent.text, since=sent.since)
        if not found:
            where, todo = f"Loki, {sent.selector}", "look at the log shipper there and at Loki's log"
            came = f" logged on {sent.node}" if sent.node else ""
            raise AssertionError(told(f"Loki holds the line{came}", seen="no such line", where=where, todo=todo))
        return found[0]

    return cluster.until(held, within=within, what=f"line {sent.text}")


def node_label(cluster: Cluster, line: Line) -> tuple[str, str]:
    """Return the label that the profile says tells the node, and its value on a line (empty: the line lacks it)."""
    name = str(described(cluster, SERVICE).settings.get("node_label", "node"))
    return f"{name} (of {few(sorted(line.labels), 12)})", line.labels.get(name, "")
