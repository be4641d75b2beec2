"""Steps about Code Server."""

from __future__ import annotations

import secrets

from pytest_bdd import given, parsers, then

from probes import code_server
from probes.marks import code_files
from probes.marks.code_files import HomeFile
from probes.words import told
from roadworthy.cluster import Cluster


@then(parsers.parse("Code Server says that it is well within {seconds:d} seconds"))
def well(cluster: Cluster, seconds: int) -> None:
    """Wait for its own word."""
    cluster.until(lambda: _well(cluster), within=seconds, what="Code Server")


@then("Code Server opens with its password")
def opens(cluster: Cluster) -> None:
    """Log in, and look at what is behind the door."""
    door = code_server.log_in(cluster, code_server.password(cluster))
    assert door.cookie, told("Code Server's password is right", seen=f"{door.status} {door.said}", where="/login")
    shown, said = code_server.workbench(cluster, door.cookie)
    assert shown, told("behind the log-in is the editor", seen=said, where="Code Server", todo="look at its log")


@then("Code Server stays shut with a wrong password")
def shut(cluster: Cluster) -> None:
    """Try one: many at once would lock everybody out."""
    door = code_server.log_in(cluster, secrets.token_hex(8))
    todo = "look at `auth` in its configuration"
    assert not door.cookie, told("a wrong password is refused", seen=f"{door.status} and a session", todo=todo)


@given("a file is written in Code Server's home", target_fixture="home_file")
def file_written(cluster: Cluster) -> HomeFile:
    """Write one."""
    return code_files.write(cluster)


@then(parsers.parse("the file is read in Code Server's home within {seconds:d} seconds"))
def file_read(cluster: Cluster, home_file: HomeFile, seconds: int) -> None:
    """Read it back."""
    text = cluster.until(lambda: code_files.read(cluster, home_file), within=seconds, what="the file")
    assert text == home_file.text, told("the file is the one that was written", seen=text[:80], where=home_file.path)


def _well(cluster: Cluster) -> None:
    good, said = code_server.health(cluster)
    assert good, told("Code Server is well", seen=said, where="/healthz", todo="look at its log")
