"""No remedy takes a backup away, however it tries. Against the stand-in API server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from roadworthy.case import Case, Changes
from roadworthy.change import Action, Apply, Change, Delete, Patch, Target
from roadworthy.converge import Convergence, Judgement
from roadworthy.s3_action import S3
from roadworthy.verdict import Verdict
from tests.unit.roadworthy.apiserver import Api
from tests.unit.roadworthy.converge.conftest import CHANGE

Judge = Callable[[], Judgement]
Build = Callable[..., Convergence]

ONLY = Target("Backup", "the-only-good-one", "velero", api_version="velero.io/v1")
REQUEST = Target("DeleteBackupRequest", "please", "velero", api_version="velero.io/v1")
MANIFEST = {"apiVersion": "velero.io/v1", "kind": "DeleteBackupRequest", "metadata": {"name": "please"}, "spec": {}}
ENDED = {"status": {"expiration": "2020-01-01T00:00:00Z"}}
WAYS: dict[str, tuple[Target, Action]] = {
    "deletes": (ONLY, Delete()),
    "asks": (REQUEST, Apply(MANIFEST)),
    "ages": (ONLY, Patch({"spec": {"ttl": "1s"}})),
    "ends": (ONLY, Patch(ENDED)),
    "guesses": (ONLY, Patch([{"op": "replace", "path": "/spec/ttl", "value": "1s"}], "json")),
    "empties": (Target("Bucket", "b"), S3("object-store", "delete_objects", {"Bucket": "b"})),
    "overwrites": (Target("Bucket", "b"), S3("object-store", "put_object", {"Bucket": "b"})),
    "snapshots": (Target("ETCDSnapshotFile", "newest", api_version="k3s.cattle.io/v1"), Delete()),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_remedy_that_tries_is_refused(way: str, engine: Build, case: Case, judge: Judge, api: Api) -> None:
    target, action = WAYS[way]

    def greedy(_: Case) -> Changes:
        yield Change("take", target, action, why="it looks old")

    backup = {"metadata": {"name": ONLY.name, "namespace": "velero"}, "status": {"phase": "Completed"}}
    api.put("backups", backup)
    done = engine(remedies={"greedy": greedy}).converge(case, [("greedy", "")], judge)
    assert done.verdict is Verdict.FAILED
    assert "no repair" in done.reason
    assert list(api.things["backups"]) == [("velero", ONLY.name)]
    assert "expiration" not in api.things["backups"]["velero", ONLY.name]["status"]
    assert not api.things["deletebackuprequests"]


def test_a_backup_that_a_remedy_made_stays_when_the_remedy_is_taken_back(
    engine: Build, case: Case, judge: Judge, api: Api
) -> None:
    made: dict[str, Any] = {"apiVersion": "velero.io/v1", "kind": "Backup", "spec": {}}
    made["metadata"] = {"name": "new", "namespace": "velero"}

    def makes(_: Case) -> Changes:
        yield Change("make", Target("Backup", "new", "velero", api_version="velero.io/v1"), Apply(made), why="none")
        yield CHANGE

    broken = engine(remedies={"makes": makes}, regressions=lambda *_: ["phase2/something-else"])
    done = broken.converge(case, [("makes", "")], judge)
    assert "taken back" in done.reason
    assert not api.things["configmaps"]
    assert list(api.things["backups"]) == [("velero", "new")]


def test_what_is_no_backup_may_go(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    api.put("configmaps", {"metadata": {"name": "backup", "namespace": "a"}})

    def tidy(_: Case) -> Changes:
        yield Change("delete", Target("ConfigMap", "backup", "a"), Delete(), why="in the way")

    engine(remedies={"tidy": tidy}).converge(case, [("tidy", "")], judge)
    assert not api.things["configmaps"]
