"""Velero by its own objects: shapes as version 1.18 writes them."""

from __future__ import annotations

import copy
import gzip
import json
from typing import Any

import pytest

from probes import velero, velero_content, velero_schedules, velero_stuck
from probes.marks import velero as marks
from probes.marks import velero_removal
from probes.velero_content import Volume
from roadworthy.backups import Schedule as Promise
from roadworthy.errors import NotApplicable, Refused
from roadworthy.markers import run_id
from tests.unit.probes.doubles import FakeCluster, as_cluster
from tests.unit.probes.shapes import pod, service, workload

DAY = 86400.0
SERVICES = service("velero", "velero", "Deployment/velero") | service("object-store", "object-store")
DAILY = {
    "metadata": {"name": "daily", "namespace": "velero", "uid": "d", "creationTimestamp": "2027-01-15T07:00:00Z"},
    "spec": {
        "paused": False,
        "schedule": "0 2 * * *",
        "template": {
            "defaultVolumesToFsBackup": True, "excludedNamespaces": ["kube-system"], "includedNamespaces": ["*"],
            "snapshotVolumes": False, "storageLocation": "default", "ttl": "720h0m0s",
        },
    },
    "status": {"phase": "Enabled"},
}  # fmt: skip


def run(name: str, phase: str, *, start: str = "", kind: str = "Backup", **status: Any) -> dict[str, Any]:
    labels = {"velero.io/schedule-name": name.partition("-")[0]}
    return {
        "kind": kind,
        "metadata": {
            "name": name, "namespace": "velero", "uid": name, "labels": labels,
            "creationTimestamp": start or "2027-01-15T07:59:00Z",
        },
        "spec": {},
        "status": {"phase": phase, **({"startTimestamp": start} if start else {}), **status},
    }  # fmt: skip


def there(**kinds: Any) -> Any:
    names = {
        "backups": velero.BACKUP,
        "restores": velero.RESTORE,
        "schedules": velero_schedules.SCHEDULE,
        "locations": velero.LOCATION,
        "volumes": velero_content.VOLUME,
        "repositories": velero.REPOSITORY,
    }
    more = {key: value for key, value in kinds.items() if key in {"s3", "services"}}
    objects = {names.get(kind, kind): found for kind, found in kinds.items() if kind not in more}
    return as_cluster(FakeCluster(objects, **{"services": SERVICES, **more}))


def test_a_run_says_how_it_ended_and_how_long_it_took() -> None:
    done = run("daily-1", "Completed", start="2027-01-15T02:00:00Z", completionTimestamp="2027-01-15T02:00:19Z")
    reason = "backup execution failed: error putting object: 500"
    lost = run("daily-2", "Failed", start="2027-01-15T03:00:00Z", errors=1, failureReason=reason)
    bad = run("daily-3", "FailedValidation", start="2027-01-15T04:00:00Z", validationErrors=["no location"])
    first, second, third = velero.backups(there(backups=[lost, bad, done]))
    assert (first.seconds, first.complete, first.over) == (19.0, True, True)
    assert str(first) == "Backup daily-1 is Completed after 19 s"
    assert str(second) == f"Backup daily-2 is Failed, 1 errors: {reason}"
    assert str(third) == "Backup daily-3 is FailedValidation: no location"
    assert not velero.backups(there(backups=[run("x-1", "Completed", errors=2)]))[0].complete


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, []),
        ({"schedule": "0 5 * * *"}, ["its times are '0 5 * * *', not '0 2 * * *'"]),
        (
            {"template": {"ttl": "24h0m0s"}},
            ["its backups are kept for 1 d, not 30 d", "it leaves out none, not kube-system"],
        ),
        ({"template": {**DAILY["spec"]["template"], "includedNamespaces": ["a"]}}, ["it takes only a"]),  # type: ignore[index]
        ({"template": {**DAILY["spec"]["template"], "labelSelector": {"a": "b"}}}, ["it is narrowed by labelSelector"]),  # type: ignore[index]
    ],
)  # fmt: skip
def test_a_schedule_is_compared_with_its_promise(change: dict[str, Any], wrong: list[str]) -> None:
    found = velero_schedules.schedule(there(schedules=[{**DAILY, "spec": {**DAILY["spec"], **change}}]), "daily")  # type: ignore[dict-item]
    assert found.differs(Promise("0 2 * * *", 30 * DAY, ("kube-system",))) == wrong


def test_a_schedule_is_found_with_a_releases_name_before_it_unless_two_are() -> None:
    chart = {**DAILY, "metadata": {**DAILY["metadata"], "name": "velero-daily"}}  # type: ignore[dict-item]
    other = {**DAILY, "metadata": {**DAILY["metadata"], "name": "other-daily"}}  # type: ignore[dict-item]
    assert velero_schedules.schedule(there(schedules=[chart]), "daily").name == "velero-daily"
    with pytest.raises(AssertionError, match="there is a schedule daily; seen: other-daily, velero-daily"):
        velero_schedules.schedule(there(schedules=[chart, other]), "daily")
    with pytest.raises(NotApplicable, match="lists no schedule hourly"):
        velero_schedules.promised(there(), "hourly")


def scheduled(made: str, last: str = "") -> dict[str, Any]:
    status = {"phase": "Enabled"} | ({"lastBackup": last} if last else {})
    return {**DAILY, "metadata": {**DAILY["metadata"], "creationTimestamp": made}, "status": status}  # type: ignore[dict-item]


OLD = "2026-12-01T00:00:00Z"


@pytest.mark.parametrize(
    ("schedule", "backups", "late"),
    [
        # now is 2027-01-15T08:00:00Z; a daily one may be 26 hours old
        (scheduled(OLD), [run("daily-1", "Completed", start="2027-01-14T07:00:00Z")], ""),
        (scheduled(OLD), [run("daily-1", "Completed", start="2027-01-14T05:00:00Z")], "daily-1 is 27 h old"),
        (scheduled(OLD), [run("daily-1", "Completed", start=OLD), run("daily-2", "Failed")], "daily-1 is 45 d old"),
        (scheduled("2027-01-14T08:00:00Z"), [], ""),  # not due long enough ago
        (scheduled("2027-01-14T05:00:00Z"), [], "it has made no backup in 27 h"),
        (scheduled(OLD, "2027-01-15T07:00:00Z"), [run("daily-1", "InProgress")], ""),
        (scheduled(OLD, "2027-01-15T02:00:00Z"), [run("daily-1", "Failed")], "although it made one 6 h ago"),
    ],
)  # fmt: skip
def test_a_last_backup_is_as_young_as_its_times_allow(schedule: Any, backups: Any, late: str) -> None:
    found = velero_schedules.overdue(there(schedules=[schedule], backups=backups), "daily")
    assert late in found
    assert bool(found) == bool(late)


def test_another_schedules_backups_and_those_of_drills_do_not_count() -> None:
    backups = [run("weekly-1", "Completed", start="2027-01-15T07:00:00Z")]
    assert velero_schedules.overdue(there(schedules=[scheduled(OLD)], backups=backups), "daily")
    assert velero_schedules.last_ended(there(schedules=[scheduled(OLD)], backups=backups), "daily") is None


def server(*, ready: bool = True, since: str = "2027-01-15T07:00:00Z") -> dict[str, Any]:
    made = pod("velero-1", "velero", ready=ready)
    made["status"]["containerStatuses"] = [{"name": "velero", "state": {"running": {"startedAt": since}}}]
    return {"Deployment": [workload("Deployment", "velero", "velero")], "Pod": [made]}


def test_what_nobody_is_at_work_on_is_stuck() -> None:
    runs = [
        run("lost", "InProgress", start="2027-01-15T06:00:00Z"),
        run("at-work", "InProgress", start="2027-01-15T07:30:00Z"),
        run("plugins", "WaitingForPluginOperations", start="2027-01-15T06:00:00Z"),
        run("long", "Finalizing", start="2027-01-15T02:00:00Z"),
        run("done", "Completed", start="2027-01-15T02:00:00Z"),
    ]
    found = {
        each.name: why for each, why in velero_stuck.stuck(there(backups=runs, restores=[], **server()), 4 * 3600.0)
    }
    assert found == {
        "lost": "the server that began it is gone, the present one runs for 1 h",
        "long": "begun 6 h ago",
    }
    without = {each.name for each, _ in velero_stuck.stuck(there(backups=runs, restores=[], Deployment=[]), 1e9)}
    assert without == {"lost", "at-work", "plugins", "long"}


def test_the_namespaces_that_a_backup_holds_stand_in_its_bucket() -> None:
    listed = {"v1/ConfigMap": ["apps/one", "logging/two"], "v1/Namespace": ["apps", "logging", "empty"]}
    asked: list[Any] = []

    def get(arguments: dict[str, Any]) -> dict[str, bytes]:
        asked.append((arguments["Bucket"], arguments["Key"]))
        return {"Body": gzip.compress(json.dumps(listed).encode())}

    location = {
        "metadata": {"name": "default", "namespace": "velero", "uid": "l"},
        "spec": {"default": True, "objectStorage": {"bucket": "velero-backups", "prefix": "pi"}},
    }
    found = velero_content.namespaces(there(locations=[location], s3={"get_object": get}), "b")
    assert found == {"apps", "logging"}
    assert asked == [("velero-backups", "pi/backups/b/b-resource-list.json.gz")]


def test_a_volume_is_whole_when_every_byte_is_stored_and_claims_are_expected() -> None:
    assert Volume("a", "p", "v", "Completed", "", 140699816, 140699816).whole
    assert not Volume("a", "p", "v", "Completed", "", 1, 2).whole
    assert not Volume("a", "p", "v", "Failed", "no agent", 2, 2).whole
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "c"}}
    pods = [pod(name, "apps") for name in ("with", "without", "left-out")]
    pods[0]["spec"]["volumes"] = [claim, {"name": "tmp", "emptyDir": {}}]
    pods[2]["spec"]["volumes"] = [claim]
    pods[2]["metadata"]["annotations"] = {velero_content.LEFT_OUT: "cache, data"}
    for each in pods:
        each["status"]["startTime"] = "2027-01-15T07:00:00Z"
    found = velero_content.expected_volumes(there(Pod=pods), {"apps"}, 1_800_000_000.0)
    assert found == {("apps", "with", "data")}
    assert not velero_content.expected_volumes(there(Pod=pods), {"other"}, 1_800_000_000.0)
    assert not velero_content.expected_volumes(there(Pod=pods), {"apps"}, 0.0)


def test_a_backup_of_ours_is_kept_for_an_hour_only_and_isnt_the_schedules() -> None:
    location = {"metadata": {"name": "default", "namespace": "velero", "uid": "l"}, "spec": {"default": True}}
    fake = FakeCluster({velero_schedules.SCHEDULE: [DAILY], velero.LOCATION: [location]}, services=SERVICES)
    with pytest.raises(AssertionError, match="storage location that is available; seen: default is not yet validated"):
        marks.back_up_by(as_cluster(fake), "daily")
    fake.objects[velero.LOCATION] = [{**location, "status": {"phase": "Available"}}]
    name = marks.back_up_by(as_cluster(fake), "daily")
    (made,) = fake.marks.made
    assert run_id() in name
    assert made["spec"]["ttl"] == "1h0m0s"
    assert made["spec"]["excludedNamespaces"] == ["kube-system"]
    assert "labels" not in made["metadata"]
    assert [what for _, what in fake.marks.undo] == [f"backup {name}"]


def test_a_backup_waits_for_namespaces_that_are_being_deleted() -> None:
    going = {"metadata": {"name": "apps", "deletionTimestamp": "2027-01-15T07:59:00Z"}}
    known: dict[str, Any] = {
        velero_schedules.SCHEDULE: [DAILY],
        "Namespace": [going, {"metadata": {"name": "logging"}}],
    }
    with pytest.raises(AssertionError, match="no namespace is being deleted while it is backed up; seen: apps"):
        marks.back_up_by(as_cluster(FakeCluster(known, services=SERVICES)), "daily")


def test_what_velero_wrote_down_as_errors_is_told() -> None:
    wrote = {"errors": {"velero": ["no agent"], "namespaces": {"apps": ["pvc x not found"]}}, "warnings": {}}
    asked: list[str] = []

    def get(arguments: dict[str, Any]) -> dict[str, bytes]:
        asked.append(arguments["Key"])
        return {"Body": gzip.compress(json.dumps(wrote).encode())}

    found = there(locations=[], s3={"get_object": get}, backups=[run("b", "PartiallyFailed")])
    (failed,) = velero.backups(found)
    assert velero_content.errors(found, failed) == ("no agent", "apps: pvc x not found")
    restored = velero.restores(there(restores=[run("r", "Failed", kind="Restore")]))
    assert velero_content.errors(found, restored[0]) == ("no agent", "apps: pvc x not found")
    assert asked == ["backups/b/b-results.gz", "restores/r/restore-r-results.gz"]
    without = there(locations=[], s3={"get_object": AssertionError("NoSuchKey")})
    assert velero_content.errors(without, failed) == ()


def test_a_schedules_own_namespaces_keep_their_repositories() -> None:
    narrowed: dict[str, Any] = copy.deepcopy(DAILY)
    narrowed["spec"]["template"]["includedNamespaces"] = ["databases", "monitoring"]
    location = {"metadata": {"name": "default", "namespace": "velero", "uid": "l"}, "spec": {"default": True}}
    known = {velero_schedules.SCHEDULE: [narrowed], velero.LOCATION: [{**location, "status": {"phase": "Available"}}]}
    fake = FakeCluster(known, services=SERVICES)
    name = marks.back_up_by(as_cluster(fake), "daily")
    assert [what for _, what in fake.marks.undo] == [f"backup {name}"]


def test_what_is_stored_of_others_namespaces_is_never_taken_away() -> None:
    touched: list[str] = []
    store = {"list_objects_v2": lambda _: touched.append("listed"), "delete_objects": lambda _: touched.append("gone")}
    for name in ("databases", "roadworthy-29990101t000000-abcd-x"):
        with pytest.raises(Refused, match="only what a namespace of ours stored"):
            velero_removal.forget_volumes(there(locations=[], repositories=[], s3=store), name)
    assert not touched
