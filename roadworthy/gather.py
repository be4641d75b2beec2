"""Evidence of a failure: the state of what the criterion is about, its events, its last log lines, and what was asked.

Gathered right after a criterion failed, before any remedy touches it. Best effort: what can't be read is said so, and
never changes the verdict. Everything is read from local memory, but for the logs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadworthy import allure_steps, redact
from roadworthy.criterion import Criterion
from roadworthy.evidence import Piece
from roadworthy.shown import message

if TYPE_CHECKING:
    from roadworthy.cluster import Cluster, Obj

#: Logs of so many containers, the unhealthy ones first; lines of each; events, the newest.
CONTAINERS, LINES, EVENTS = 4, 40, 60


def about(cluster: Cluster, criterion: Criterion) -> list[Piece]:
    """Return the evidence about the components and the node that a criterion names."""
    named = {*criterion.components, *criterion.needs, *(argument for _, argument in criterion.ladder())}
    services = cluster.profile.services
    namespaces = sorted({services[name].namespace for name in named if name in services})
    node = criterion.parameters.get("node", "")
    pieces: list[Piece] = []
    for namespace in namespaces:
        pods = _safely(lambda ns=namespace: cluster.list("Pod", namespace=ns), [], pieces, namespace)  # type: ignore[misc]
        pieces += _piece("state", f"pods in {namespace}", "\n\n".join(map(_pod, pods)) or "none")
        pieces += _piece("events", f"events in {namespace}", _events(cluster, namespace, pieces))
        pieces += _logs(cluster, pods, pieces)
    if node:
        found = _safely(lambda: cluster.get("Node", node), None, pieces, node)
        pieces += _piece("state", f"node {node}", _node(found) if found else "no such node")
    return pieces


def write(reports: Path, criterion: str, attempt: int, pieces: list[Piece]) -> list[str]:
    """Write the pieces below ``evidence/`` and attach them in Allure; return the files, relative to ``reports``."""
    folder = reports / "evidence" / slug(criterion)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    grouped: dict[str, list[Piece]] = {}
    for piece in pieces:
        grouped.setdefault(piece.kind, []).append(piece)
    for kind, group in grouped.items():
        content = redact.text("\n\n".join(f"# {piece.title}\n{piece.text}".rstrip() for piece in group)) + "\n"
        file = folder / f"attempt-{attempt}-{slug(kind)}.txt"
        file.write_text(content, encoding="utf-8")
        allure_steps.attach(f"{kind}, attempt {attempt}", content)
        written.append(str(file.relative_to(reports)))
    return written


def slug(name: str) -> str:
    """Return a name that any file system takes."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-")[:150]


def _piece(kind: str, title: str, content: str) -> Iterator[Piece]:
    yield Piece(kind, redact.text(title), redact.text(content))


def _safely(read: Callable[[], Any], otherwise: Any, pieces: list[Piece], what: str) -> Any:
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - evidence is best effort, whatever goes wrong
        pieces += _piece("unread", what, message(error))
        return otherwise


def _pod(pod: Obj) -> str:
    """Return what `kubectl describe` would say first."""
    meta, status = pod["metadata"], pod.get("status", {})
    lines = [f"{meta['name']} on {pod.get('spec', {}).get('nodeName') or 'no node'}: {status.get('phase', 'unknown')}"]
    if gone := meta.get("deletionTimestamp"):
        lines.append(f"  terminating since {gone}")
    for condition in status.get("conditions", []):
        if condition.get("status") != "True":
            told = f"  {condition['type']} is {condition['status']}: {condition.get('reason', '')}"
            lines.append(f"{told} {condition.get('message', '')}".rstrip())
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        states = [f"{when}: {_state(container.get(when))}" for when in ("state", "lastState") if container.get(when)]
        told = f"  {container['name']} ({container.get('image', '')}), {container.get('restartCount', 0)} restarts"
        lines.append(f"{told}; {'; '.join(states)}")
    return "\n".join(lines)


def _state(state: Obj) -> str:
    return ", ".join(
        f"{name} {' '.join(f'{key}={value}' for key, value in (detail or {}).items() if key != 'containerID')}".strip()
        for name, detail in state.items()
    )


def _node(node: Obj) -> str:
    lines = [f"taints: {node.get('spec', {}).get('taints', 'none')}"]
    lines += [
        f"{condition['type']}={condition['status']} {condition.get('reason', '')} since "
        f"{condition.get('lastTransitionTime', '?')}: {condition.get('message', '')}"
        for condition in node.get("status", {}).get("conditions", [])
    ]
    return "\n".join(lines)


def _events(cluster: Cluster, namespace: str, pieces: list[Piece]) -> str:
    events = _safely(lambda: cluster.list("v1/Event", namespace=namespace), [], pieces, f"events in {namespace}")
    lines = []
    for event in sorted(events, key=_when)[-EVENTS:]:
        told = event.get("involvedObject", {})
        times = f" (x{event['count']})" if event.get("count", 1) > 1 else ""
        lines.append(
            f"{_when(event)} {event.get('type', '')} {event.get('reason', '')} "
            f"{told.get('kind', '')}/{told.get('name', '')}: {event.get('message', '')}{times}"
        )
    return "\n".join(lines) or "none"


def _when(event: Obj) -> str:
    times = (event.get(key) for key in ("lastTimestamp", "eventTime", "firstTimestamp"))
    return next((str(time) for time in times if time), "")


def _logs(cluster: Cluster, pods: list[Obj], pieces: list[Piece]) -> Iterator[Piece]:
    containers = [
        (container.get("ready", False), pod["metadata"]["namespace"], pod["metadata"]["name"], container)
        for pod in pods
        for container in pod.get("status", {}).get("containerStatuses", [])
    ]
    for _, namespace, pod, container in sorted(containers, key=lambda one: one[0])[:CONTAINERS]:
        name, crashed = container["name"], "terminated" in (container.get("lastState") or {})
        for previous in [False, *([True] if crashed and not container.get("ready") else [])]:
            what = f"log of {namespace}/{pod} {name}{' before its last restart' if previous else ''}"

            def read(*, before: bool = previous, pod: str = pod, ns: str = namespace, name: str = name) -> str:
                return cluster.logs(ns, pod, container=name, tail=LINES, previous=before)

            if content := _safely(read, "", pieces, what):
                yield from _piece("logs", what, content)
