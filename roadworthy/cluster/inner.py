"""The facade with what lies behind it: for the parts of a live cluster that send requests of their own."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Protocol

from roadworthy.cluster.access import Access
from roadworthy.cluster.discovery import Discovery
from roadworthy.cluster.facade import Cluster


class Inner(Cluster, Protocol):
    """See ``roadworthy.cluster.live.LiveCluster``."""

    access: Access
    discovery: Discovery

    def scenario(self, criterion: str, tags: Collection[str]) -> AbstractContextManager[None]:
        """Surround one attempt at a scenario."""
        ...
