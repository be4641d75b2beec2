"""K3s's own snapshots of etcd: the objects that it makes of them, what its servers run with, and what is configured.

What a server runs with is in the node's annotation; what it would run with after a restart is in its files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from probes.moments import epoch
from probes.quantities import quantity
from probes.words import short, told
from roadworthy.cluster import Cluster, Obj
from roadworthy.errors import Unknown

KIND = "k3s.cattle.io/v1/ETCDSnapshotFile"
RIGHTS: tuple[str, ...] = ("list,watch etcdsnapshotfiles.k3s.cattle.io",)

ARGUMENTS = "k3s.io/node-args"
CRON, KEEP, DISABLED = "etcd-snapshot-schedule-cron", "etcd-snapshot-retention", "etcd-disable-snapshots"
#: K3s's own, where nothing is said: twice a day, five kept.
DEFAULT_CRON, DEFAULT_KEEP = "0 */12 * * *", 5
#: Snapshots of the schedule's; those that people ask for have other names and are never pruned.
SCHEDULED = "etcd-snapshot-"
#: K3s reads these in order of their names, after the first; a later word counts.
FILES = (
    '[ "$(id -u)" = 0 ] || as="sudo -n"; '
    """$as sh -c 'cd /etc/rancher/k3s && for f in config.yaml config.yaml.d/*.yaml; do """
    """[ ! -e "$f" ] || { echo ---; cat "$f"; }; done'"""
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How one K3s server takes snapshots; ``stopped`` says why it takes none (empty: it does)."""

    node: str
    schedule: str
    kept: int
    stopped: str

    def __str__(self) -> str:
        """Return ``schedule, N kept``, or why there are none."""
        return self.stopped or f"{self.schedule}, {self.kept} kept"


def servers(cluster: Cluster) -> list[Obj]:
    """Return the nodes that run K3s's control plane, by name; AssertionError when the API server knows none."""
    labels = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/etcd")
    found = [node for node in cluster.list("Node") if set(labels) & set(node["metadata"].get("labels") or {})]
    if not found:
        raise AssertionError(told("there is a K3s server", seen="no node has the role", where="the nodes' labels"))
    return sorted(found, key=lambda node: str(node["metadata"]["name"]))


def running(cluster: Cluster) -> tuple[Settings, ...]:
    """Return what each server runs with."""
    return tuple(_running(node) for node in servers(cluster))


def _running(node: Obj) -> Settings:
    meta = node["metadata"]
    said = dict(_arguments(json.loads((meta.get("annotations") or {}).get(ARGUMENTS, "[]"))))
    stopped = ""
    if "node-role.kubernetes.io/etcd" not in (meta.get("labels") or {}):
        stopped = "it keeps its state in SQLite, not in etcd (no cluster-init): there is nothing that takes snapshots"
    return _settings(str(meta["name"]), said, stopped)


def configured(cluster: Cluster, node: str) -> Settings:
    """Return what a server's files say, read over SSH."""
    done = cluster.ssh(node, FILES)
    if done.code:
        seen = short(done.stderr) or f"exit code {done.code}"
        raise Unknown(f"the configuration of K3s on {node} can be read", seen=seen, todo="let the user of SSH run sudo")
    said: dict[str, Any] = {}
    try:
        for part in yaml.safe_load_all(done.stdout):
            said |= part or {}
    except (yaml.YAMLError, TypeError) as error:
        raise Unknown(f"the configuration of K3s on {node} can be read", seen=short(str(error))) from error
    return _settings(node, said, "")


def files(cluster: Cluster) -> Iterator[tuple[str, str, float, int, str]]:
    """Yield (name, node, taken, bytes, trouble) of each scheduled snapshot that lies on a server."""
    for each in cluster.list(KIND):
        spec, status = each["spec"], each.get("status") or {}
        name = str(spec.get("snapshotName", each["metadata"]["name"]))
        if not name.startswith(SCHEDULED) or not str(spec.get("location", "")).startswith("file://"):
            continue
        error = status.get("error") or {}
        trouble = str(
            error.get("message") or ("" if status.get("readyToUse") else "K3s says that it isn't ready to use")
        )
        size = int(quantity(str(status.get("size", "0"))))
        yield name, str(spec.get("nodeName", "")), epoch(status.get("creationTime")), size, trouble


def _settings(node: str, said: dict[str, Any], stopped: str) -> Settings:
    if str(said.get(DISABLED, "false")).lower() == "true":
        stopped = stopped or "snapshots are switched off (etcd-disable-snapshots)"
    return Settings(node, str(said.get(CRON, DEFAULT_CRON)), int(said.get(KEEP, DEFAULT_KEEP)), stopped)


def _arguments(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the flags of a command line, ``--flag value`` and ``--flag=value``; one without a value is ``true``."""
    for index, word in enumerate(words):
        if word.startswith("--"):
            name, equals, value = word.removeprefix("--").partition("=")
            following = words[index + 1] if index + 1 < len(words) else "--"
            yield name, value if equals else ("true" if following.startswith("--") else following)
