"""What an object was last applied as, by its own annotation: ``kubectl apply``'s, or that of K3s' add-on controller."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

from roadworthy.cluster import Cluster, Obj

KUBECTL = "kubectl.kubernetes.io/last-applied-configuration"
K3S = "objectset.rio.cattle.io/applied"

#: What is looked at; Secrets aren't: ``kubectl`` would have written their content into the annotation.
KINDS = ("ConfigMap", "Service", "Deployment", "StatefulSet", "DaemonSet", "Ingress", "ServiceAccount")


def applied(obj: Obj) -> dict[str, Any] | None:
    """Return the object as it was last applied; None when it doesn't say, or in no way that can be read."""
    notes = obj["metadata"].get("annotations") or {}
    try:
        if KUBECTL in notes:
            return _object(json.loads(notes[KUBECTL]))
        if K3S in notes:
            return _object(json.loads(gzip.decompress(base64.b64decode(notes[K3S]))))
    except (ValueError, binascii.Error, OSError, EOFError, zlib.error):
        return None
    return None


def applied_in(cluster: Cluster, namespace: str) -> Iterator[tuple[Obj, dict[str, Any]]]:
    """Yield every object of a namespace that says what it was applied as: (live, applied)."""
    for kind in KINDS:
        for live in cluster.list(kind, namespace=namespace):
            wanted = applied(live)
            if wanted is not None:
                yield live, wanted


def _object(said: object) -> dict[str, Any] | None:
    return said if isinstance(said, dict) and {"kind", "apiVersion", "metadata"} <= set(said) else None
