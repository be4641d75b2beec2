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

from probes.helm_releases import Revision, revision
from roadworthy.cluster import Cluster, Obj
from roadworthy.errors import Unknown

#: Where Helm keeps its releases.
RIGHTS: tuple[str, ...] = ("list secrets",)

DIGEST = "roadworthy.dev/digest"


@dataclass(frozen=True, slots=True)
class Release:
    """A release by its newest revision.

    Attributes:
        revisions: all of them, the newest first.
        chart: name and version.
        digest: what the last install was made from; empty: it is none of ours.
        objects: what the chart asked for.

    """

    revisions: tuple[Revision, ...]
    chart: str
    digest: str
    objects: tuple[Obj, ...]

    @property
    def newest(self) -> Revision:
        """Its newest revision."""
        return self.revisions[0]


def read(cluster: Cluster, namespace: str, name: str) -> Release | None:
    """Return a release, or None where there is none.

    Raises:
        Unknown: the API server can't be asked, or what Helm stored can't be read.

    """
    selector = quote(f"owner=helm,name={name}", safe="")
    found = cluster.raw(f"/api/v1/namespaces/{namespace}/secrets?labelSelector={selector}")
    known = sorted(((revision(item), item) for item in found.get("items") or []), key=lambda each: -each[0].version)
    known = [each for each in known if each[0].version]
    if not known:
        return None
    newest, secret = known[0]
    content = _decode(secret, f"Secret {namespace}/{newest.secret}")
    chart = content.get("chart", {}).get("metadata", {})
    return Release(
        revisions=tuple(each for each, _ in known),
        chart=f"{chart.get('name', '')} {chart.get('version', '')}",
        digest=(secret["metadata"].get("labels") or {}).get(DIGEST, ""),
        objects=tuple(_objects(content.get("manifest") or "")),
    )


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
