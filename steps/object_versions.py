"""Steps about objects that are overwritten and deleted."""

from __future__ import annotations

from pytest_bdd import then, when

from probes import object_store
from probes.marks import objects
from probes.marks.objects import Stored
from probes.words import few, told
from roadworthy.cluster import Cluster


@when("an object is put and deleted", target_fixture="stored")
def put_and_deleted(cluster: Cluster, bucket: str) -> Stored:
    """Put one, see it, delete it."""
    stored = objects.put(cluster, bucket, 1024)
    assert objects.read(cluster, stored) == stored.body, told("the object is there first", seen="it isn't")
    objects.delete(cluster, stored)
    return stored


@when("an object is put, overwritten and deleted", target_fixture="stored_twice")
def put_twice_and_deleted(cluster: Cluster, bucket: str) -> tuple[Stored, Stored]:
    """Return what was put first, and what overwrote it."""
    first, second = (objects.put(cluster, bucket, 1024) for _ in range(2))
    objects.delete(cluster, second)
    return first, second


@then("the object is gone")
def gone(cluster: Cluster, bucket: str) -> None:
    """Read it."""
    found = objects.read(cluster, Stored(bucket, "one/object", b""))
    assert found is None, told("a deleted object is gone", seen=f"{len(found or b'')} bytes", where=f"bucket {bucket}")


@then("the object store no longer lists it")
def unlisted(cluster: Cluster, bucket: str) -> None:
    """List the bucket."""
    found = objects.listed(cluster, bucket)
    assert not found, told("a deleted object isn't listed", seen=few(found), where=f"bucket {bucket}")


@then("both of its versions come back")
def both_versions(cluster: Cluster, stored_twice: tuple[Stored, Stored]) -> None:
    """Read each by its id, the newest first."""
    first, second = stored_twice
    ids, _ = object_store.versions(cluster, first.bucket, first.key)
    bodies = [objects.read(cluster, first, version=each) for each in ids]
    good, where = bodies == [second.body, first.body], f"bucket {first.bucket}"
    assert good, told("both versions come back, the newest first", seen=f"{len(ids)} versions: {few(ids)}", where=where)


@then("without the mark of its deletion the object is there again")
def undeleted(cluster: Cluster, stored_twice: tuple[Stored, Stored]) -> None:
    """Take the mark away, and read."""
    last = stored_twice[1]
    for mark in object_store.versions(cluster, last.bucket, last.key)[1]:
        objects.delete(cluster, last, version=mark)
    found = objects.read(cluster, last)
    assert found == last.body, told("the object is as it was last written", seen="it isn't", where=last.bucket)
