"""Bytes of the API server -> objects in memory: one decoder per resource type.

Generic JSON by default. A kind for which ``shape`` is given (a msgspec Struct with the fields that matter, ``metadata``
being a ``Meta`` or more) is decoded several times faster and into a fraction of the memory: what the Struct doesn't
name is skipped, not built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from roadworthy.errors import Unknown

T = TypeVar("T")


class Meta(msgspec.Struct, rename="camel"):
    """What the store itself needs to know of any object."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    labels: dict[str, str] = {}


class ListMeta(msgspec.Struct, rename="camel"):
    """Where a LIST stands, and how to go on."""

    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class Page(msgspec.Struct, Generic[T]):
    """One page of a LIST."""

    items: list[T] | None
    metadata: ListMeta


class Event(msgspec.Struct):
    """One line of a WATCH; the object is decoded once its type is known."""

    type: str
    object: msgspec.Raw


class Status(msgspec.Struct):
    """What an ERROR event holds."""

    code: int = 0
    message: str = ""
    reason: str = ""


class Codec:
    """Decodes the objects of one resource type."""

    def __init__(self, api_version: str, kind: str, shape: type[Any] | None = None) -> None:
        self._type_meta = {"apiVersion": api_version, "kind": kind}
        self.shape = shape
        item: Any = shape or dict[str, Any]
        self._page: msgspec.json.Decoder[Page[Any]] = msgspec.json.Decoder(Page[item])
        self._item: msgspec.json.Decoder[Any] = msgspec.json.Decoder(item)
        self._event = msgspec.json.Decoder(Event)
        self._status = msgspec.json.Decoder(Status)

    def page(self, body: bytes) -> tuple[list[Any], ListMeta]:
        """Return the items of a page of a LIST, and where it stands."""
        try:
            page = self._page.decode(body)
        except msgspec.MsgspecError as error:
            raise Unknown(f"a list of {self._type_meta['kind']}", seen=f"{error}: {body[:120]!r}") from error
        return [self._complete(item) for item in page.items or []], page.metadata

    def event(self, line: bytes) -> tuple[str, Any]:
        """Return a WATCH event: type and object (a ``Status`` for ERROR, the resource version for BOOKMARK)."""
        try:
            event = self._event.decode(line)
            if event.type == "ERROR":
                return event.type, self._status.decode(event.object)
            if event.type == "BOOKMARK":
                return event.type, str(msgspec.json.decode(event.object)["metadata"]["resourceVersion"])
            return event.type, self._complete(self._item.decode(event.object))
        except (msgspec.MsgspecError, KeyError) as error:
            raise Unknown(f"a watch event of {self._type_meta['kind']}", seen=f"{error}: {line[:120]!r}") from error

    def _complete(self, item: Any) -> Any:
        """Drop what nobody reads (who set which field: half of an object's size) and add what a LIST leaves out."""
        if self.shape is None:
            item["metadata"].pop("managedFields", None)
            return self._type_meta | item
        return item

    def meta(self, item: Any) -> Meta:
        """Return the object's identity."""
        if self.shape is not None:
            return item.metadata  # type: ignore[no-any-return]
        metadata: Mapping[str, Any] = item["metadata"]
        return Meta(
            metadata["name"],
            metadata.get("namespace", ""),
            metadata.get("uid", ""),
            metadata.get("resourceVersion", ""),
            metadata.get("labels") or {},
        )
