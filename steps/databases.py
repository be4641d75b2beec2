"""Steps about PostgreSQL."""

from __future__ import annotations

import secrets

from pytest_bdd import given, parsers, then

from probes import machines, nodes, postgres, services
from probes.marks import rows
from probes.marks.rows import Row
from probes.samples import sampled
from probes.words import few, told
from roadworthy import notices
from roadworthy.cluster import Cluster


@then(parsers.parse("PostgreSQL answers that its major version is {major:d}"))
def version(cluster: Cluster, major: int) -> None:
    """Ask it."""
    server = cluster.until(lambda: postgres.server(cluster), within=20.0, what="PostgreSQL")
    assert server.major == major, told(f"PostgreSQL is version {major}", seen=server.version, where="SELECT version()")


@then("PostgreSQL is the primary")
def primary(cluster: Cluster) -> None:
    """Ask it whether it follows another."""
    seen, todo = "it is in recovery: a replica, or a restore that hasn't ended", "look at its log"
    assert not postgres.server(cluster).recovering, told("PostgreSQL is the primary", seen=seen, todo=todo)


@then("the image of PostgreSQL is made for the architecture of its node")
def image_fits(cluster: Cluster) -> None:
    """Ask the runtime of each node that it runs on."""
    for pod in services.pods_of(cluster, postgres.SERVICE):
        arch, images = nodes.node(cluster, pod.node).arch, machines.images_of(cluster, pod.node, pod.name)
        good = bool(images) and all(image.made_for(arch) for image in images)
        expected, seen = f"the image of {pod.name} is made for {arch}", few(images)
        assert good, told(expected, seen=seen, where=pod.node, todo="install it from an image that is")


@then("PostgreSQL says that it was built for that architecture")
def built_for(cluster: Cluster) -> None:
    """Compare its own word with its node's."""
    server, pod = postgres.server(cluster), services.pods_of(cluster, postgres.SERVICE)[0]
    arch = nodes.node(cluster, pod.node).arch
    assert server.arch == arch, told(f"PostgreSQL on {pod.node} is built for {arch}", seen=server.version)


@then("PostgreSQL lets nobody in with a wrong password")
def shut(cluster: Cluster) -> None:
    """Try one; who is trusted inside the pod, where we come in, is still asked from everywhere else."""
    if not postgres.lets_in(cluster, secrets.token_hex(8)):
        return
    rules, todo = postgres.open_rules(cluster), "ask for passwords in pg_hba.conf (scram-sha-256, not trust)"
    seen = f"a random password was let in, from anywhere: {few(rules)}"
    assert not rules, told("a wrong password is refused", seen=seen, where="pg_hba_file_rules", todo=todo)
    notices.warn("PostgreSQL trusts whoever is inside its pod (127.0.0.1); from elsewhere it asks for the password")


@given("a row is written to PostgreSQL", target_fixture="row")
def row_written(cluster: Cluster) -> Row:
    """Write one in a schema of our own, once the server answers (another scenario may have restarted it)."""
    cluster.until(lambda: postgres.server(cluster), within=30.0, what="PostgreSQL")
    return rows.write(cluster)


@then(parsers.parse("the row is read from PostgreSQL within {seconds:d} seconds"))
def row_read(cluster: Cluster, row: Row, seconds: int) -> None:
    """Read it back."""
    text = cluster.until(lambda: rows.read(cluster, row), within=seconds, what="the row")
    assert text == row.text, told("the row is the one that was written", seen=text, where=row.schema)


@then(parsers.parse("over {count:d} measurements PostgreSQL uses at most {cpu:d}m of CPU and {memory:d}Mi of memory"))
def within_budget(cluster: Cluster, count: int, cpu: int, memory: int) -> None:
    """Judge the median of CPU (one query makes a peak) and the most of memory."""
    found = sampled(cluster, postgres.SERVICE, count)
    seen, where = f"{found.cpu:.0f}m and {found.memory:.0f}Mi ({few(found.samples)})", f"metrics API, pod {found.pod}"
    todo = "find what it is busy with: pg_stat_activity"
    good = found.cpu <= cpu and found.memory <= memory
    assert good, told(f"PostgreSQL uses at most {cpu}m and {memory}Mi", seen=seen, where=where, todo=todo)
