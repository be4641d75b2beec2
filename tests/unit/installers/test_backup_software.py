"""What backs the cluster up is given what the profile promises, in both editions, and its parts find each other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from installers.engine import load_all, rights
from installers.engine.component import ROOT
from installers.engine.values import render
from roadworthy import backups, profile_loader
from roadworthy.profile import Profile
from roadworthy.rights.right import Right

CLUSTERS = ROOT.parent / "clusters"
PROFILES = ["pi", "sandbox"]
STORES = [("object-store", "pi"), ("object-store", "sandbox"), ("offsite-store", "sandbox")]


def profile(name: str) -> Profile:
    found = profile_loader.load(CLUSTERS, name)
    return replace(found, domain=found.domain or "unit.test")


def values(component: str, said: Profile) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(render(load_all()[component], said).values.read_text())
    return content


def objects(said: Profile) -> dict[str, dict[str, Any]]:
    """Return Velero's custom resources by name: the workload chart's, or what upstream's chart is given for them."""
    given = values("velero", said)
    found = {item["metadata"]["name"]: item for item in given.get("objects") or given["extraObjects"]}
    for location in given.get("configuration", {}).get("backupStorageLocation", ()):
        bucket = {"bucket": location["bucket"]}
        found[location["name"]] = {"kind": "BackupStorageLocation", "spec": {**location, "objectStorage": bucket}}
    return found


@pytest.mark.parametrize("name", PROFILES)
def test_the_schedules_are_the_profiles(name: str) -> None:
    said = profile(name)
    own = backups.Schedule("7 4 * * *", 36 * 3600.0, ("kube-system", "scratch"))
    changed = replace(said, backups=replace(said.backups, schedules={**said.backups.schedules, "daily": own}))
    daily, weekly = (objects(changed)[schedule]["spec"] for schedule in ("daily", "weekly"))
    assert (daily["schedule"], daily["template"]["ttl"]) == ("7 4 * * *", "36h0m0s")
    assert daily["template"]["excludedNamespaces"] == ["kube-system", "scratch"]
    assert (weekly["schedule"], weekly["template"]["ttl"]) == ("0 3 * * 0", "2160h0m0s")
    assert weekly["template"]["excludedNamespaces"] == []
    # Said although it is the default: who pauses one by hand is found out.
    assert [daily["paused"], weekly["paused"]] == [False, False]


@pytest.mark.parametrize("name", PROFILES)
def test_backups_go_where_the_object_store_is(name: str) -> None:
    said = profile(name)
    location = objects(said)["default"]["spec"]
    store = said.services["object-store"]
    assert location["config"]["s3Url"] == f"http://{store.service}.{store.namespace}.svc:{store.port}"
    assert location["objectStorage"]["bucket"] == said.backups.bucket
    assert location["accessMode"] == "ReadWrite"
    cloud = next(secret for secret in load_all()["velero"].secrets if secret.name == location["credential"]["name"])
    assert cloud.logins[location["credential"]["key"]].service == "object-store"


def test_whose_credentials_are_followed_must_be_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "rendered", lambda *_: [])
    needed = set(rights.needed(profile("sandbox"), "velero"))
    assert Right("", "secrets", "get", "object-store", "object-store") in needed


def test_the_repositories_password_is_ours_and_long() -> None:
    password = next(secret for secret in load_all()["velero"].secrets if secret.name == "velero-repo-credentials")
    assert password.random["repository-password"] >= 32


def test_what_velero_reads_is_there_by_name() -> None:
    given = values("velero", profile("sandbox"))
    args = [arg for work in given["workloads"].values() for arg in work["pod"]["containers"][0]["args"]]
    named = {arg.partition("=")[2] for arg in args if "configmap=" in arg}
    assert named == set(given["configMaps"])
    assert json.loads(given["configMaps"]["node-agent"]["data"]["config"])["loadConcurrency"]
    assert yaml.safe_load(given["configMaps"]["velero-volume-policies"]["data"]["policies.yaml"])["version"] == "v1"
    # Its own pods, that copy volumes, ask the API server under its account.
    assert given["accountToken"] is True


def test_every_custom_resource_has_its_definition() -> None:
    component = load_all()["velero"]
    defined = {yaml.safe_load(path.read_text())["spec"]["names"]["kind"] for path in component.sandbox.crds}
    assert {each["kind"] for each in objects(profile("sandbox")).values()} <= defined
    assert len(defined) == len(component.sandbox.crds)


@pytest.mark.parametrize(("component", "name"), STORES)
def test_a_store_holds_its_bucket_within_the_quota_and_is_no_part_of_a_backup(component: str, name: str) -> None:
    said = profile(name)
    work = values(component, said)["workloads"][component]
    pod = work["pod"]
    container = pod["containers"][0]
    told = {variable["name"]: variable.get("value") for variable in container["env"]}
    bucket = said.backups.bucket if component == "object-store" else said.backups.offsite.bucket
    assert (told["BUCKET"], told["QUOTA_MIB"]) == (bucket, backups.words(said.backups)["backups.quota_mib"])
    assert "s3.clean.uploads -timeAgo=168h" in str(told["WEED_MASTER_MAINTENANCE_SCRIPTS"])
    held = {*work["claims"], *(volume["name"] for volume in pod["volumes"] if "emptyDir" in volume)}
    assert set(work["podAnnotations"]["backup.velero.io/backup-volumes-excludes"].split(",")) == held


@pytest.mark.parametrize(("component", "name"), STORES)
def test_of_a_store_nothing_but_s3_and_its_metrics_can_be_reached(component: str, name: str) -> None:
    args = values(component, profile(name))["workloads"][component]["pod"]["containers"][0]["args"]
    assert {arg for arg in args if arg.endswith("=0.0.0.0")} == {"-s3.ip.bind=0.0.0.0", "-metricsIp=0.0.0.0"}
    assert "-ip.bind=127.0.0.1" in args
    assert "-master.telemetry=false" in args


def test_the_stores_scripts_are_the_same() -> None:
    for script in ("bucket.sh", "ready.sh"):
        first, second = (Path(ROOT / store / script).read_text() for store in ("object-store", "offsite-store"))
        assert first == second
