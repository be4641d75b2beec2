"""Two ConfigMaps of a scenario's own: one is lost and restored, the other must not be touched by that."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from probes.marks import marked
from probes.words import told
from roadworthy.cluster import Cluster

#: The label by which a restore finds one object among others; its value is the object's name.
ONE = "roadworthy.dev/setting"


@dataclass(frozen=True, slots=True)
class Settings:
    """Names and texts; ``changed`` is what the other was changed to."""

    namespace: str
    one: str
    other: str
    text: str
    changed: str = ""


def make(cluster: Cluster) -> Settings:
    """Make both with the same text."""
    found = Settings(cluster.markers().namespace(), marked("one"), marked("other"), secrets.token_hex(16))
    for name in (found.one, found.other):
        _create(cluster, found.namespace, name, found.text)
    return found


def lose(cluster: Cluster, settings: Settings) -> Settings:
    """Delete the one, and give the other another text."""
    changed = secrets.token_hex(16)
    for name in (settings.one, settings.other):
        cluster.markers().delete("ConfigMap", name, namespace=settings.namespace)
    _create(cluster, settings.namespace, settings.other, changed)
    return Settings(settings.namespace, settings.one, settings.other, settings.text, changed)


def text(cluster: Cluster, settings: Settings, name: str) -> str:
    """Return the text of one of them as it is now; AssertionError when it is gone."""
    found = cluster.fresh("ConfigMap", name, namespace=settings.namespace)
    if found is None:
        raise AssertionError(
            told(f"{settings.namespace}/{name} is there", seen="it is gone", todo="look at the restore")
        )
    return str((found.get("data") or {}).get("text", ""))


def _create(cluster: Cluster, namespace: str, name: str, content: str) -> None:
    cluster.markers().create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": namespace, "labels": {ONE: name}},
            "data": {"text": content},
        }
    )
