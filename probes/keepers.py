"""The pod that holds the volume of a service's backups: what lies there is looked at, and tried out, from in there."""

from __future__ import annotations

from collections.abc import Sequence

from probes.cronjobs import name_of
from probes.services import pods_of
from probes.words import short, told
from roadworthy.cluster import Cluster

#: A look reads every byte of what it checks. Seconds.
SECONDS = 300.0


def said(cluster: Cluster, service: str, argv: Sequence[str], *, timeout: float = SECONDS) -> list[str]:
    """Run one of the component's scripts in the pod that holds its volume; return the lines that it said.

    Raises:
        AssertionError: no such pod is ready, or the script failed.

    """
    pod = next((each for each in pods_of(cluster, service) if each.ready), None)
    namespace, _ = name_of(cluster, service)
    if pod is None:
        found = pods_of(cluster, service)[0]
        seen, todo = f"{found.name}: {found.trouble}", "see why it isn't ready: the backups can't be read without it"
        raise AssertionError(told(f"the volume of {service} is at hand", seen=seen, where=namespace, todo=todo))
    done = cluster.execute(namespace, pod.name, ["sh", *argv], timeout=timeout)
    if done.code:
        seen = f"exit code {done.code}: {short(done.stderr or done.stdout)}"
        where = f"sh {' '.join(argv)} in {namespace}/{pod.name} on {pod.node}"
        raise AssertionError(told(f"the backups of {service} can be looked at", seen=seen, where=where))
    return done.stdout.splitlines()
