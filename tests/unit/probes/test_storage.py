"""Longhorn's objects here have the shape of the real ones (longhorn.io/v1beta2 as of 1.12); no Longhorn ran."""

from __future__ import annotations

from typing import Any

import pytest

from probes import abilities, longhorn, storage
from roadworthy.errors import NotApplicable, Unknown
from tests.unit.probes.doubles import cluster
from tests.unit.probes.shapes import names, node


def condition(kind: str, status: str = "True", reason: str = "", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def longhorn_node(name: str, *conditions: Any, disk: str = "True", **spec: Any) -> Any:
    return {
        "kind": longhorn.NODE,
        "metadata": {"name": name, "namespace": "longhorn-system"},
        "spec": {"name": name, "allowScheduling": True, **spec},
        "status": {
            "conditions": [*(conditions or (condition("Ready"), condition("Schedulable")))],
            "diskStatus": {
                "default-disk-1": {
                    "conditions": [condition("Ready"), condition("Schedulable", disk, "DiskPressure", "too full")]
                }
            },
        },
    }


def volume(name: str, robustness: str, state: str = "attached") -> Any:
    return {
        "kind": longhorn.VOLUME,
        "metadata": {"name": name, "namespace": "longhorn-system"},
        "spec": {"numberOfReplicas": 3},
        "status": {
            "state": state,
            "robustness": robustness,
            "currentNodeID": "pi-1",
            "kubernetesStatus": {"namespace": "logging", "pvcName": "data-loki-0"},
        },
    }


def test_a_longhorn_node_that_takes_volumes_has_no_trouble() -> None:
    (found,) = longhorn.nodes(cluster(longhorn_node("pi-1")))
    assert (found.troubles, found.warnings) == ((), ())


@pytest.mark.parametrize(
    ("obj", "trouble"),
    [
        (longhorn_node("pi", condition("Ready", "False", "ManagerPodDown", "the manager pod is down"),
                       condition("Schedulable")), "Ready is False (ManagerPodDown the manager pod is down)"),
        (longhorn_node("pi", condition("Ready"), condition("Schedulable", "False", "KubernetesNodeCordoned")),
         "Schedulable is False (KubernetesNodeCordoned)"),
        (longhorn_node("pi", condition("Ready"), condition("Schedulable"), condition("MountPropagation", "False")),
         "MountPropagation is False (no reason given)"),
        (longhorn_node("pi", allowScheduling=False), "scheduling is switched off (allowScheduling: false)"),
        (longhorn_node("pi", disk="False"), "disk default-disk-1: Schedulable is False (DiskPressure too full)"),
        (longhorn_node("pi", condition("Schedulable")), "Ready: no such condition"),
    ],
)  # fmt: skip
def test_a_longhorn_node_that_takes_none_says_why(obj: Any, trouble: Any) -> None:
    (found,) = longhorn.nodes(cluster(obj))
    assert trouble in found.troubles


def test_a_package_that_is_missing_for_nfs_backups_is_a_warning_only() -> None:
    (found,) = longhorn.nodes(
        cluster(
            longhorn_node("pi", condition("Ready"), condition("Schedulable"), condition("NFSClientInstalled", "False"))
        )
    )
    assert not found.troubles
    assert found.warnings == ("NFSClientInstalled is False (no reason given)",)


@pytest.mark.parametrize(
    ("robustness", "sound"), [("healthy", True), ("unknown", True), ("degraded", False), ("faulted", False)]
)
def test_a_volume_is_sound_unless_it_is_known_not_to_be(robustness: Any, sound: Any) -> None:
    (found,) = longhorn.volumes(cluster(volume("pvc-1", robustness)))
    assert found.sound is sound
    assert str(found).startswith(f"pvc-1 (logging/data-loki-0) is {robustness}, attached on pi-1")


KERNEL = {"node-1": {"/proc": "no\n"}, "node-2": {"/proc": "no\n"}}


def test_longhorn_neither_promised_nor_there_is_not_applicable_with_what_the_kernels_say() -> None:
    there = cluster(node("node-1"), node("node-2"), ssh=KERNEL, nodes=names("node-1", "node-2"))
    with pytest.raises(NotApplicable, match=r"no kernel of the 2 nodes that were asked can attach .*iSCSI"):
        abilities.longhorn_wanted(there)


def test_longhorn_that_is_promised_or_there_is_wanted() -> None:
    abilities.longhorn_wanted(cluster(storage_classes={"replicated": "longhorn"}))
    abilities.longhorn_wanted(cluster(longhorn_node("pi-1")))


def test_kernels_that_do_not_answer_are_unknown_not_unable() -> None:
    with pytest.raises(Unknown):
        abilities.longhorn_wanted(cluster(node("node-1"), ssh={}))


def storage_class(name: str, provisioner: str, *, default: bool = False) -> Any:
    notes = {storage.DEFAULT: "true"} if default else {}
    return {"kind": "StorageClass", "metadata": {"name": name, "annotations": notes}, "provisioner": provisioner}


def test_an_nfs_class_is_the_listed_one_or_one_that_is_there() -> None:
    promised = cluster(storage_classes={"nfs": "nfs-csi"})
    assert abilities.class_for(promised, "nfs") == "nfs-csi"
    assert abilities.class_for(cluster(storage_class("share", "nfs.csi.k8s.io")), "nfs") == "share"


def test_no_nfs_class_and_kernels_without_nfs_are_not_applicable() -> None:
    there = cluster(node("node-1"), node("node-2"), storage_class("local-path", "rancher.io/local-path"), ssh=KERNEL)
    with pytest.raises(
        NotApplicable, match="lists no nfs storage class, the cluster has none; no kernel of the 2 nodes"
    ):
        abilities.class_for(there, "nfs")


def test_a_class_that_is_promised_and_missing_fails() -> None:
    with pytest.raises(AssertionError, match="there is a storage class nfs-csi; seen: local-path"):
        storage.storage_class(cluster(storage_class("local-path", "rancher.io/local-path")), "nfs-csi")


@pytest.mark.parametrize("key", ["kubernetes.io/hostname", "metadata.name"])
def test_a_local_volume_is_bound_to_its_node(key: Any) -> None:
    terms = [{"matchExpressions": [{"key": key, "operator": "In", "values": ["node-4"]}]}]
    held = {
        "kind": "PersistentVolume",
        "metadata": {"name": "pv-1"},
        "spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}},
    }
    claim = {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "apps"},
        "spec": {"volumeName": "pv-1"},
        "status": {"phase": "Bound"},
    }
    assert storage.claim(cluster(held, claim), "apps", "data").nodes == ("node-4",)
