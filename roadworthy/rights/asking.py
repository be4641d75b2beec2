"""Which rights are missing: found before the first judgement, by asking the API server verb by verb."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from roadworthy.cluster.access import Access
from roadworthy.errors import Unknown
from roadworthy.rights.right import Right

_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_AT_ONCE = 6
_EVERYTHING = (Right("*", "*", "*"), Right("", "", "*", url="*"))


class Asker:
    """Asks, and remembers what it was told, for the length of a run."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._told: dict[Right, bool] = {}

    def everything(self) -> bool:
        """Whether we may do everything, so that nothing else need be asked."""
        return not self.missing(_EVERYTHING)

    def missing(self, wanted: Iterable[Right]) -> list[Right]:
        """Return those of the rights that we don't have, in order.

        Raises:
            Unknown: the API server doesn't say.

        """
        asked = sorted(set(wanted))
        new = [right for right in asked if right not in self._told]
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            self._told.update(zip(new, pool.map(self._ask, new), strict=True))
        return [right for right in asked if not self._told[right]]

    def _ask(self, right: Right) -> bool:
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": _spec(right),
        }
        reply = self._access.request("POST", _PATH, body=body, count="ACCESS REVIEW")
        if not reply.ok:
            raise Unknown("the API server says what we may do", seen=reply.message, where=_PATH)
        return bool(reply.json().get("status", {}).get("allowed"))


def _spec(right: Right) -> Mapping[str, Any]:
    if right.url:
        return {"nonResourceAttributes": {"verb": right.verb, "path": right.url}}
    resource, _, sub = right.resource.partition("/")
    attributes = {"verb": right.verb, "group": right.group, "resource": resource, "subresource": sub}
    attributes |= {"name": right.name, "namespace": right.namespace}
    return {"resourceAttributes": {key: value for key, value in attributes.items() if value or key == "group"}}
