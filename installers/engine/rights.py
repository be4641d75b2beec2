"""What installing a component takes: everything on each kind that its chart renders, and Helm's own Secrets.

A chart that brings roles can only be installed by somebody who holds what these grant: Kubernetes lets nobody hand on
more than he has. So the rules of its roles are part of what it takes.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from installers.engine import order, values
from installers.engine.component import Component, load_all
from roadworthy import programs
from roadworthy.cluster import Obj
from roadworthy.errors import BadInput
from roadworthy.profile import Profile
from roadworthy.rights.kinds import of_manifest
from roadworthy.rights.right import Right, several

#: Put there, looked at, changed, taken away; Helm waits for them by watching.
ALL = ("get", "list", "watch", "create", "update", "patch", "delete")
#: What Helm looks at while it waits for a workload, and what its pods leave behind when it is installed anew.
WAITING = (("", "pods"), ("apps", "replicasets"), ("", "events"))
_ROLES = {"Role", "ClusterRole"}
_CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "Namespace", "StorageClass", "CustomResourceDefinition"}
_SECONDS = 120.0


def needed(profile: Profile, name: str) -> Iterator[Right]:
    """Yield what installing a component, and what it requires, takes.

    Raises:
        BadInput: its chart can't be rendered here; the message says why.

    """
    components = load_all()
    if name not in components:
        raise BadInput("a component", seen=name, todo=f"there are: {', '.join(components)}")
    for component in order.resolve([name], components):
        if component.edition(profile).unavailable:
            continue
        yield from several(("get", "list", "watch"), "", "nodes")
        yield from several(("get", "list", "watch", "create", "patch", "update", "delete"), "", "namespaces")
        yield from several(ALL, "", "secrets", namespace=component.namespace)
        for group, resource in WAITING:
            yield from several(("get", "list", "watch"), group, resource, namespace=component.namespace)
        for thing in rendered(component, profile):
            yield from _of(thing, component.namespace)


def rendered(component: Component, profile: Profile) -> list[Obj]:
    """Return the objects of a component's chart, as Helm renders them without a cluster."""
    edition, written = component.edition(profile), values.render(component, profile)
    with tempfile.TemporaryDirectory(prefix="roadworthy-render-") as home:
        words = [programs.find("helm"), "template", component.name, written.chart, "-n", component.namespace]
        words += ["-f", str(written.values), *(["--version", edition.version] if edition.version else [])]
        folders = {f"HELM_{each}_HOME": str(Path(home) / each.lower()) for each in ("CACHE", "CONFIG", "DATA")}
        try:
            done = subprocess.run(
                words, env={**_environment(), **folders}, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BadInput(f"the chart of {component.name} can be rendered", seen=str(error)) from error
    if done.returncode:
        todo = "grant its installer cluster-admin (deploy/remediate/install-rbac.yaml), or leave it out"
        raise BadInput(
            f"the chart of {component.name} can be rendered",
            seen=done.stderr.strip()[-300:],
            where=edition.chart,
            todo=todo,
        )
    found: list[Any] = [each for each in yaml.load_all(done.stdout, Loader=yaml.CSafeLoader) if each]
    return [item for each in found for item in (each.get("items") or [] if each["kind"] == "List" else [each])]


def _of(thing: Obj, namespace: str) -> Iterator[Right]:
    where = of_manifest(str(thing["apiVersion"]), str(thing["kind"]))
    space = "" if thing["kind"] in _CLUSTER_WIDE else str(thing["metadata"].get("namespace") or namespace)
    yield from several(ALL, *where, namespace=space)
    if thing["kind"] in _ROLES:
        for rule in thing.get("rules") or ():
            yield from _rule(rule)


def _rule(rule: Obj) -> Iterator[Right]:
    for verb in rule.get("verbs") or ():
        for url in rule.get("nonResourceURLs") or ():
            yield Right("", "", str(verb), url=str(url))
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                for name in rule.get("resourceNames") or ("",):
                    yield Right(str(group), str(resource), str(verb), str(name))


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("HELM_", "KUBE"))}
