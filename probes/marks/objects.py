"""Buckets and objects of a scenario's own in the object store. A killed run's buckets are emptied and removed later."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from probes.marks import marked
from probes.object_store import SERVICE
from probes.words import few, told
from roadworthy.cluster import Cluster, S3Refused
from roadworthy.cluster.sweepers import sweeper
from roadworthy.markers import leftover

MIB = 1 << 20
GONE = {"NoSuchBucket", "NoSuchKey", "NoSuchUpload", "404"}


@dataclass(frozen=True, slots=True)
class Stored:
    """An object, and what was put into it; ``etag`` as the store named it, ``checksum`` its SHA-256 in base64."""

    bucket: str
    key: str
    body: bytes
    etag: str = ""

    @property
    def checksum(self) -> str:
        """SHA-256, as S3 writes it."""
        return _sha256(self.body)


def bucket(cluster: Cluster, *, versions: bool = False) -> str:
    """Make a bucket and return its name."""
    name, store = marked("bucket"), cluster.s3(SERVICE)
    cluster.markers().undo_later(lambda: remove(cluster, name), f"bucket {name}")
    store.call("create_bucket", Bucket=name)
    if versions:
        store.call("put_bucket_versioning", Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def put(cluster: Cluster, bucket: str, size: int, key: str = "one/object") -> Stored:
    """Put an object of random bytes, which the store must check against the checksum that goes with them."""
    body = secrets.token_bytes(size)
    made = cluster.s3(SERVICE).call("put_object", Bucket=bucket, Key=key, Body=body, ChecksumSHA256=_sha256(body))
    return Stored(bucket, key, body, str(made["ETag"]).strip('"'))


def takes_wrong_checksum(cluster: Cluster, bucket: str) -> bool:
    """Whether the store takes an object whose bytes aren't what their checksum says; it is refused or not there."""
    body, wrong = secrets.token_bytes(1024), _sha256(b"something else")
    try:
        cluster.s3(SERVICE).call("put_object", Bucket=bucket, Key="wrong", Body=body, ChecksumSHA256=wrong)
    except S3Refused as error:
        if error.code not in {"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "InvalidRequest"}:
            raise
        return read(cluster, Stored(bucket, "wrong", b"")) is not None
    return True


def put_in_parts(cluster: Cluster, bucket: str, size: int, part: int) -> Stored:
    """Put an object of random bytes in parts."""
    store, body, name = cluster.s3(SERVICE), secrets.token_bytes(size), {"Bucket": bucket, "Key": "large/object"}
    upload = str(store.call("create_multipart_upload", **name)["UploadId"])
    done = []
    for number, start in enumerate(range(0, size, part), 1):
        piece = body[start : start + part]
        sent = store.call("upload_part", **name, UploadId=upload, PartNumber=number, Body=piece)
        done.append({"PartNumber": number, "ETag": sent["ETag"]})
    made = store.call("complete_multipart_upload", **name, UploadId=upload, MultipartUpload={"Parts": done})
    return Stored(bucket, name["Key"], body, str(made["ETag"]).strip('"'))


def give_up_upload(cluster: Cluster, bucket: str) -> list[str]:
    """Begin an upload, send a part, give it up; return what is left of it."""
    store, name = cluster.s3(SERVICE), {"Bucket": bucket, "Key": "given/up"}
    upload = str(store.call("create_multipart_upload", **name)["UploadId"])
    store.call("upload_part", **name, UploadId=upload, PartNumber=1, Body=secrets.token_bytes(5 * MIB))
    store.call("abort_multipart_upload", **name, UploadId=upload)
    left = [str(each["UploadId"]) for each in store.call("list_multipart_uploads", Bucket=bucket).get("Uploads") or []]
    there = read(cluster, Stored(bucket, name["Key"], b"")) is not None
    return [f"upload {each}" for each in left] + (["the object itself"] if there else [])


def put_many(cluster: Cluster, bucket: str, count: int, folders: int) -> list[str]:
    """Put small objects, spread over folders; return their keys."""
    keys = [f"folder-{number % folders}/object-{number:03}" for number in range(count)]
    for key in keys:
        cluster.s3(SERVICE).call("put_object", Bucket=bucket, Key=key, Body=key.encode())
    return sorted(keys)


def listed(cluster: Cluster, bucket: str, *, page: int = 1000) -> list[str]:
    """Return the keys that a bucket lists, asked for so many at a time."""
    keys, token = list[str](), ""
    while True:
        more = {"ContinuationToken": token} if token else {}
        found = cluster.s3(SERVICE).call("list_objects_v2", Bucket=bucket, MaxKeys=page, **more)
        here = [str(each["Key"]) for each in found.get("Contents") or []]
        if len(here) > page:
            raise AssertionError(told(f"a page has at most {page} keys", seen=few(here), where=f"bucket {bucket}"))
        keys += here
        token = str(found.get("NextContinuationToken") or "")
        if not found.get("IsTruncated") or not token:
            return keys


def folders(cluster: Cluster, bucket: str) -> list[str]:
    """Return the folders that a bucket lists at its top."""
    found = cluster.s3(SERVICE).call("list_objects_v2", Bucket=bucket, Delimiter="/")
    return [str(each["Prefix"]) for each in found.get("CommonPrefixes") or []]


def read(cluster: Cluster, stored: Stored, *, version: str = "", span: tuple[int, int] | None = None) -> bytes | None:
    """Return an object's bytes as the store has them now (``span``: from, to, as in a Range); None when it is gone."""
    more = {"VersionId": version} if version else {}
    more |= {"Range": f"bytes={span[0]}-{span[1]}"} if span else {}
    try:
        found = cluster.s3(SERVICE).call("get_object", Bucket=stored.bucket, Key=stored.key, **more)
    except S3Refused as error:
        if error.code in GONE and error.code != "NoSuchBucket":
            return None
        raise
    body: bytes = found["Body"]
    return body


def checksum(cluster: Cluster, stored: Stored) -> str:
    """Return the checksum that the store has of an object: SHA-256 in base64, or empty where it keeps none."""
    where = {"Bucket": stored.bucket, "Key": stored.key}
    return str(cluster.s3(SERVICE).call("head_object", **where, ChecksumMode="ENABLED").get("ChecksumSHA256", ""))


def delete(cluster: Cluster, stored: Stored, *, version: str = "") -> None:
    """Delete an object, or one version of it."""
    more = {"VersionId": version} if version else {}
    cluster.s3(SERVICE).call("delete_object", Bucket=stored.bucket, Key=stored.key, **more)


def presigned(cluster: Cluster, stored: Stored) -> str:
    """Return an address that lets its bearer read an object for a minute."""
    return cluster.s3(SERVICE).presigned("get_object", 60, Bucket=stored.bucket, Key=stored.key)


@sweeper("object-store")
def sweep(cluster: Cluster) -> None:
    """Remove the buckets of runs that were killed."""
    if SERVICE not in cluster.profile.services:
        return
    for each in cluster.s3(SERVICE).call("list_buckets").get("Buckets") or []:
        if leftover(str(each["Name"]), cluster.now()):
            remove(cluster, str(each["Name"]))


def remove(cluster: Cluster, bucket: str) -> None:
    """Empty a bucket of ours, versions and unfinished uploads included, and delete it; gone already is fine."""
    store = cluster.s3(SERVICE)
    try:
        for each in store.call("list_multipart_uploads", Bucket=bucket).get("Uploads") or []:
            store.call("abort_multipart_upload", Bucket=bucket, Key=each["Key"], UploadId=each["UploadId"])
        for batch in _batches(cluster, bucket):
            store.call("delete_objects", Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        store.call("delete_bucket", Bucket=bucket)
    except S3Refused as error:
        if error.code not in GONE:
            raise


def _batches(cluster: Cluster, bucket: str) -> Iterator[list[dict[str, str]]]:
    """Yield what is in a bucket, every version of it, until nothing is (deleting makes room for the next page)."""
    while True:
        found = cluster.s3(SERVICE).call("list_object_versions", Bucket=bucket, MaxKeys=500)
        there = [*(found.get("Versions") or []), *(found.get("DeleteMarkers") or [])]
        if not there:
            return
        yield [{"Key": str(each["Key"]), "VersionId": str(each["VersionId"])} for each in there]


def _sha256(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()
