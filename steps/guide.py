"""Steps about the guide to the backups: that its commands work."""

from __future__ import annotations

from pytest_bdd import then, when

from probes.marks import guide
from probes.marks.guide import Tried
from probes.words import few, told
from roadworthy.cluster import Cluster

TODO = "mend roadworthy/templates/backup-guide.md, and print docs/backup-guide.md again"


@when("the commands of the guide that only look are run", target_fixture="tried")
def looked(cluster: Cluster) -> tuple[Tried, ...]:
    """Run them as they are."""
    return guide.tried(cluster, "look")


@when("the commands of the guide that change something are put to the API server", target_fixture="tried")
def acted(cluster: Cluster) -> tuple[Tried, ...]:
    """Let the API server check them, and keep nothing."""
    return guide.tried(cluster, "act")


@when("the guide's restore of a database is carried out beside the live one", target_fixture="tried")
def carried_out(cluster: Cluster) -> tuple[Tried, ...]:
    """Carry it out under a name of our own."""
    return guide.tried(cluster, "real")


@then("each of them works")
def works(tried: tuple[Tried, ...]) -> None:
    """Judge how they ended."""
    bad = [each for each in tried if each.trouble]
    assert tried, told("the guide has such commands", seen="none", todo=TODO)
    assert not bad, told("the guide's commands work", seen=few(bad), where="roadworthy backup-guide", todo=TODO)


@then("the restored database is the same as when it was dumped")
def same(tried: tuple[Tried, ...]) -> None:
    """Judge the comparison that the guide's last command makes."""
    last = tried[-1].said.strip().splitlines()[-1:]
    seen = last[0] if last else "nothing"
    assert seen.startswith("same "), told("the database came back the same", seen=seen, where="roadworthy backup-guide")
