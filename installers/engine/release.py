"""What Helm has written down about a release: the Secrets sh.helm.release.v1.NAME.vN, read with one GET."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import yaml

from roadworthy.cluster import Cluster, Obj
from roadworthy.errors import Unknown

#: Where Helm keeps its releases.
RIGHTS: tuple[str, ...] = ("list secrets",)

DIGEST = "roadworthy.dev/digest"
COMPONENT = "roadworthy.dev/component"
RUN = "roadworthy.dev/run"


@dataclass(frozen=True, slots=True)
class Release:
    """The newest revision of a release.

    Attributes:
        name: of the release.
        namespace: where it is.
        revision: counted from 1.
        status: Helm's word: ``deployed``, ``failed``, ``pending-install``, ``pending-upgrade`` …
        chart: name and version.
        digest: what the last install was made from; empty: it is none of ours.
        component: whose install it is; empty: it is none of ours.
        run: the run of Roadworthy that made this revision; empty when it isn't known.
        deployed: the newest revision that was deployed once; 0: none was.
        secret: the name of the Secret that holds this revision.
        uid: that Secret's UID.
        changed: when that Secret was last written, in seconds since the epoch, as Helm labels it.
        objects: what the chart asked for.

    """

    name: str
    namespace: str
    revision: int
    status: str
    chart: str
    digest: str
    component: str
    run: str
    deployed: int
    secret: str
    uid: str
    changed: float
    objects: tuple[Obj, ...]

    @property
    def pending(self) -> bool:
        """Whether an operation was begun and not ended."""
        return self.status.startswith("pending-") or self.status == "uninstalling"


def read(cluster: Cluster, namespace: str, name: str) -> Release | None:
    """Return the newest revision of a release, or None where there is none.

    Raises:
        Unknown: the API server can't be asked, or what Helm stored can't be read.

    """
    selector = quote(f"owner=helm,name={name}", safe="")
    found = cluster.raw(f"/api/v1/namespaces/{namespace}/secrets?labelSelector={selector}")
    secrets = sorted((item for item in found.get("items") or [] if _revision(item)), key=_revision)
    if not secrets:
        return None
    newest = secrets[-1]
    labels = newest["metadata"].get("labels") or {}
    content = _decode(newest, f"Secret {namespace}/{newest['metadata']['name']}")
    chart = content.get("chart", {}).get("metadata", {})
    done = [item for item in secrets if item["metadata"]["labels"].get("status") in {"deployed", "superseded"}]
    return Release(
        name=name,
        namespace=namespace,
        revision=_revision(newest),
        status=str(labels.get("status", "")),
        chart=f"{chart.get('name', '')} {chart.get('version', '')}",
        digest=labels.get(DIGEST, ""),
        component=labels.get(COMPONENT, ""),
        run=labels.get(RUN, ""),
        deployed=max(map(_revision, done), default=0),
        secret=newest["metadata"]["name"],
        uid=newest["metadata"].get("uid", ""),
        changed=float(labels.get("modifiedAt") or labels.get("createdAt") or 0),
        objects=tuple(_objects(content.get("manifest") or "")),
    )


def _revision(secret: Obj) -> int:
    version = str((secret["metadata"].get("labels") or {}).get("version", ""))
    return int(version) if version.isdigit() else 0


def _decode(secret: Obj, where: str) -> Any:
    """Return a revision as Helm stores it: base64 (Kubernetes) of base64 (Helm) of gzip of JSON."""
    try:
        packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
        return json.loads(gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed)
    except (KeyError, binascii.Error, OSError, EOFError, ValueError) as error:
        todo = "look at it with `helm history`; a broken record can be deleted"
        raise Unknown("a release record that Helm wrote", seen=str(error), where=where, todo=todo) from error


def _objects(manifest: str) -> list[Obj]:
    """Return the objects of a rendered chart, lists taken apart."""
    found: list[Obj] = []
    for item in yaml.load_all(manifest, Loader=yaml.CSafeLoader):
        if item:
            found += item.get("items") or [] if item.get("kind") == "List" else [item]
    return found
