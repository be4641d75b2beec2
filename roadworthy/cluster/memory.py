"""The objects of one resource type as of one version, whatever order a LIST and a WATCH tell of them in.

Not thread-safe: whoever shares it holds a lock around each call.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from roadworthy.cluster.answers import GONE
from roadworthy.cluster.codec import Codec, Status
from roadworthy.cluster.listing import Index, later
from roadworthy.errors import Stale

Event = tuple[str, Any]


class Gone(Exception):
    """The server no longer knows the version from which we wanted to go on: list again."""


class Memory:
    """What was last seen of each object. ``version`` is empty as long as nothing can be built upon."""

    def __init__(self, codec: Codec, label: str) -> None:
        self.objects: Index = {}
        self.version = ""
        self._codec, self._label = codec, label
        self._floor = ""
        #: What the watch told since a LIST was asked for; None while none is on its way.
        self._meanwhile: list[Event] | None = None

    def listing(self) -> None:
        """Note that a LIST is asked for: what the watch tells from here on may be later than its answer."""
        self._meanwhile = []

    def unlisted(self) -> None:
        """Note that the LIST was not answered."""
        self._meanwhile = None

    def replace(self, index: Index, version: str) -> None:
        """Put a LIST's answer in the place of what was known, and on top of it what the watch told meanwhile.

        A watch tells each event once: one that the answer overtook on its way here would be lost for good.
        """
        meanwhile, self._meanwhile = self._meanwhile or [], None
        self.objects, self.version, self._floor = index, version, version
        if version:
            self.take(meanwhile)

    def take(self, events: Iterable[Event]) -> None:
        """Take in what a watch told.

        What a LIST has overtaken is left out, or the deleted would come back.

        Raises:
            Gone: the watch is too far behind to go on.
            Stale: the server ended the watch for another reason.

        """
        for kind, item in events:
            if kind == "ERROR":
                status: Status = item
                if status.code == GONE:
                    raise Gone
                raise Stale(f"the watch on {self._label} goes on", seen=status.message)
            if self._meanwhile is not None:
                self._meanwhile.append((kind, item))
            of = None if kind == "BOOKMARK" else self._codec.meta(item)
            version = of.resource_version if of else str(item)
            if not later(version, self._floor):
                continue
            self.version = version
            if of and kind == "DELETED":
                self.objects.get(of.namespace, {}).pop(of.name, None)
            elif of:
                self.objects.setdefault(of.namespace, {})[of.name] = item
