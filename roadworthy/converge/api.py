"""Changes of API objects: apply, patch, delete, evict, scale.

Each request says which object it means: a deletion by UID, everything else by the very version that was read.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from roadworthy import halfway
from roadworthy.change import KEPT, Apply, Change, Delete, Evict, Patch, Scale
from roadworthy.cluster.answers import TOO_MANY, Reply, judge
from roadworthy.converge.fence import Found, fenced, found, path_of, there
from roadworthy.converge.records import Executed
from roadworthy.converge.tools import Tools, diff, stripped
from roadworthy.converge.writes import SECONDS, verdict, write
from roadworthy.errors import Refused

MANAGER = "roadworthy"
_MEDIA = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
}
_APPLY = "application/apply-patch+yaml"


def apply(tools: Tools, change: Change, action: Apply, *, dry: bool) -> Executed | str:
    """Server-side apply."""
    before = found(tools, change.target)
    query = {"fieldManager": MANAGER, "force": str(action.force).lower()}
    path = path_of(tools, change.target)

    def send(meta: Mapping[str, str]) -> Reply:
        manifest = {**action.manifest, "metadata": {**action.manifest["metadata"], **meta}}
        return write(tools, change, "PATCH", path, query, manifest, _APPLY, dry=dry)

    reply = send({}) if before is None else fenced(tools, change, before, send)
    if dry:
        return diff(stripped(before), stripped(reply.json()), str(change.target))
    detail = "created" if before is None else "applied"
    return Executed(change, detail, _back(tools, change, before), before)


def patch(tools: Tools, change: Change, action: Patch, *, dry: bool) -> Executed | str:
    """Patch exactly the version that was read, or the one that the remedy named."""
    before = there(tools, change)
    path = path_of(tools, change.target, action.subresource)

    def send(meta: Mapping[str, str]) -> Reply:
        body: Any
        if action.content_type == "json":
            fence = [{"op": "replace", "path": f"/metadata/{key}", "value": value} for key, value in meta.items()]
            body = [*fence, *action.body]
        else:
            body = copy.deepcopy(dict(action.body))  # type: ignore[arg-type]
            body["metadata"] = {**(body.get("metadata") or {}), **meta}
            if change.target.kind == "Node" and (notes := halfway.cordon(before, body.get("spec") or {}, tools.run)):
                body["metadata"]["annotations"] = {**(body["metadata"].get("annotations") or {}), **notes}
        return write(
            tools, change, "PATCH", path, {"fieldManager": MANAGER}, body, _MEDIA[action.content_type], dry=dry
        )

    if action.resource_version:
        reply = send({"uid": before["metadata"]["uid"], "resourceVersion": action.resource_version})
    else:
        reply = fenced(tools, change, before, send)
    if dry:
        return diff(stripped(before), stripped(reply.json()), str(change.target))
    return Executed(change, "patched", None if action.subresource else _back(tools, change, before), before)


def scale(tools: Tools, change: Change, action: Scale, *, dry: bool) -> Executed | str:
    """Set the number of replicas; by the object itself where that is noted on it, in one write."""
    before = there(tools, change)
    old = (before.get("spec") or {}).get("replicas")

    def to(replicas: Any, seen: Mapping[str, Any], *, for_now: bool = False) -> Reply:
        notes = halfway.scale(seen, tools.run, for_now=for_now)
        path = path_of(tools, change.target, "" if notes else "scale")

        def send(meta: Mapping[str, str]) -> Reply:
            body = {"metadata": {**meta, **({"annotations": notes} if notes else {})}, "spec": {"replicas": replicas}}
            return write(tools, change, "PATCH", path, {"fieldManager": MANAGER}, body, _MEDIA["merge"], dry=dry)

        return fenced(tools, change, seen, send)

    to(action.replicas, before, for_now=action.for_now)
    if dry:
        return diff({"replicas": old}, {"replicas": action.replicas}, str(change.target))

    def undo() -> str:
        to(old, there(tools, change))
        return f"scaled back to {old}"

    return Executed(change, f"scaled from {old} to {action.replicas}", undo, before)


def delete(tools: Tools, change: Change, action: Delete, *, dry: bool) -> Executed | str:
    """Delete exactly the incarnation that was seen."""
    before = found(tools, change.target)
    if before is None:
        return "" if dry else Executed(change, "was gone already")
    options: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": before["metadata"]["uid"]},
        "propagationPolicy": "Orphan" if action.orphan else "Background",
    }
    if action.grace_seconds is not None:
        options["gracePeriodSeconds"] = action.grace_seconds
    path = path_of(tools, change.target)
    write(tools, change, "DELETE", path, {}, options, "application/json", dry=dry, gone_is_fine=True)
    return diff(stripped(before), None, str(change.target)) if dry else Executed(change, "deleted", None, before)


def evict(tools: Tools, change: Change, _: Evict, *, dry: bool) -> Executed | str:
    """Ask for a pod's eviction; a disruption budget may say no."""
    before = found(tools, change.target)
    if before is None:
        return "" if dry else Executed(change, "was gone already")
    target = change.target
    path = f"/api/v1/namespaces/{target.namespace}/pods/{quote(target.name)}/eviction"
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": target.name, "namespace": target.namespace},
        "deleteOptions": {"preconditions": {"uid": before["metadata"]["uid"]}},
    }
    if dry:
        body["deleteOptions"] = {**body["deleteOptions"], "dryRun": ["All"]}  # type: ignore[dict-item]
    query = {"dryRun": "All"} if dry else {}  # said twice: the audit log shows the query only
    if not dry:
        tools.leased()
    reply = tools.cluster.access.send("POST", path, query=query, body=body, timeout=SECONDS)
    if reply.status == TOO_MANY:
        todo = "make room in the budget, or wait for its other pods"
        raise Refused(f"a disruption budget lets {target} go", seen=reply.message, todo=todo)
    if failure := judge(reply, f"the eviction of {target}", tools.cluster.access.config):
        raise failure
    verdict(reply, change, gone_is_fine=True)
    return diff(stripped(before), None, str(target)) if dry else Executed(change, "evicted", None, before)


def _back(tools: Tools, change: Change, before: Found) -> Callable[[], str] | None:
    """Return how to take an apply or a patch back: the object as it was, or its removal when it wasn't there.

    None for what others live in: they would go with it, and by then there may be some.
    """
    if before is None and change.target.kind in KEPT:
        return None

    def undo() -> str:
        now = found(tools, change.target)
        if now is None:
            return "is gone"
        path = path_of(tools, change.target)
        if before is None:
            options = {"preconditions": {"uid": now["metadata"]["uid"]}}
            write(tools, change, "DELETE", path, {}, options, "application/json", dry=False, gone_is_fine=True)
            return "removed again"
        body = {**before, "metadata": {**before["metadata"], "resourceVersion": now["metadata"]["resourceVersion"]}}
        write(tools, change, "PUT", path, {"fieldManager": MANAGER}, body, "application/json", dry=False)
        return "put back"

    return undo
