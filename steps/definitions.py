"""Steps about kinds that an extension adds to the cluster."""

from __future__ import annotations

from pytest_bdd import parsers, then

from probes import definitions
from probes.words import few, told
from roadworthy.cluster import Cluster


@then(parsers.parse("the cluster knows {kinds} of {group} in version {version}"))
def knows_kinds(cluster: Cluster, kinds: str, group: str, version: str) -> None:
    """Judge what the API server serves; ``kinds`` are written ``Backup, Restore and Schedule``."""
    found = definitions.served(cluster, group, version)
    missing = sorted(set(kinds.replace(" and ", ", ").split(", ")) - found.kinds)
    seen = f"not {few(missing)}; {group} has versions {few(found.versions)}"
    todo = "apply its custom resource definitions again; never delete one: its objects would go with it"
    assert not missing, told(f"the cluster knows {kinds} of {group}/{version}", seen=seen, where="API", todo=todo)
