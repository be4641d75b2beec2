"""A component's plan: the Changes that bring it, and what it requires, to what installers/ says."""

from __future__ import annotations

from collections.abc import Mapping

from installers.engine import (
    crds,
    drift,
    fit,
    foreign,
    gone,
    immutable,
    order,
    pending,
    release,
    restart,
    secrets,
    values,
)
from installers.engine.component import Component, Edition, load_all
from probes.helm_releases import COMPONENT, deployed
from roadworthy.case import Changes
from roadworthy.change import Apply, Change, HelmUpgrade, Target
from roadworthy.cluster import Cluster
from roadworthy.errors import NotApplicable, Refused

#: How many differences a Change shows.
_SHOWN = 10


def plan(name: str, cluster: Cluster, components: Mapping[str, Component] | None = None) -> Changes:
    """Yield what is missing to a component and to what it requires, in order.

    Raises:
        BadInput: no such component, or its data can't be used (file and line).
        NotApplicable: it can't be had on this sort of cluster.
        Refused: the nodes can't run it, or somebody else's Helm operation or definition is in the way.
        Unknown: the cluster can't be read.

    """
    for component in order.resolve([name], load_all() if components is None else components):
        yield from _one(component, cluster)


def _one(component: Component, cluster: Cluster) -> Changes:
    edition = component.edition(cluster.profile)
    if edition.unavailable:
        raise NotApplicable(f"{component.name} can't be had on {cluster.profile.name}: {edition.unavailable}")
    rendered = values.render(component, cluster.profile)
    yield from _namespace(cluster, component)
    yield from crds.changes(cluster, component)
    made = yield from secrets.changes(cluster, component)
    found = release.read(cluster, component.namespace, component.name)
    if found and found.newest.component:
        # First: a rollback or an upgrade would wait for pods that a foreign field keeps from running.
        for change in foreign.changes(cluster, component.name, component.namespace, found.objects):
            yield change
            made.append(change.target)
    if found and found.newest.pending:
        yield pending.clear(cluster, found.revisions)
        found = release.read(cluster, component.namespace, component.name)
    reasons = _reasons(component, found, rendered.digest)
    drifts = list(drift.of(cluster, component.namespace, found.objects)) if found and not reasons else []
    reasons += [str(item) for item in drifts]
    if reasons:
        if found is None:
            fit.check(cluster, component, edition)
        else:
            yield from immutable.changes(cluster, component, rendered.content)
        yield _upgrade(cluster, component, edition, rendered, found, reasons)
    wrong = [*made, *(item.target for item in drifts)]
    yield from restart.changes(cluster, component.name, found.objects if found else (), wrong)


def _namespace(cluster: Cluster, component: Component) -> Changes:
    """Yield the making of the namespace; one that is being deleted is waited for."""
    target = Target("Namespace", component.namespace)
    live = cluster.get("Namespace", component.namespace)
    if live and live["metadata"].get("deletionTimestamp"):
        gone.wait(cluster, "Namespace", component.namespace)
        live = None
    if live is None and cluster.fresh("Namespace", component.namespace) is None:
        labels = {"app.kubernetes.io/managed-by": "roadworthy"}
        manifest = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": component.namespace, "labels": labels},
        }
        why = f"{component.name} lives in it, and it is missing"
        after = {"name": component.namespace}
        yield Change(
            "create", target, Apply(manifest), why, after=after, blast_radius=(str(target),), component=component.name
        )


def _reasons(component: Component, found: release.Release | None, digest: str) -> list[str]:
    """Return why the release isn't the wanted one, in words; nothing when it is."""
    if found is None:
        return ["it isn't installed"]
    newest = found.newest
    if not newest.component:
        label = f"kubectl -n {newest.namespace} label secret {newest.secret} {COMPONENT}={newest.release}"
        todo = f"to hand it over to Roadworthy: {label}"
        seen = f"release {newest.namespace}/{newest.release} ({found.chart}), not installed by Roadworthy"
        raise Refused(f"a release of {component.name} of our own, or none", seen=seen, todo=todo)
    if newest.status != "deployed":
        return [f"its last upgrade is {newest.status} (revision {newest.version})"]
    if found.digest != digest:
        made_from = found.digest[:12] or "no known digest"
        return [f"revision {newest.version} was installed from {made_from}, not {digest[:12]}"]
    return []


def _upgrade(
    cluster: Cluster,
    component: Component,
    edition: Edition,
    rendered: values.Rendered,
    found: release.Release | None,
    reasons: list[str],
) -> Change:
    target = Target("Release", component.name, component.namespace)
    before = (
        {"revision": found.newest.version, "status": found.newest.status, "digest": found.digest} if found else None
    )
    shown = [*reasons[:_SHOWN], *(["and more"] if len(reasons) > _SHOWN else [])]
    touched = [str(workload) for workload in _workloads(found)]
    action = HelmUpgrade(
        chart=rendered.chart,
        version=edition.version,
        values=(str(rendered.values),),
        digest=rendered.digest,
        timeout_seconds=edition.timeout,
        chart_digest=edition.digest,
        labels={release.DIGEST: rendered.digest, COMPONENT: component.name},
        images=tuple(image.name for image in edition.images),
        wait=not (edition.per_node and _node_missing(cluster)),
    )
    return Change(
        verb="upgrade" if found else "install",
        target=target,
        action=action,
        why=f"{component.name}: {'; '.join(shown)}",
        before={**before, "drift": shown} if before else None,
        after={"chart": edition.chart, "version": edition.version, "digest": rendered.digest},
        reversible=bool(found and deployed(list(found.revisions))),
        blast_radius=(str(target), *touched),
        component=component.name,
    )


def _workloads(found: release.Release | None) -> list[Target]:
    """Return the workloads that an upgrade may restart."""
    kinds = {"Deployment", "StatefulSet", "DaemonSet"}
    objects = found.objects if found else ()
    return [
        Target(o["kind"], o["metadata"]["name"], found.newest.namespace)
        for o in objects
        if found and o["kind"] in kinds
    ]


def _node_missing(cluster: Cluster) -> bool:
    """Whether a node isn't Ready: what runs on every node could then never become ready, and would be rolled back."""
    for node in cluster.list("Node"):
        conditions = node.get("status", {}).get("conditions", ())
        if not any(c["type"] == "Ready" and c["status"] == "True" for c in conditions):
            return True
    return False
