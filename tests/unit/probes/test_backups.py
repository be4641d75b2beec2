"""What the probes of backups make of what they read: schedules, repositories' heads, Longhorn's own backups."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from probes import encryption, longhorn_backups
from probes.cron import longest_pause
from probes.encryption import Password, Sealed
from roadworthy.cluster import Cluster
from roadworthy.errors import Unknown
from steps import longhorn_backups as steps
from tests.unit.remediation.doubles import FakeCluster


@pytest.mark.parametrize(
    ("cron", "hours"),
    [
        ("0 */6 * * *", 6),
        ("30 1 * * *", 24),
        ("0 3 * * 0", 168),
        ("0 3 * * 7", 168),
        ("0 0,12 * * 1-5", 60),
        ("0 5 1 * *", 744),
        ("0 0 13 * 5", 168),
    ],
)
def test_how_long_a_schedule_pauses(cron: str, hours: int) -> None:
    assert longest_pause(cron) == hours * 3600


@pytest.mark.parametrize("cron", ["", "@daily", "0 * * *", "61 * * * *", "0 0 31 2 *", "a b c d e"])
def test_what_is_no_schedule_is_refused(cron: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        longest_pause(cron)


def sealed(password: str, **other: str) -> Sealed:
    """A head as kopia writes it, sealed here with its own steps: scrypt, HKDF, AES-256-GCM."""
    identity, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    master = hashlib.scrypt(password.encode(), salt=identity, n=65536, r=8, p=1, maxmem=128 * 1024**2, dklen=32)
    key, context = (encryption._derived(master, identity, purpose) for purpose in (b"AES", b"CHECKSUM"))
    content = nonce + AESGCM(key).encrypt(nonce, b'{"format":{}}', context)
    head = {"uniqueID": identity, "encryptedBlockFormat": content}
    encoded = {name: base64.b64encode(value).decode() for name, value in head.items()}
    return Sealed("databases", {"keyAlgo": "scrypt-65536-8-1", "encryption": "AES256_GCM", **encoded, **other})


def test_a_repository_opens_with_its_own_password_only() -> None:
    repository = sealed("a password of ours, long enough")
    assert repository.opens("a password of ours, long enough")
    assert not repository.opens(encryption.WELL_KNOWN)


def test_a_seal_that_is_not_known_is_no_verdict() -> None:
    with pytest.raises(Unknown, match="argon2"):
        sealed("x", keyAlgo="argon2").opens("x")


@pytest.mark.parametrize(
    ("password", "words"),
    [
        (Password(encryption.WELL_KNOWN, 0.0, 0.0), "everybody knows"),
        (Password("short", 0.0, 0.0), "5 characters"),
        (Password("x" * 48, 200.0, 100.0), "younger than the oldest"),
        (Password("x" * 48, 100.0, 200.0), ""),
        (Password("x" * 48, 100.0, 0.0), ""),
    ],
)
def test_a_password_that_is_not_ours_is_told_and_never_shown(password: Password, words: str) -> None:
    assert words in password.trouble if words else not password.trouble
    assert password.value not in password.trouble


def longhorn(target: dict[str, Any], volumes: list[Any], backed_up: list[Any], backups: list[Any]) -> Cluster:
    kinds = {
        longhorn_backups.TARGET: [target],
        longhorn_backups.VOLUME: volumes,
        longhorn_backups.BACKED_UP: backed_up,
        longhorn_backups.BACKUP: backups,
    }
    return cast("Cluster", FakeCluster({"objects": kinds}))


def target(url: str = "nfs://nas:/volume1/longhorn-backup", **status: Any) -> dict[str, Any]:
    said = {"available": True, "conditions": [], "lastSyncedAt": "2027-01-15T07:59:00Z", **status}
    return {"metadata": {"name": "default"}, "spec": {"backupTargetURL": url, "pollInterval": "5m0s"}, "status": said}


CLAIM = {"status": {"kubernetesStatus": {"namespace": "logging", "pvcName": "data-loki-0"}}}
VOLUME = {"metadata": {"name": "pvc-5f2b"}, **CLAIM}


def backed_up(moment: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "pvc-5f2b-a1b2c3d4"},
        "spec": {"volumeName": "pvc-5f2b", "backupTargetName": "default"},
        "status": {"lastBackupAt": moment},
    }


def backup(state: str, made: str, error: str = "") -> dict[str, Any]:
    meta = {"name": f"backup-{made}", "labels": {"backup-volume": "pvc-5f2b"}, "creationTimestamp": made}
    return {"metadata": meta, "status": {"state": state, "error": error}}


FAILED = backup("Error", "2027-01-15T02:00:00Z", "failed to mount: access denied by server")


def test_longhorns_backups_pass_where_longhorn_says_that_all_is_well() -> None:
    done = backup("Completed", "2027-01-15T03:00:00Z")
    cluster = longhorn(target(), [VOLUME], [backed_up("2027-01-15T03:00:00Z")], [FAILED, done])
    steps.target_available(cluster)
    steps.backed_up(cluster, 26)
    steps.none_failed(cluster)


def test_a_target_that_cant_be_mounted_is_told_in_longhorns_words() -> None:
    said = {
        "type": "Unavailable",
        "status": "True",
        "reason": "Unavailable",
        "message": "mount: access denied by server",
    }
    cluster = longhorn(target(available=False, conditions=[said]), [], [], [])
    with pytest.raises(AssertionError, match=r"default \(nfs://nas.*access denied by server"):
        steps.target_available(cluster)


def test_a_target_that_nobody_set_is_told() -> None:
    with pytest.raises(AssertionError, match="no target is set"):
        steps.target_available(longhorn(target("", available=False), [], [], []))


def test_a_volume_whose_backup_is_old_or_never_was_is_told_with_its_claim() -> None:
    never = {"metadata": {"name": "pvc-new"}, "status": {}}
    cluster = longhorn(target(), [VOLUME, never], [backed_up("2027-01-12T08:00:00Z")], [])
    with pytest.raises(AssertionError, match=r"no claim: never, logging/data-loki-0: 3 d ago"):
        steps.backed_up(cluster, 26)


def test_a_volume_of_today_and_one_of_a_scenarios_own_need_no_backup_yet() -> None:
    today = {"metadata": {"name": "pvc-new", "creationTimestamp": "2027-01-15T07:00:00Z"}, "status": {}}
    claim = {"kubernetesStatus": {"namespace": "roadworthy-20270115t070000-abcd-x", "pvcName": "file"}}
    steps.backed_up(longhorn(target(), [today, {"metadata": {"name": "pvc-ours"}, "status": claim}], [], []), 26)


def test_a_backup_that_failed_last_is_told() -> None:
    cluster = longhorn(target(), [VOLUME], [], [backup("Completed", "2027-01-14T03:00:00Z"), FAILED])
    with pytest.raises(AssertionError, match="pvc-5f2b: failed to mount: access denied"):
        steps.none_failed(cluster)
