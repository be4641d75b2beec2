from __future__ import annotations

from typing import Any, cast

import pytest

from probes.definitions import served
from roadworthy.cluster import Cluster
from steps.definitions import knows_kinds

ANSWERS: dict[str, Any] = {
    "/apis/velero.io": {"versions": [{"version": "v2"}, {"version": "v1"}]},
    "/apis/velero.io/v1": {
        "resources": [
            {"name": "backups", "kind": "Backup"},
            {"name": "backups/status", "kind": "Status"},
            {"name": "restores", "kind": "Restore"},
        ]
    },
}


class Answering:
    def raw(self, path: str) -> Any:
        return ANSWERS.get(path)


CLUSTER = cast("Cluster", Answering())


def test_the_kinds_of_a_version_without_subresources() -> None:
    found = served(CLUSTER, "velero.io", "v1")
    assert (set(found.kinds), found.versions) == ({"Backup", "Restore"}, ("v2", "v1"))


def test_a_group_that_is_gone_has_nothing() -> None:
    found = served(CLUSTER, "gone.io", "v1")
    assert (found.kinds, found.versions) == (frozenset(), ())


def test_what_is_missing_is_named_and_what_is_there_is_not() -> None:
    knows_kinds(CLUSTER, "Backup and Restore", "velero.io", "v1")
    with pytest.raises(AssertionError, match=r"not Schedule; velero\.io has versions v2, v1"):
        knows_kinds(CLUSTER, "Backup, Schedule and Restore", "velero.io", "v1")
    with pytest.raises(AssertionError, match=r"not Backup; gone\.io has versions none"):
        knows_kinds(CLUSTER, "Backup", "gone.io", "v1")
