"""Faults of storage: a volume without room."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from roadworthy.errors import BadInput
from sandbox import machine
from sandbox.api import path
from sandbox.faults.objects import get
from sandbox.faults.registry import Memory, Site, fault

FILLER = ".roadworthy-fills-this-volume"
KEEP = 5 * 10**9
"""Bytes of the host's disk that no fault takes: a local-path volume has no limit of its own."""


@fault("fill-volume")
def fill_volume(site: Site, namespace: str, claim: str) -> Iterator[Memory]:
    """Fill the volume of a claim up to the size that it asked for."""
    bound = get(site, path("v1", "PersistentVolumeClaim", namespace, claim))
    name = bound["spec"].get("volumeName")
    if not name:
        raise BadInput("a claim with a volume", seen=bound["status"]["phase"], where=f"{namespace}/{claim}")
    volume = get(site, path("v1", "PersistentVolume", name=name))
    node, folder = _place(volume)
    running = machine.inits(site.sandbox)
    if node not in running:
        raise BadInput(f"{node} to run", seen="it doesn't", todo=f"roadworthy sandbox up --name {site.sandbox.name}")
    target = Path(f"/proc/{running[node]}/root{folder}")
    wanted = _bytes(bound["spec"]["resources"]["requests"]["storage"])
    used = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    size = wanted - used
    if size > shutil.disk_usage(target).free - KEEP:
        raise BadInput(
            f"{KEEP // 10**9} GB left on the host after {size / 1e9:.1f} GB more",
            where=str(target),
            seen=f"{shutil.disk_usage(target).free / 1e9:.1f} GB free",
        )
    yield {"node": node, "file": f"{folder}/{FILLER}"}
    with (target / FILLER).open("wb") as file:
        if size > 0:
            os.posix_fallocate(file.fileno(), 0, size)


@fill_volume.undo
def _empty(site: Site, memory: Memory) -> None:
    base = site.sandbox.paths.root(memory["node"])
    (base / str(memory["file"]).lstrip("/")).unlink(missing_ok=True)


def _place(volume: dict[str, object]) -> tuple[str, str]:
    """Return the node and the folder of a local volume."""
    spec = volume["spec"]
    if not isinstance(spec, dict) or not (spec.get("local") or spec.get("hostPath")):
        raise BadInput("a volume in a folder of a node", seen="another kind of volume")
    terms = spec["nodeAffinity"]["required"]["nodeSelectorTerms"]
    node = terms[0]["matchExpressions"][0]["values"][0]
    return str(node), str((spec.get("local") or spec["hostPath"])["path"])


def _bytes(quantity: str) -> int:
    """Return a Kubernetes quantity (`128Mi`, `1G`, `5e8`) in bytes."""
    units = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
    for unit, factor in units.items():
        if quantity.endswith(unit):
            return int(float(quantity.removesuffix(unit)) * factor)
    return int(float(quantity))
