"""Changes of API objects: apply, patch, delete, evict, scale.

Each request says which incarnation of the object it means.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from roadworthy.change import Apply, Change, Delete, Evict, Patch, Scale, Target
from roadworthy.cluster.answers import TOO_MANY, Reply
from roadworthy.cluster.discovery import Resource
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
Found = Mapping[str, Any] | None


def resource_of(tools: Tools, target: Target) -> Resource:
    """Return the resource type of a target."""
    return tools.cluster.discovery.need(f"{target.api_version}/{target.kind}" if target.api_version else target.kind)


def found(tools: Tools, target: Target) -> Found:
    """Read the target now.

    Raises:
        Refused: it is another incarnation than the remedy saw.

    """
    kind = f"{target.api_version}/{target.kind}" if target.api_version else target.kind
    thing = tools.cluster.fresh(kind, target.name, namespace=target.namespace)
    if thing is not None and target.uid and thing["metadata"]["uid"] != target.uid:
        raise Refused(f"{target} is the one that was judged", seen=f"a new one, {thing['metadata']['uid']}")
    return thing


def apply(tools: Tools, change: Change, action: Apply, *, dry: bool) -> Executed | str:
    """Server-side apply."""
    before = found(tools, change.target)
    manifest = dict(action.manifest)
    if before is not None:
        manifest["metadata"] = {**manifest["metadata"], "uid": before["metadata"]["uid"]}
    query = {"fieldManager": MANAGER, "force": str(action.force).lower()}
    path = resource_of(tools, change.target).path(quote(change.target.name), namespace=change.target.namespace)
    reply = write(tools, change, "PATCH", path, query, manifest, _APPLY, dry=dry)
    if dry:
        return diff(stripped(before), stripped(reply.json()), str(change.target))
    detail = "created" if before is None else "applied"
    return Executed(change, detail, _back(tools, change, before), before)


def patch(tools: Tools, change: Change, action: Patch, *, dry: bool) -> Executed | str:
    """Patch, with the uid (and the version, where the remedy named one) as a precondition."""
    before = _there(tools, change)
    meta = {"uid": before["metadata"]["uid"]}
    if action.resource_version:
        meta["resourceVersion"] = action.resource_version
    body: Any
    if action.content_type == "json":
        fence = [{"op": "replace", "path": f"/metadata/{key}", "value": value} for key, value in meta.items()]
        body = [*fence, *action.body]
    else:
        body = copy.deepcopy(dict(action.body))  # type: ignore[arg-type]
        body["metadata"] = {**(body.get("metadata") or {}), **meta}
    path = resource_of(tools, change.target).path(
        quote(change.target.name), namespace=change.target.namespace, subresource=action.subresource
    )
    media = _MEDIA[action.content_type]
    reply = write(tools, change, "PATCH", path, {"fieldManager": MANAGER}, body, media, dry=dry)
    if dry:
        return diff(stripped(before), stripped(reply.json()), str(change.target))
    return Executed(change, "patched", None if action.subresource else _back(tools, change, before), before)


def scale(tools: Tools, change: Change, action: Scale, *, dry: bool) -> Executed | str:
    """Set the number of replicas."""
    before = _there(tools, change)
    old = (before.get("spec") or {}).get("replicas")
    path = resource_of(tools, change.target).path(
        quote(change.target.name), namespace=change.target.namespace, subresource="scale"
    )

    def to(replicas: Any) -> Reply:
        body = {"metadata": {"uid": before["metadata"]["uid"]}, "spec": {"replicas": replicas}}
        return write(tools, change, "PATCH", path, {"fieldManager": MANAGER}, body, _MEDIA["merge"], dry=dry)

    to(action.replicas)
    if dry:
        return diff({"replicas": old}, {"replicas": action.replicas}, str(change.target))

    def undo() -> str:
        to(old)
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
    path = resource_of(tools, change.target).path(quote(change.target.name), namespace=change.target.namespace)
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
    reply = tools.cluster.access.send("POST", path, query=query, body=body, timeout=SECONDS)
    if reply.status == TOO_MANY:
        todo = "make room in the budget, or wait for its other pods"
        raise Refused(f"a disruption budget lets {target} go", seen=reply.message, todo=todo)
    verdict(reply, change, gone_is_fine=True)
    return diff(stripped(before), None, str(target)) if dry else Executed(change, "evicted", None, before)


def _there(tools: Tools, change: Change) -> Mapping[str, Any]:
    before = found(tools, change.target)
    if before is None:
        raise Refused(f"{change.target} is there", seen="it is gone", todo="judge again")
    return before


def _back(tools: Tools, change: Change, before: Found) -> Callable[[], str]:
    """Return how to take an apply or a patch back: the object as it was, or its removal when it wasn't there."""

    def undo() -> str:
        now = found(tools, change.target)
        if now is None:
            return "is gone"
        path = resource_of(tools, change.target).path(quote(change.target.name), namespace=change.target.namespace)
        if before is None:
            options = {"preconditions": {"uid": now["metadata"]["uid"]}}
            write(tools, change, "DELETE", path, {}, options, "application/json", dry=False, gone_is_fine=True)
            return "removed again"
        body = {**before, "metadata": {**before["metadata"], "resourceVersion": now["metadata"]["resourceVersion"]}}
        write(tools, change, "PUT", path, {"fieldManager": MANAGER}, body, "application/json", dry=False)
        return "put back"

    return undo
