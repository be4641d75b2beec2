"""Longhorn's and NFS's criteria against a real API server, with objects of their real shape. Neither runs here.

Longhorn needs iSCSI, which this kernel has not. What is shown: that the criteria read what an API server with
Longhorn's kinds serves (longhorn.io/v1beta2, status as a subresource), pass where Longhorn says that all is well, and
fail with node, volume and reason where it says otherwise. Not shown: that Longhorn's volumes hold data.

NFS needs a kernel that mounts it. What is shown: that the criterion writes on one node and reads on another, through
a class with an NFS provisioner's name whose one volume is a folder that both nodes of this machine share; and that it
fails where that volume is bound to one node. Not shown: NFS.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.layout import Sandbox
from tests.accept.sandboxes import ROOT, SPARE, TOOLBOX, eventually, kubectl

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="the sandbox is made of namespaces: it needs root"),
]
NODES_READY = "phase1/every-node-is-a-longhorn-node-ready-and-schedulable"
VOLUMES_SOUND = "phase1/no-longhorn-volume-is-degraded-or-faulted"
PROFILE = {
    "provider": "sandbox",
    "options": {"name": SPARE, "nodes": 2},
    "nodes": [],
    "images": {"tools": TOOLBOX},
    "drills": "always",
    "services": {"longhorn": {"namespace": "longhorn-system"}},
}


def definition(kind: str, plural: str) -> dict[str, Any]:
    """A CRD with the group, version, scope and subresource of Longhorn's own; its schema is left open."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1beta2", "served": True, "storage": True, "subresources": {"status": {}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.longhorn.io"},
        "spec": {
            "group": "longhorn.io",
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()},
            "scope": "Namespaced",
            "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def condition(kind: str, *, good: bool = True, reason: str = "", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": str(good), "reason": reason, "message": message, "lastProbeTime": ""}


def longhorn_node(name: str) -> dict[str, Any]:
    disk = {"allowScheduling": True, "diskType": "filesystem", "path": "/var/lib/longhorn/", "storageReserved": 0}
    return {
        "apiVersion": "longhorn.io/v1beta2",
        "kind": "Node",
        "metadata": {"name": name, "namespace": "longhorn-system"},
        "spec": {"name": name, "allowScheduling": True, "disks": {"default-disk-1": disk}, "tags": []},
    }


def node_status(**bad: str) -> dict[str, Any]:
    """A node's status as Longhorn 1.12 writes it; ``bad``: reasons by condition."""
    kinds = ("Ready", "Schedulable", "MountPropagation", "RequiredPackages", "KernelModulesLoaded", "Multipathd")
    disk = {
        "conditions": [condition("Ready"), condition("Schedulable")],
        "diskUUID": "6d2c1a3e-7d0f-4f58-8b76-6f1f6f5a7a11",
        "storageAvailable": 200_000_000_000,
        "storageMaximum": 240_000_000_000,
        "storageScheduled": 0,
    }
    conditions = [condition(kind, good=kind not in bad, reason=bad.get(kind, "")) for kind in kinds]
    return {"status": {"conditions": conditions, "diskStatus": {"default-disk-1": disk}, "region": "", "zone": ""}}


VOLUME = {
    "apiVersion": "longhorn.io/v1beta2",
    "kind": "Volume",
    "metadata": {"name": "pvc-5f2b", "namespace": "longhorn-system"},
    "spec": {"numberOfReplicas": 2, "size": "1073741824", "frontend": "blockdev", "dataEngine": "v1"},
}


def volume_status(robustness: str) -> dict[str, Any]:
    claim = {"namespace": "logging", "pvcName": "data-loki-0", "pvName": "pvc-5f2b", "pvStatus": "Bound"}
    return {
        "status": {
            "state": "attached",
            "robustness": robustness,
            "currentNodeID": "node-1",
            "kubernetesStatus": claim,
        }
    }


@pytest.fixture
def sandbox(spare: Sandbox) -> Sandbox:
    return spare


@pytest.fixture
def judge(tmp_path: Path, sandbox: Sandbox) -> Callable[..., dict[str, tuple[str, str]]]:
    """Run criteria as a user would, chosen by words of their names; return verdict and reason of each."""
    profiles = tmp_path / "clusters"
    profiles.mkdir()
    shutil.copy(ROOT / "clusters" / "profile.schema.json", profiles)
    (profiles / f"{SPARE}.yaml").write_text(yaml.safe_dump(PROFILE))
    where = ("--profile-dir", str(profiles), "--reports", str(tmp_path / "reports"))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:hypothesispytest",
        "features/phase1.feature",
        "--cluster",
        SPARE,
        *where,
        "-k",
    ]

    def run(chosen: str = "longhorn_node or longhorn_volume_is") -> dict[str, tuple[str, str]]:
        report = tmp_path / "reports" / "verdicts.json"
        report.unlink(missing_ok=True)
        done = subprocess.run([*command, chosen], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
        assert report.exists(), done.stdout + done.stderr
        return {each["id"]: (each["verdict"], each["reason"]) for each in json.loads(report.read_text())["criteria"]}

    return run


def patch(sandbox: Sandbox, what: str, status: dict[str, Any]) -> None:
    words = ("patch", what, "--namespace=longhorn-system", "--subresource=status", "--type=merge", "-p")
    kubectl(sandbox, *words, json.dumps(status))


def test_longhorn_s_criteria_follow_what_longhorn_says(
    sandbox: Sandbox, judge: Callable[..., dict[str, tuple[str, str]]]
) -> None:
    # Promised and not there: failed, not "not applicable".
    verdict, reason = judge()[NODES_READY]
    assert verdict == "failed"
    assert "Longhorn is installed; seen: the API server has no kind of Longhorn's" in reason

    # All is well.
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "longhorn-system"}}
    kinds = [definition("Node", "nodes"), definition("Volume", "volumes"), namespace]
    kubectl(sandbox, "apply", "-f", "-", stdin=yaml.safe_dump_all(kinds))
    objects = [*map(longhorn_node, sandbox.node_names), VOLUME]
    eventually(lambda: kubectl(sandbox, "apply", "-f", "-", stdin=yaml.safe_dump_all(objects)))
    for name in sandbox.node_names:
        patch(sandbox, f"nodes.longhorn.io/{name}", node_status())
    patch(sandbox, "volumes.longhorn.io/pvc-5f2b", volume_status("healthy"))
    assert {verdict for verdict, _ in judge().values()} == {"passed"}

    # One node's manager is down, and a volume has lost a replica.
    patch(sandbox, "nodes.longhorn.io/node-2", node_status(Ready="ManagerPodDown", KernelModulesLoaded="nvme_tcp"))
    verdict, reason = judge()[NODES_READY]
    assert verdict == "failed"
    assert "node-2: Ready is False (ManagerPodDown)" in reason
    assert "node-1" not in reason
    patch(sandbox, "nodes.longhorn.io/node-2", node_status(KernelModulesLoaded="nvme_tcp"))
    patch(sandbox, "volumes.longhorn.io/pvc-5f2b", volume_status("degraded"))
    judged = judge()
    assert judged[NODES_READY][0] == "passed", "a warning that Longhorn itself does not act upon is no failure"
    assert judged[VOLUMES_SOUND][0] == "failed"
    assert "pvc-5f2b (logging/data-loki-0) is degraded, attached on node-1" in judged[VOLUMES_SOUND][1]


NFS = "phase1/a-file-written-to-nfs-on-one-node-is-read-on-another"


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every node has: each has a root of its own, but /dev is this machine's on all of them."""
    folder = Path(tempfile.mkdtemp(prefix="roadworthy-", dir="/dev"))
    yield folder
    shutil.rmtree(folder)


def share(folder: Path, name: str, *, only: str = "") -> list[dict[str, Any]]:
    """A class with an NFS provisioner's name, and a volume of it: a folder of this machine, which all nodes share."""
    folder.mkdir()
    folder.chmod(0o777)
    rule = {"key": "kubernetes.io/hostname", "operator": "In", "values": [only]}
    bound = {"nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}}} if only else {}
    spec = {
        "storageClassName": "share",
        "accessModes": ["ReadWriteMany"],
        "capacity": {"storage": "64Mi"},
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": str(folder)},
    }
    return [
        {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "share"},
         "provisioner": "nfs.csi.k8s.io"},
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": {**spec, **bound}},
    ]  # fmt: skip


def test_what_is_written_on_one_node_is_read_on_another(
    sandbox: Sandbox, judge: Callable[..., dict[str, tuple[str, str]]], shared: Path
) -> None:
    verdict, reason = judge("nfs")[NFS]
    assert verdict == "not applicable"
    assert "no kernel of the 2 nodes that were asked can mount NFS" in reason

    kubectl(sandbox, "apply", "-f", "-", stdin=yaml.safe_dump_all(share(shared / "everywhere", "everywhere")))
    verdict, reason = judge("nfs")[NFS]
    assert verdict == "passed", reason
    assert len((shared / "everywhere" / "roadworthy").read_text().strip()) == 64

    kubectl(sandbox, "apply", "-f", "-", stdin=yaml.safe_dump_all(share(shared / "here", "here", only="node-1")))
    verdict, reason = judge("nfs")[NFS]
    assert verdict == "failed"
    assert "the volume can be reached from every node; seen: it is bound to node-1" in reason
