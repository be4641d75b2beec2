"""The object store: what a refusal means, how quotas are read, and that what is ours is emptied to the last version."""

from __future__ import annotations

from typing import Any

import pytest

from probes import object_store
from probes.marks import objects
from roadworthy.cluster import ExecResult, S3Refused
from roadworthy.errors import BadInput
from tests.unit.probes.doubles import FakeCluster, as_cluster, cluster
from tests.unit.probes.shapes import pod, service, workload

STORE = service("object-store", "object-store", "StatefulSet/object-store")
THERE = (
    workload("StatefulSet", "object-store", "object-store"),
    pod("object-store-0", "object-store"),
)
OLD, YOUNG = "roadworthy-20260101t000000-abcd-bucket-1", "roadworthy-20270115t075900-abcd-bucket-2"


@pytest.mark.parametrize(
    ("answer", "let_in"),
    [
        ({"Buckets": []}, True),
        (S3Refused("no", "SignatureDoesNotMatch", 403), False),
        (S3Refused("no", "InvalidAccessKeyId", 403), False),
        (S3Refused("no", "Odd", 401), False),
    ],
)
def test_a_refusal_of_keys_is_told_from_other_trouble(answer: Any, let_in: Any) -> None:
    assert object_store.lets_in(cluster(s3={"list_buckets": answer}), "a", "b") is let_in


def test_other_trouble_is_no_refusal() -> None:
    there = cluster(s3={"list_buckets": S3Refused("no", "InternalError", 500)})
    with pytest.raises(S3Refused):
        object_store.lets_in(there, "a", "b")


def test_rules_of_a_lifecycle_in_every_way_of_writing_them() -> None:
    rules = [
        {
            "ID": "incomplete-uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
        {"ID": "off", "Status": "Disabled", "Prefix": "", "Expiration": {"Days": 1}},
        {"Status": "Enabled", "Filter": {"And": {"Prefix": "kopia/", "Tags": []}}, "Expiration": {"Days": 3}},
        {"ID": "date", "Status": "Enabled", "Prefix": "x", "Expiration": {"Date": "2027-01-01T00:00:00Z"}},
        {"ID": "v", "Status": "Enabled", "Prefix": "", "NoncurrentVersionExpiration": {"NoncurrentDays": 9}},
    ]
    found = object_store.lifecycle(cluster(s3={"get_bucket_lifecycle_configuration": {"Rules": rules}}), "b")
    assert [(rule.prefix, rule.incomplete_uploads, rule.expires, rule.old_versions) for rule in found] == [
        ("", 7, 0, 0), ("kopia/", 0, 3, 0), ("x", 0, 1, 0), ("", 0, 0, 9),
    ]  # fmt: skip
    assert str(found[1]) == "a rule on kopia/: expires after 3 d"
    none = S3Refused("none", "NoSuchLifecycleConfiguration", 404)
    assert object_store.lifecycle(cluster(s3={"get_bucket_lifecycle_configuration": none}), "b") == ()


SHELL = """  marker1\tsize:432\tlogical:348\tchunk:3\tquota:1048576\tusage:0.03%\towner:"admin"
  marker2\tsize:0\tlogical:0\tchunk:0\towner:"admin"
"""


@pytest.mark.parametrize(("bucket", "quota"), [("marker1", 1048576), ("marker2", 0)])
def test_seaweedfs_tells_quotas_in_its_shell(bucket: str, quota: int) -> None:
    there = cluster(*THERE, services=STORE, run=lambda _: ExecResult(0, SHELL, ""))
    assert object_store.quota(there, bucket) == quota


def test_a_bucket_that_seaweedfs_does_not_know() -> None:
    there = cluster(*THERE, services=STORE, run=lambda _: ExecResult(0, SHELL, ""))
    with pytest.raises(AssertionError, match="knows the bucket marker3; seen: marker1, marker2"):
        object_store.quota(there, "marker3")


def test_minio_tells_quotas_by_its_administration() -> None:
    path = "GET /minio/admin/v3/get-bucket-quota"
    minio = service("object-store", "object-store", settings={"server": "minio"})
    there = cluster(services=minio, s3={path: (200, {"quota": 500 << 30, "quotatype": "hard"})})
    assert object_store.quota(there, "velero-backups") == 500 << 30
    there = cluster(services=minio, s3={path: (403, {"Code": "AccessDenied"})})
    with pytest.raises(AssertionError, match="seen: 403"):
        object_store.quota(there, "velero-backups")


def test_a_server_that_nobody_knows_is_bad_input() -> None:
    other = service("object-store", "object-store", settings={"server": "ceph"})
    with pytest.raises(BadInput, match="seaweedfs, minio; seen: ceph"):
        object_store.quota(cluster(services=other), "b")


def test_a_bucket_of_ours_is_emptied_and_a_killed_runs_too() -> None:
    listed = [
        {"Versions": [{"Key": "a", "VersionId": "1"}], "DeleteMarkers": [{"Key": "a", "VersionId": "2"}]},
        {},
        {"Versions": [{"Key": "b", "VersionId": "3"}]},
        {},
    ]
    fake = FakeCluster(
        services=STORE,
        s3={
            "list_buckets": {"Buckets": [{"Name": name} for name in ("velero-backups", OLD, YOUNG)]},
            "list_object_versions": lambda _: listed.pop(0),
            "list_multipart_uploads": {"Uploads": [{"Key": "half", "UploadId": "u"}]},
        },
    )
    there = as_cluster(fake)
    name = objects.bucket(there, versions=True)
    fake.marks.undo[0][0]()
    objects.sweep(there)
    done = [
        (operation, arguments["Bucket"]) for operation, arguments in fake.store.did if operation.startswith("delete")
    ]
    assert done == [
        ("delete_objects", name), ("delete_bucket", name), ("delete_objects", OLD), ("delete_bucket", OLD),
    ]  # fmt: skip
    removed = [
        arguments["Delete"]["Objects"] for operation, arguments in fake.store.did if operation == "delete_objects"
    ]
    assert removed[0] == [{"Key": "a", "VersionId": "1"}, {"Key": "a", "VersionId": "2"}]
    assert ("abort_multipart_upload", {"Bucket": OLD, "Key": "half", "UploadId": "u"}) in fake.store.did


def test_a_bucket_that_is_gone_already_is_fine_and_one_that_is_refused_is_not() -> None:
    gone = S3Refused("gone", "NoSuchBucket", 404)
    objects.remove(cluster(s3={"list_multipart_uploads": gone}), "b")
    with pytest.raises(S3Refused):
        objects.remove(cluster(s3={"list_multipart_uploads": S3Refused("no", "AccessDenied", 403)}), "b")


def test_an_object_that_is_gone_is_none_and_a_bucket_that_is_gone_is_a_failure() -> None:
    stored = objects.Stored("b", "k", b"")
    assert objects.read(cluster(s3={"get_object": S3Refused("x", "NoSuchKey", 404)}), stored) is None
    with pytest.raises(S3Refused):
        objects.read(cluster(s3={"get_object": S3Refused("x", "NoSuchBucket", 404)}), stored)


def test_a_checksum_goes_with_what_is_put_and_a_wrong_one_has_to_be_refused() -> None:
    fake = FakeCluster(s3={"put_object": {"ETag": '"e"'}, "get_object": S3Refused("x", "NoSuchKey", 404)})
    stored = objects.put(as_cluster(fake), "b", 1000)
    assert fake.store.did[0][1]["ChecksumSHA256"] == stored.checksum
    assert objects.takes_wrong_checksum(as_cluster(fake), "b")
    refusing = {"put_object": S3Refused("x", "BadDigest", 400), "get_object": S3Refused("x", "NoSuchKey", 404)}
    assert not objects.takes_wrong_checksum(cluster(s3=refusing), "b")
    with pytest.raises(S3Refused):
        objects.takes_wrong_checksum(cluster(s3={"put_object": S3Refused("x", "SlowDown", 503)}), "b")


def test_pages_are_followed_and_may_not_be_larger_than_asked_for() -> None:
    pages = [
        {"Contents": [{"Key": "a"}, {"Key": "b"}], "IsTruncated": True, "NextContinuationToken": "t"},
        {"Contents": [{"Key": "c"}]},
    ]
    fake = FakeCluster(s3={"list_objects_v2": lambda _: pages.pop(0)})
    assert objects.listed(as_cluster(fake), "b", page=2) == ["a", "b", "c"]
    assert fake.store.did[1][1]["ContinuationToken"] == "t"
    with pytest.raises(AssertionError, match="at most 1 keys"):
        objects.listed(cluster(s3={"list_objects_v2": {"Contents": [{"Key": "a"}, {"Key": "b"}]}}), "b", page=1)
