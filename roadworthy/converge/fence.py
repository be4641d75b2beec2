"""Fences by content: a write holds for the object that was read, and comes to nothing on any other.

What is still under way when a lease expires (a stopped process, a slow network) reaches the API server all the same. It
is refused there if the next runner, or anybody, has touched the object meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from roadworthy.change import Change, Target
from roadworthy.cluster.answers import Reply
from roadworthy.converge import held
from roadworthy.converge.tools import Tools
from roadworthy.errors import Refused

#: How often a write is sent anew because the object's status moved on under it.
_TRIES = 5
Found = Mapping[str, Any] | None


def path_of(tools: Tools, target: Target, subresource: str = "") -> str:
    """Return the target's path on the API server."""
    resource = tools.cluster.discovery.need(_kind(target))
    return resource.path(quote(target.name), namespace=target.namespace, subresource=subresource)


def found(tools: Tools, target: Target) -> Found:
    """Read the target now.

    Raises:
        Refused: it is another incarnation than the remedy saw, or somebody has it in hand.

    """
    thing = tools.cluster.fresh(_kind(target), target.name, namespace=target.namespace)
    if thing is not None and target.uid and thing["metadata"]["uid"] != target.uid:
        raise Refused(f"{target} is the one that was judged", seen=f"a new one, {thing['metadata']['uid']}")
    held.free(str(target), thing, tools.cluster.now())
    return thing


def there(tools: Tools, change: Change) -> Mapping[str, Any]:
    """Read a Change's target now; raises as ``found`` does, and Refused when it is gone."""
    before = found(tools, change.target)
    if before is None:
        raise Refused(f"{change.target} is there", seen="it is gone", todo="judge again")
    return before


def fenced(
    tools: Tools, change: Change, before: Mapping[str, Any], send: Callable[[Mapping[str, str]], Reply]
) -> Reply:
    """Send a write that holds for one version only; again, for the next one, when nothing but the status moved on."""
    for _ in range(_TRIES):
        meta = before["metadata"]
        try:
            return send({"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]})
        except Refused:
            now = found(tools, change.target)
            if now is None or tools.lost.is_set() or _wanted(now) != _wanted(before):
                raise
            before = now
    raise Refused(f"{change.target} rests for a moment", seen=f"it changed {_TRIES} times", todo="judge again")


def _wanted(thing: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object without what controllers report in it all the time."""
    metadata = {k: v for k, v in thing["metadata"].items() if k not in {"resourceVersion", "managedFields"}}
    return {**thing, "metadata": metadata, "status": None}


def _kind(target: Target) -> str:
    return f"{target.api_version}/{target.kind}" if target.api_version else target.kind
