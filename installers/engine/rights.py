"""What installing a component takes: everything on each kind that its chart renders, and Helm's own Secrets.

A chart that brings roles can only be installed by somebody who holds what these grant: Kubernetes lets nobody hand on
more than he has. So the rules of its roles are part of what it takes.
"""

from __future__ import annotations

from collections.abc import Iterator

from installers.engine import crds, order
from installers.engine.chart import rendered
from installers.engine.component import Component, load_all
from roadworthy.cluster import Obj
from roadworthy.errors import BadInput
from roadworthy.profile import Profile, SecretRef
from roadworthy.rights.kinds import of_manifest
from roadworthy.rights.right import Right, several

#: Put there, looked at, changed, taken away; Helm waits for them by watching.
ALL = ("get", "list", "watch", "create", "update", "patch", "delete")
#: What Helm looks at while it waits for a workload, and what its pods leave behind when it is installed anew.
WAITING = (("", "pods"), ("apps", "replicasets"), ("", "events"))
_ROLES = {"Role", "ClusterRole"}
_CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "Namespace", "StorageClass"}


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
        yield from several(("get", "list", "watch", "create", "patch", "update"), "", "namespaces")
        yield from several(ALL, "", "secrets", namespace=component.namespace)
        yield from _followed(component, profile)
        for group, resource in WAITING:
            yield from several(("get", "list", "watch"), group, resource, namespace=component.namespace)
        things = rendered(component, profile)
        for thing in things:
            if thing["kind"] != crds.KIND:
                yield from _of(thing, component.namespace)
        if component.edition(profile).crds or any(thing["kind"] == crds.KIND for thing in things):
            yield from several(crds.VERBS, crds.GROUP, crds.PLURAL)


def _followed(component: Component, profile: Profile) -> Iterator[Right]:
    """Yield what following other services' credentials takes."""
    for secret in component.secrets:
        for login in secret.logins.values():
            service = profile.services.get(login.service)
            for reference in (service.username, service.password) if service else ():
                if isinstance(reference, SecretRef) and reference.name:
                    yield Right("", "secrets", "get", reference.name, reference.namespace)


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
