"""Steps about the encryption of what is stored of volumes."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from pytest_bdd import given, then

from probes import encryption
from probes.marks import canaries
from probes.marks.canaries import Canary
from probes.velero import Run, home
from probes.words import few, told
from roadworthy.cluster import Cluster


@then("the password of the backups' repositories is ours, and older than any of them")
def ours(cluster: Cluster) -> None:
    """Judge the Secret; its value is never told."""
    trouble = encryption.password(cluster).trouble
    where, todo = f"Secret {home(cluster)}/{encryption.SECRET}", "back up into a new bucket with a password of your own"
    assert not trouble, told("the repositories' password is ours", seen=trouble, where=where, todo=todo)


@then("every repository opens with it")
def opens(cluster: Cluster, record_property: Callable[[str, object], None]) -> None:
    """Open each as kopia does."""
    value, found = encryption.password(cluster).value, encryption.repositories(cluster)
    record_property("repositories", len(found))
    shut = [each.namespace for each in found if not each.opens(value)]
    where, todo = f"Secret {home(cluster)}/{encryption.SECRET}", "put the old password back: without it they are lost"
    assert not shut, told("every repository opens", seen=f"shut: {few(shut)}", where=where, todo=todo)


@then("none of them opens with another, nor with the one that everybody knows")
def shut_to_others(cluster: Cluster) -> None:
    """Try a random one, and Velero's own."""
    found, others = encryption.repositories(cluster), (secrets.token_hex(16), encryption.WELL_KNOWN)
    wrong = [each.namespace for each in found if any(each.opens(other) for other in others)]
    todo = "back up into a new bucket with a password of your own"
    assert not wrong, told("no repository opens with a wrong password", seen=f"open: {few(wrong)}", todo=todo)


@given("a text of our own in a file on a volume, and another in a setting", target_fixture="canary")
def canary_put(cluster: Cluster) -> Canary:
    """Write both."""
    return canaries.put(cluster)


@then("no stored byte shows the text of the file")
def unseen(cluster: Cluster, canary: Canary, record_property: Callable[[str, object], None]) -> None:
    """Read all that is stored of the namespace's volumes."""
    found = canaries.searched(cluster, canary)
    record_property("searched", f"{found.objects} objects, {found.size} bytes")
    assert found.objects, told("the volume is stored", seen="no object", where="the bucket", todo="look at the backup")
    todo = "back up into a new bucket with a password of your own"
    assert not found.found, told("what is stored of volumes is sealed", seen=few(found.found), todo=todo)


@then("the text of the setting is seen by whoever can read the bucket")
def seen(cluster: Cluster, canary: Canary, backup: Run, record_property: Callable[[str, object], None]) -> None:
    """The search finds what is there to be found; and Velero seals no Kubernetes objects, Secrets among them."""
    record_property("warning", "Velero stores Kubernetes objects unsealed, Secrets too: guard the bucket itself")
    shown = canaries.shown(cluster, canary, backup.name)
    assert shown, told("the search finds the setting in the backup's archive", seen="nothing", where=backup.name)
