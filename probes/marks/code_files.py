"""A file of a scenario's own in Code Server's home."""

from __future__ import annotations

from dataclasses import dataclass

from probes.code_server import SERVICE
from probes.marks import marked
from probes.services import described, pods_of
from probes.words import short, told
from roadworthy.cluster import Cluster, ExecResult
from roadworthy.cluster.sweepers import sweeper
from roadworthy.markers import leftover


@dataclass(frozen=True, slots=True)
class HomeFile:
    """A file in the home; its text is its own name."""

    path: str
    text: str


def write(cluster: Cluster) -> HomeFile:
    """Write a file."""
    name = marked("file")
    file = HomeFile(f"{_home(cluster)}/.{name}", name)
    _run(cluster, ["sh", "-c", 'printf %s "$1" > "$2" && sync', "sh", file.text, file.path])
    cluster.markers().undo_later(lambda: _remove(cluster, file.path), f"file {file.path} in Code Server")
    return file


def read(cluster: Cluster, file: HomeFile) -> str:
    """Return the file's text as the home has it now; AssertionError when it is gone."""
    return _run(cluster, ["cat", file.path]).stdout


@sweeper("code-server")
def sweep(cluster: Cluster) -> None:
    """Remove the files of runs that were killed."""
    service = cluster.profile.services.get(SERVICE)
    if service is None or service.settings.get("unavailable"):
        return
    for name in _run(cluster, ["ls", "-A", _home(cluster)]).stdout.split():
        if leftover(name, cluster.now()):
            _remove(cluster, f"{_home(cluster)}/{name}")


def _home(cluster: Cluster) -> str:
    return str(described(cluster, SERVICE).settings.get("home", "/home/coder"))


def _remove(cluster: Cluster, path: str) -> None:
    _run(cluster, ["rm", "-f", path])


def _run(cluster: Cluster, argv: list[str]) -> ExecResult:
    service = described(cluster, SERVICE)
    pod = next((each for each in pods_of(cluster, SERVICE) if each.ready), None)
    if pod is None:
        raise AssertionError(told("Code Server has a ready pod", seen="none", where=service.workload))
    result = cluster.execute(service.namespace, pod.name, argv)
    if result.code:
        seen, where = f"exit code {result.code}: {short(result.stderr)}", f"{service.namespace}/{pod.name}"
        raise AssertionError(told(f"Code Server's home lets {argv[0]} do its work", seen=seen, where=where))
    return result
