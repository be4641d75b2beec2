"""Credentials of a component: made at the first install, never overwritten, never part of a chart's values."""

from __future__ import annotations

import secrets
import string
from collections.abc import Generator

from installers.engine.component import Component, Secret
from roadworthy import redact
from roadworthy.change import Apply, Change, Outcome, Patch, Target
from roadworthy.cluster import Cluster

_LETTERS = string.ascii_letters + string.digits


def changes(cluster: Cluster, component: Component) -> Generator[Change, Outcome | None, list[Target]]:
    """Yield what is missing: a whole Secret, or keys of one. What a Change shows are the keys alone.

    Returns the Secrets that were missing or incomplete.
    """
    made: list[Target] = []
    for secret in component.secrets:
        live = cluster.fresh("Secret", secret.name, namespace=component.namespace)
        held = set(live.get("data") or {}) if live else set()
        wanted = [key for key in (*secret.plain, *secret.random) if key not in held]
        if not wanted:
            continue
        target = Target("Secret", secret.name, component.namespace)
        values = {key: _value(secret, key) for key in wanted}
        action = Patch({"stringData": values}) if live else Apply(_manifest(component, target, values))
        made.append(target)
        yield Change(
            verb="complete" if live else "create",
            target=target,
            action=action,
            why=f"{component.name} needs it, and {target} {'lacks ' + ', '.join(wanted) if live else 'is missing'}",
            before={"keys": sorted(held)} if live else None,
            after={"keys": sorted(held | set(wanted))},
            reversible=live is None,
            blast_radius=(str(target),),
            component=component.name,
        )
    return made


def _value(secret: Secret, key: str) -> str:
    if key in secret.plain:
        return secret.plain[key]
    value = "".join(secrets.choice(_LETTERS) for _ in range(secret.random[key]))
    redact.register(value)
    return value


def _manifest(component: Component, target: Target, values: dict[str, str]) -> dict[str, object]:
    labels = {"app.kubernetes.io/part-of": component.name, "app.kubernetes.io/managed-by": "roadworthy"}
    metadata = {"name": target.name, "namespace": target.namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "stringData": values}
