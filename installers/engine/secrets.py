"""Credentials of a component: made at the first install, never overwritten, never part of a chart's values.

What follows another service's credentials is the exception: it is put right when it is not what that service says.
"""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Generator

from installers.engine import logins
from installers.engine.component import Component, Secret
from roadworthy import redact
from roadworthy.change import Apply, Change, Outcome, Patch, Target
from roadworthy.cluster import Cluster, Obj

_LETTERS = string.ascii_letters + string.digits


def changes(cluster: Cluster, component: Component) -> Generator[Change, Outcome | None, list[Target]]:
    """Yield what is missing or follows badly: a whole Secret, or keys of one. What a Change shows are the keys alone.

    Returns the Secrets that were missing, incomplete, or not what they follow.
    """
    made: list[Target] = []
    for secret in component.secrets:
        live = cluster.fresh("Secret", secret.name, namespace=component.namespace)
        held = set(live.get("data") or {}) if live else set()
        lacking = [key for key in (*secret.plain, *secret.random, *secret.logins) if key not in held]
        following = {key: logins.value(cluster, login) for key, login in secret.logins.items()}
        stale = [key for key in _stale(live, following) if key not in lacking]
        if not lacking and not stale:
            continue
        target = Target("Secret", secret.name, component.namespace)
        values = {key: _value(secret, key, following) for key in (*lacking, *stale)}
        action = Patch({"stringData": values}) if live else Apply(_manifest(component, target, values))
        made.append(target)
        yield Change(
            verb="complete" if live else "create",
            target=target,
            action=action,
            why=f"{component.name} needs it, and {target} {_reason(secret, live, lacking, stale)}",
            before={"keys": sorted(held)} if live else None,
            after={"keys": sorted(held | set(lacking))},
            reversible=live is None,
            blast_radius=(str(target),),
            component=component.name,
        )
    return made


def _stale(live: Obj | None, following: dict[str, str | None]) -> list[str]:
    """Return the keys that don't say what the service that they follow says; one that says nothing is not followed."""
    data = (live or {}).get("data") or {}
    return [
        key
        for key, wanted in following.items()
        if wanted is not None and base64.b64decode(data.get(key, "")).decode(errors="replace") != wanted
    ]


def _reason(secret: Secret, live: Obj | None, lacking: list[str], stale: list[str]) -> str:
    if live is None:
        return "is missing"
    said = [f"lacks {', '.join(lacking)}"] if lacking else []
    said += [f"has another {key} than {secret.logins[key].service} lets in" for key in stale]
    return " and ".join(said)


def _value(secret: Secret, key: str, following: dict[str, str | None]) -> str:
    if key in secret.plain:
        return secret.plain[key]
    if key in secret.logins:
        # In a plan of what isn't there yet the service has no credentials either; once it has, they are followed.
        return following[key] or secret.logins[key].text
    value = "".join(secrets.choice(_LETTERS) for _ in range(secret.random[key]))
    redact.register(value)
    return value


def _manifest(component: Component, target: Target, values: dict[str, str]) -> dict[str, object]:
    labels = {"app.kubernetes.io/part-of": component.name, "app.kubernetes.io/managed-by": "roadworthy"}
    metadata = {"name": target.name, "namespace": target.namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "stringData": values}
