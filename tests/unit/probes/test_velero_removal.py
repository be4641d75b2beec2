"""How backups of our own go again: by Velero, and never while they are being made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from probes import velero
from probes.marks import velero_removal
from roadworthy import process
from roadworthy.markers import HOLDER, LABEL, run_id
from tests.unit.probes.doubles import FakeCluster, as_cluster
from tests.unit.probes.shapes import service

SERVICES = service("velero", "velero", "Deployment/velero") | service("object-store", "object-store")


def backup(name: str, phase: str, *, of: str = "", holder: str = "") -> dict[str, Any]:
    labels, annotations = ({LABEL: of} if of else {}), ({HOLDER: holder} if holder else {})
    metadata = {"name": name, "namespace": "velero", "uid": name, "labels": labels, "annotations": annotations}
    return {"kind": "Backup", "metadata": metadata, "spec": {}, "status": {"phase": phase}}


def deleting(fake: FakeCluster) -> Callable[[Mapping[str, Any]], None]:
    """Return Velero: what it is asked to delete is gone."""

    def deletes(made: Mapping[str, Any]) -> None:
        asked = made["spec"]["backupName"]
        fake.objects[velero.BACKUP] = [x for x in fake.objects[velero.BACKUP] if x["metadata"]["name"] != asked]

    return deletes


@pytest.mark.parametrize("phase", ["", "Queued", "InProgress", "WaitingForPluginOperations"])
def test_a_backup_that_is_being_made_is_not_asked_for_yet(phase: str) -> None:
    fake = FakeCluster({velero.BACKUP: [backup("b", phase)]}, services=SERVICES)
    with pytest.raises(AssertionError, match="our own backup comes to its end; seen: Backup b is"):
        velero_removal.remove(as_cluster(fake), "b")
    assert not fake.marks.made


def test_velero_is_asked_to_delete_a_backup_and_its_refusal_is_told() -> None:
    fake = FakeCluster({velero.BACKUP: [backup("b", "PartiallyFailed")]}, services=SERVICES)

    def refuses(made: Mapping[str, Any]) -> None:
        fake.objects[velero_removal.REQUEST] = [{**made, "status": {"errors": ["location is read-only"]}}]

    fake.marks.on_create = refuses
    with pytest.raises(AssertionError, match="Velero deletes the backups b; seen: location is read-only"):
        velero_removal.remove(as_cluster(fake), "b")
    fake.marks.on_create = deleting(fake)
    velero_removal.remove(as_cluster(fake), "b")
    assert not fake.objects[velero.BACKUP]


def test_the_backups_of_dead_runs_are_swept_and_those_of_living_ones_are_not() -> None:
    dead = process.identity().rpartition("/")[0] + "/1"  # this process's number, begun at another time
    ours = backup("ours", "Completed", of=run_id(), holder=dead)
    living = backup("living", "Completed", of="another", holder=process.identity())
    killed, theirs = backup("killed", "Completed", of="another", holder=dead), backup("theirs", "Completed")
    fake = FakeCluster(
        {velero.REPOSITORY: [], velero.LOCATION: [], velero.BACKUP: [ours, living, killed, theirs]}, services=SERVICES
    )
    fake.marks.on_create = deleting(fake)
    living["metadata"]["annotations"]["roadworthy.dev/expires"] = "2027-01-15T08:10:00Z"
    velero_removal.sweep(as_cluster(fake))
    assert [each["spec"]["backupName"] for each in fake.marks.made] == ["killed"]


def test_a_killed_runs_repositories_are_swept_with_what_they_hold() -> None:
    old, young = "roadworthy-20260101t000000-abcd-x", "roadworthy-20270115t075900-abcd-y"
    repositories = [
        {"metadata": {"name": f"{of}-default-kopia", "namespace": "velero", "uid": of}, "spec": {"volumeNamespace": of}}
        for of in (old, young, "apps")
    ]
    lost = "roadworthy-20260101t000000-abcd-z"
    folders = {"CommonPrefixes": [{"Prefix": f"kopia/{name}/"} for name in (lost, young, "apps")]}
    pages = [folders, {"Contents": [{"Key": f"kopia/{old}/p1"}]}, {}, {"Contents": [{"Key": f"kopia/{lost}/p1"}]}, {}]
    fake = FakeCluster(
        {velero.REPOSITORY: repositories, velero.LOCATION: [], velero.BACKUP: []},
        services=SERVICES,
        s3={"list_objects_v2": lambda _: pages.pop(0)},
    )
    velero_removal.sweep(as_cluster(fake))
    assert fake.marks.gone == [f"velero.io/v1/BackupRepository velero/{old}-default-kopia"]
    did = [each for each in fake.store.did if each[0] == "delete_objects"]
    assert [each["Key"] for _, more in did for each in more["Delete"]["Objects"]] == [
        f"kopia/{old}/p1", f"kopia/{lost}/p1",
    ]  # fmt: skip
