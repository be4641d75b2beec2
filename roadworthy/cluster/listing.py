"""A whole collection, read consistently: page by page of one snapshot."""

from __future__ import annotations

from typing import Any

from roadworthy.cluster.access import Access
from roadworthy.cluster.answers import GONE, NOT_FOUND
from roadworthy.cluster.codec import Codec
from roadworthy.cluster.discovery import Resource
from roadworthy.errors import Stale

#: Objects per page.
PAGE = 1000
#: namespace -> name -> object
Index = dict[str, dict[str, Any]]


def pages(access: Access, resource: Resource, codec: Codec, namespace: str = "") -> tuple[Index, str]:
    """Return the collection (of one namespace) and its version, which is empty when the type is no longer served."""
    index: Index = {}
    label, token = f"LIST {resource.label}", ""
    while True:
        query = {"limit": PAGE} | ({"continue": token} if token else {})
        reply = access.request("GET", resource.path(namespace=namespace), query=query, timeout=30.0, count=label)
        if reply.status == GONE and token:
            index, token = {}, ""  # it took so long that the snapshot is gone: from the start
            continue
        if reply.status == NOT_FOUND:
            return {}, ""
        if not reply.ok:
            raise Stale(f"{label} is answered", seen=f"{reply.status}: {reply.message}")
        items, meta = codec.page(reply.body)
        for item in items:
            of = codec.meta(item)
            index.setdefault(of.namespace, {})[of.name] = item
        if not (token := meta.continue_):
            return index, meta.resource_version


def later(version: str, than: str) -> bool:
    """Whether a resource version comes after another (they are ordered integers: Kubernetes 1.35 promises it)."""
    return (len(version), version) > (len(than), than)
