"""What an object was last applied as, by its own annotation: ``kubectl apply``'s, or that of K3s' add-on controller."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from probes.config_age import sources
from roadworthy.cluster import Cluster, Obj
from roadworthy.profile import Service

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


def applied_for(cluster: Cluster, service: Service) -> Iterator[tuple[Obj, dict[str, Any]]]:
    """Yield every object of one service that says what it was applied as: (live, applied).

    A namespace such as kube-system holds many services. Of this one are its workload, the ConfigMaps and the
    ServiceAccount that its pods are made with, the Services that were applied to lead to them, and the Ingresses that
    lead to those.
    """
    there = [(kind, live) for kind in KINDS for live in cluster.list(kind, namespace=service.namespace)]
    found = [(live, wanted) for _, live in there if (wanted := applied(live)) is not None]
    kind, _, name = service.workload.partition("/")
    # Both forms of it, for either may be the one that somebody damaged.
    forms = [live for its, live in there if (its, live["metadata"]["name"]) == (kind, name)]
    forms += [it for _, it in found if (it["kind"], it["metadata"]["name"]) == (kind, name)]
    templates = [it["spec"]["template"] for it in forms if "template" in it.get("spec", {})]
    own = {(kind, name), ("Service", service.service)}
    for each in templates:
        own |= {*sources(each), ("ServiceAccount", each["spec"].get("serviceAccountName", ""))}
    own |= {("Service", it["metadata"]["name"]) for _, it in found if it["kind"] == "Service" and _leads(it, templates)}
    for current, wanted in found:
        if (wanted["kind"], wanted["metadata"]["name"]) in own or _backends(wanted) & own:
            yield current, wanted


def _leads(service: Obj, templates: Iterable[Obj]) -> bool:
    """Whether a Service's selector selects the pods of one of these templates."""
    selector = (service.get("spec", {}).get("selector") or {}).items()
    labels = [(each.get("metadata", {}).get("labels") or {}).items() for each in templates]
    return bool(selector) and any(selector <= each for each in labels)


def _backends(ingress: Obj) -> set[tuple[str, str]]:
    """Return the Services that an Ingress leads to, as ("Service", name); of anything else, none."""
    if ingress["kind"] != "Ingress":
        return set()
    spec = ingress.get("spec", {})
    paths = [path for rule in spec.get("rules", ()) for path in (rule.get("http") or {}).get("paths", ())]
    backends = [spec.get("defaultBackend") or {}, *(path.get("backend") or {} for path in paths)]
    return {("Service", each["service"]["name"]) for each in backends if "service" in each}


def _object(said: object) -> dict[str, Any] | None:
    return said if isinstance(said, dict) and {"kind", "apiVersion", "metadata"} <= set(said) else None
