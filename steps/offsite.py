"""Steps about the copy of the backups that is off site."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import given, parsers, then, when

from probes.marks import offsite, runs
from probes.marks.offsite import SECONDS, SERVICE, Sent
from probes.words import few, told
from roadworthy.cluster import Cluster


@then(parsers.parse("the off-site store has the bucket of the copies within {seconds:d} seconds"))
def has_bucket(cluster: Cluster, seconds: int) -> None:
    """Ask it for the bucket, by S3; not applicable where the profile names none."""
    cluster.until(lambda: offsite.bucket(cluster), within=seconds, what="the off-site store")


@then("everything that was there at the last copy is off site, and the same")
def complete(cluster: Cluster, record_property: Callable[[str, object], None]) -> None:
    """Compare every object through the seal."""
    found = offsite.compared(cluster)
    record_property("off site", f"{found.checked} objects compared")
    where, todo = f"bucket {cluster.profile.backups.offsite.bucket}", "copy again, and see that nobody deletes there"
    assert not found.wrong, told("every backup is off site", seen=few(found.wrong), where=where, todo=todo)
    none = f"nothing could be compared, and {found.here} objects were here at the last copy"
    assert found.checked or not found.here, told("there is something off site", seen=none, where=where, todo=todo)


@given("an object that is stored beside the backups", target_fixture="sent")
def stored(cluster: Cluster) -> Sent:
    """Put one of our own."""
    return offsite.send(cluster)


@when("the backups are copied off site now")
def copied_now(cluster: Cluster) -> None:
    """Run the schedule's own job."""
    runs.run(cluster, SERVICE, within=SECONDS)


@then("the object comes back from off site unchanged")
def comes_back(cluster: Cluster, sent: Sent) -> None:
    """Read it through the seal."""
    text = offsite.read_back(cluster, sent)
    assert text == sent.text, told("the object comes back", seen=text[:80] or "an empty one", where=sent.key)


@then("off site neither its name nor its text can be read without the seal")
def sealed(cluster: Cluster, sent: Sent) -> None:
    """Look at what lies there as it lies there."""
    readable = offsite.bare(cluster, sent)
    where, todo = sent.sealed, "seal what leaves the cluster: the copy's remote has to be rclone's crypt"
    assert not readable, told("what is off site is sealed", seen=f"{readable} as it is", where=where, todo=todo)
