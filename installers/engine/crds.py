"""The custom resource definitions that a component brings: applied where one is missing, or has lost a version.

Helm installs the definitions in a chart's ``crds/`` once, and never looks at them again. They are applied from here
instead, server-side; nothing is ever deleted, for with a definition go all the objects of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from installers.engine import drift, gone
from installers.engine.chart import rendered
from installers.engine.component import Component
from roadworthy.case import Changes
from roadworthy.change import Apply, Change, Target
from roadworthy.cluster import Cluster, Obj
from roadworthy.errors import BadInput, Refused
from roadworthy.profile import Profile

KIND, GROUP, PLURAL = "CustomResourceDefinition", "apiextensions.k8s.io", "customresourcedefinitions"
#: What applying them takes. Not ``delete``.
VERBS = ("get", "list", "watch", "create", "patch", "update")
#: What is looked at.
RIGHTS: tuple[str, ...] = ("get customresourcedefinitions.apiextensions.k8s.io",)

#: How long the API server may take to serve a new kind, seconds.
SERVED = 30.0
_OWNER = ("meta.helm.sh/release-namespace", "meta.helm.sh/release-name")
#: At most this many differences within a definition are shown, and of each as many characters.
_SHOWN, _LETTERS = 3, 160


def declared(component: Component, profile: Profile) -> list[Obj]:
    """Return the definitions that a component brings on this sort of cluster: from its chart, and beside it.

    Raises:
        BadInput: the chart or a file can't be used; the message names it.

    """
    edition = component.edition(profile)
    found = [
        each for path in edition.crds for each in yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader) if each
    ]
    for each in found:
        if each.get("kind") != KIND:
            raise BadInput(f"nothing but a {KIND}", seen=str(each.get("kind")), where=f"{component.name}: crds")
    if "://" in edition.chart:
        found += [each for each in rendered(component, profile) if each["kind"] == KIND]
    return found


def changes(cluster: Cluster, component: Component) -> Changes:
    """Yield the application of each definition that isn't as it was declared, and wait until its kind is served.

    Raises:
        Refused: it is somebody else's, holds objects of a version that ours doesn't know, or won't go.

    """
    for wanted in declared(component, cluster.profile):
        name = str(wanted["metadata"]["name"])
        live = cluster.fresh(KIND, name)
        if live is not None and live["metadata"].get("deletionTimestamp"):
            gone.wait(cluster, KIND, name)
            live = None
        reasons = list(_reasons(wanted, live))
        if not reasons:
            continue
        if live is not None:
            _ours_to_change(component, wanted, live)
        outcome = yield _change(component, wanted, live, reasons)
        if outcome is not None and outcome.done:
            _served(cluster, wanted)


def _change(component: Component, wanted: Obj, live: Obj | None, reasons: list[str]) -> Change:
    target = Target(KIND, str(wanted["metadata"]["name"]), uid=str(live["metadata"]["uid"]) if live else "")
    return Change(
        verb="re-apply" if live else "create",
        target=target,
        action=Apply(wanted, force=True),
        why=f"{component.name}: {target}: {'; '.join(reasons)}; its objects are left alone",
        before={"versions": _versions(live)} if live else None,
        after={"versions": _versions(wanted)},
        reversible=live is not None,
        blast_radius=(str(target),),
        component=component.name,
    )


def _versions(definition: Obj) -> dict[str, bool]:
    """Return the versions of a kind, and whether each is served."""
    return {str(each["name"]): bool(each.get("served")) for each in definition["spec"].get("versions") or ()}


def _reasons(wanted: Obj, live: Obj | None) -> Iterator[str]:
    if live is None:
        yield "it is missing"
        return
    there = _versions(live)
    lost = [name for name, served in _versions(wanted).items() if served and not there.get(name)]
    yield from (
        f"version {name} is no longer served" if name in there else f"it has no version {name}" for name in lost
    )
    if not lost:
        yield from _differences(wanted, live)


def _differences(wanted: Obj, live: Obj) -> Iterator[str]:
    target = Target(KIND, str(wanted["metadata"]["name"]))
    found = [str(each).removeprefix(f"{target} ")[:_LETTERS] for each in drift.compared(target, wanted, live)]
    yield from found[:_SHOWN]
    if len(found) > _SHOWN:
        yield f"and {len(found) - _SHOWN} more"


def _ours_to_change(component: Component, wanted: Obj, live: Obj) -> None:
    """Refuse to touch somebody else's definition, or one whose stored objects ours couldn't read."""
    metadata = live["metadata"]
    where = f"{KIND} {metadata['name']}"
    notes = metadata.get("annotations") or {}
    owner = tuple(notes.get(key, "") for key in _OWNER)
    if any(owner) and owner != (component.namespace, component.name):
        todo = "upgrade that release: it brings the definition"
        raise Refused(f"{where} is {component.name}'s to put right", seen=f"release {'/'.join(owner)}", todo=todo)
    stored: list[Any] = live.get("status", {}).get("storedVersions") or []
    unknown = sorted({str(each) for each in stored} - _versions(wanted).keys())
    if unknown:
        seen = f"objects are stored as {', '.join(unknown)}, which {component.name}'s definition doesn't have"
        raise Refused(
            f"{where} keeps every object readable", seen=seen, todo="bring the component to the newer version"
        )


def _served(cluster: Cluster, wanted: Obj) -> None:
    """Wait until the API server serves the kind: what is installed next may bring objects of it."""
    spec = wanted["spec"]
    kinds = [f"{spec['group']}/{name}/{spec['names']['kind']}" for name, on in _versions(wanted).items() if on]

    def served() -> None:
        missing = [each for each in kinds if not cluster.serves(each)]
        if missing:
            raise AssertionError(f"{', '.join(missing)} isn't served yet")

    try:
        cluster.until(served, within=SERVED, what=f"{wanted['metadata']['name']} served")
    except AssertionError:
        return  # the engine judges again, and says what is still wrong
