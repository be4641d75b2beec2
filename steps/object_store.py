"""Steps about the object store: what S3 promises."""

from __future__ import annotations

import secrets

from pytest_bdd import given, parsers, then, when

from probes import object_store
from probes.marks import objects
from probes.marks.objects import MIB, Stored
from probes.words import few, told
from roadworthy.cluster import Cluster


@then(parsers.parse("the object store lists its buckets within {seconds:d} seconds"))
def lists(cluster: Cluster, seconds: int) -> None:
    """Wait for an answer to a signed request."""
    cluster.until(lambda: object_store.buckets(cluster), within=seconds, what="the object store")


@given("a bucket of our own in the object store", target_fixture="bucket")
def own_bucket(cluster: Cluster) -> str:
    """Make one."""
    return objects.bucket(cluster)


@given("a bucket of our own in the object store, with versions", target_fixture="bucket")
def own_versioned_bucket(cluster: Cluster) -> str:
    """Make one that keeps what is overwritten or deleted."""
    return objects.bucket(cluster, versions=True)


@when(parsers.parse("an object of {size:d} MiB is put with its checksum"), target_fixture="stored")
def put(cluster: Cluster, bucket: str, size: int) -> Stored:
    """Put random bytes."""
    return objects.put(cluster, bucket, size * MIB)


@when(parsers.parse("an object of {size:d} MiB is put in parts of {part:d} MiB"), target_fixture="stored")
def put_in_parts(cluster: Cluster, bucket: str, size: int, part: int) -> Stored:
    """Put random bytes."""
    return objects.put_in_parts(cluster, bucket, size * MIB, part * MIB)


@then("the object comes back with the same bytes and the same checksum")
def same_with_checksum(cluster: Cluster, stored: Stored) -> None:
    """Compare both with our own."""
    found = objects.checksum(cluster, stored)
    assert found == stored.checksum, told(f"the checksum is {stored.checksum}", seen=found, where=stored.key)
    _same(stored, objects.read(cluster, stored))


@then("the object comes back with the same bytes")
def same(cluster: Cluster, stored: Stored) -> None:
    """Compare."""
    _same(stored, objects.read(cluster, stored))


@then(parsers.parse("the object comes back with the same bytes within {seconds:d} seconds"))
def same_again(cluster: Cluster, stored: Stored, seconds: int) -> None:
    """Wait for the store to answer again, then compare."""
    found = cluster.until(lambda: objects.read(cluster, stored), within=seconds, what="the object")
    _same(stored, found)


@then("the object store refuses an object whose checksum is wrong")
def wrong_checksum(cluster: Cluster, bucket: str) -> None:
    """Bytes that were garbled on their way must not be kept."""
    taken = objects.takes_wrong_checksum(cluster, bucket)
    assert not taken, told("an object with a wrong checksum is refused", seen="it was taken", where="put_object")


@then("a part of the object comes back when only that is asked for")
def part(cluster: Cluster, stored: Stored) -> None:
    """Ask for what lies across the border of two parts."""
    start, end = 5 * MIB - 1000, 5 * MIB + 999
    found, wanted = objects.read(cluster, stored, span=(start, end)), stored.body[start : end + 1]
    seen = f"{len(found or b'')} bytes, not the same"
    assert found == wanted, told(f"bytes {start}-{end} of {stored.key} come back", seen=seen, where="get_object, Range")


@then("of an upload that was given up nothing is left")
def given_up(cluster: Cluster, bucket: str) -> None:
    """Give one up."""
    left = objects.give_up_upload(cluster, bucket)
    assert not left, told("an upload that was given up leaves nothing", seen=few(left), where=f"bucket {bucket}")


@when(parsers.parse("{count:d} objects in {folders:d} folders are put"), target_fixture="keys")
def put_many(cluster: Cluster, bucket: str, count: int, folders: int) -> list[str]:
    """Put small ones."""
    return objects.put_many(cluster, bucket, count, folders)


@then("the object store lists these objects, page by page")
def lists_objects(cluster: Cluster, bucket: str, keys: list[str]) -> None:
    """Ask for 10 at a time; their order is part of the promise."""
    found = objects.listed(cluster, bucket, page=10)
    seen = f"{len(found)}: missing {few(sorted(set(keys) - set(found)))}, strange {few(sorted(set(found) - set(keys)))}"
    assert found == keys, told(f"the {len(keys)} keys are listed in order", seen=seen, where=f"bucket {bucket}")


@then("the object store lists these folders")
def lists_folders(cluster: Cluster, bucket: str, keys: list[str]) -> None:
    """Ask for the top only."""
    found, wanted = objects.folders(cluster, bucket), sorted({f"{key.partition('/')[0]}/" for key in keys})
    assert found == wanted, told(f"the folders are {few(wanted)}", seen=few(found), where=f"bucket {bucket}")


@then("a presigned address of the object is answered with it", target_fixture="address")
def presigned(cluster: Cluster, stored: Stored) -> str:
    """Read as somebody without keys. Bodies come as text: compare in that form."""
    address = objects.presigned(cluster, stored)
    status, text = object_store.anonymous(cluster, address)
    good = status == 200 and text == stored.body.decode(errors="replace")
    assert good, told("a presigned address is answered with the object", seen=f"{status}, {len(text)} characters")
    return address


@then("the object store refuses that address once it was tampered with")
def tampered(cluster: Cluster, address: str) -> None:
    """Ask for another object with the same signature."""
    status, _ = object_store.anonymous(cluster, address.replace("/object?", "/other?"))
    assert status in {401, 403}, told("a tampered address is refused", seen=str(status), where="the object store")


@then("the object store refuses whoever has no key")
def anonymous(cluster: Cluster, address: str) -> None:
    """Ask without a signature."""
    status, _ = object_store.anonymous(cluster, address.partition("?")[0])
    todo = "take the anonymous policy away"
    assert status in {401, 403}, told(
        "who has no key is refused", seen=str(status), where="the object store", todo=todo
    )


@then("the object store refuses the right user with a wrong key")
def wrong_secret(cluster: Cluster) -> None:
    """Try a random secret."""
    let_in = object_store.lets_in(cluster, object_store.user(cluster), secrets.token_hex(20))
    assert not let_in, told("a wrong secret key is refused", seen="it was let in", todo="turn authentication on")


@then("the object store refuses a user that it doesn't know")
def wrong_user(cluster: Cluster) -> None:
    """Try a random user."""
    let_in = object_store.lets_in(cluster, secrets.token_hex(10), secrets.token_hex(20))
    assert not let_in, told("an unknown access key is refused", seen="it was let in", todo="turn authentication on")


def _same(stored: Stored, found: bytes | None) -> None:
    seen = "it is gone" if found is None else f"{len(found)} bytes that aren't the same"
    expected, todo = f"the {len(stored.body)} bytes of {stored.key} come back", "look at the store's log and its volume"
    assert found == stored.body, told(expected, seen=seen, where=f"bucket {stored.bucket}", todo=todo)
