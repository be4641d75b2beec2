"""What writing scenarios make, and that it is undone: the systems are stand-ins here."""

from __future__ import annotations

from typing import Any

import pytest

from probes.marks import files, log_lines, lookups, pods
from roadworthy.errors import BadInput, Blocked
from tests.unit.probes.doubles import FakeCluster, as_cluster, cluster
from tests.unit.probes.shapes import names, node, pod

TOOLS: Any = {"images": {"tools": "registry.test/toolbox:1"}}


def test_a_pod_is_placed_by_the_scheduler_on_the_node_that_was_asked_for() -> None:
    fake = FakeCluster({"Node": [node("pi-3")]}, **TOOLS)
    pods.start(as_cluster(fake), "logger", "echo hello", node="pi-3", claim="data")
    spec = fake.marks.made[0]["spec"]
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term == {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["pi-3"]}]}
    assert "nodeName" not in spec  # it would go round the scheduler, and with it round the binding of volumes
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["volumes"][0]["persistentVolumeClaim"] == {"claimName": "data"}


def test_a_profile_without_such_an_image_is_told_what_to_add() -> None:
    with pytest.raises(BadInput, match=r"add `images: {tools: …}`"):
        pods.image(cluster())


def test_a_node_that_is_not_ready_blocks_what_would_run_on_it() -> None:
    with pytest.raises(Blocked, match=r"pi-3 is ready to run a pod; seen: KubeletNotReady"):
        log_lines.log(cluster(node("pi-3", ready="False", reason="KubeletNotReady"), **TOOLS), "pi-3")


def test_too_few_ready_nodes_block() -> None:
    there = cluster(node("a"), node("b", ready="False"), nodes=names("a", "b"))
    with pytest.raises(Blocked, match=r"1 of 2 ready"):
        pods.ready_nodes(there, 2)


def test_a_pod_that_ends_badly_says_what_it_said() -> None:
    failed = pod("writer", "roadworthy-marker", ready=False, phase="Failed")
    with pytest.raises(AssertionError, match=r"ends well; seen: .*; it said: no space left"):
        pods.output(cluster(failed, logs={"roadworthy-marker/writer": "no space left"}), "roadworthy-marker", "writer")


def storage_fake(*, bound: str, text: str = "") -> FakeCluster:
    """Return a cluster whose marker pods print what they were told to write (or ``text``)."""
    shelf: dict[str, Any] = {}
    fake = FakeCluster(
        {"Node": [node("a"), node("b")], "Pod": [], "PersistentVolumeClaim": [], "PersistentVolume": [],
         "StorageClass": [{"kind": "StorageClass", "metadata": {"name": "fast"}, "provisioner": "x"}]},
        nodes=names("a", "b"), storage_classes={"default": "fast"}, **TOOLS,
    )  # fmt: skip

    def made(manifest: Any) -> None:
        if manifest["kind"] == "PersistentVolumeClaim":
            terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [bound]}]}]
            required = {"required": {"nodeSelectorTerms": terms}} if bound else {}
            fake.objects["PersistentVolume"].append({"metadata": {"name": "pv"}, "spec": {"nodeAffinity": required}})
            fake.objects["PersistentVolumeClaim"].append({**manifest, "spec": {**manifest["spec"], "volumeName": "pv"}})
        if manifest["kind"] == "Pod":
            name, script = manifest["metadata"]["name"], manifest["spec"]["containers"][0]["command"][2]
            terms = manifest["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
            (on,) = terms["nodeSelectorTerms"][0]["matchFields"][0]["values"]
            if script.startswith("echo"):
                shelf["text"] = script.split()[1]
            fake.objects["Pod"].append(pod(name, "roadworthy-marker", node=on, phase="Succeeded"))
            fake._logs = {**fake._logs, f"roadworthy-marker/{name}": text or shelf["text"] + "\n"}

    fake.marks.on_create = made
    return fake


def test_a_file_on_a_bound_volume_is_read_on_the_node_that_has_it() -> None:
    there = as_cluster(storage_fake(bound="a"))
    written = files.write(there, files.volume(there, "default"))
    assert written.bound == ("a",)
    assert files.read(there, written, elsewhere=False) == (written.text, "a")
    with pytest.raises(AssertionError, match="reached from every node; seen: it is bound to a"):
        files.read(there, written, elsewhere=True)


def test_a_file_on_a_shared_volume_is_read_on_another_node() -> None:
    there = as_cluster(storage_fake(bound=""))
    written = files.write(there, files.volume(there, "default"))
    assert files.read(there, written, elsewhere=True) == (written.text, "b")


def test_a_writer_that_reads_something_else_fails() -> None:
    there = as_cluster(storage_fake(bound="", text="garbage"))
    with pytest.raises(AssertionError, match="reads what it has just written"):
        files.write(there, files.volume(there, "default"))


def test_a_look_up_is_right_when_one_of_the_service_s_addresses_was_told() -> None:
    api = {
        "kind": "Service",
        "metadata": {"name": "kubernetes", "namespace": "default"},
        "spec": {"clusterIP": "10.0.16.1"},
    }
    fake = FakeCluster({"Service": [api], "Pod": []}, **TOOLS)
    said = "Server:\t10.0.16.10\nAddress:\t10.0.16.10:53\n\nName:\tkubernetes.default.svc.cluster.local\nAddress: {0}\n"

    def made(manifest: Any, address: str = "10.0.16.1") -> None:
        name = manifest["metadata"]["name"]
        fake.objects["Pod"] = [pod(name, "roadworthy-marker", phase="Succeeded")]
        fake._logs = {f"roadworthy-marker/{name}": said.format(address)}

    fake.marks.on_create = made
    assert lookups.look_up(as_cluster(fake)).right
    fake.marks.on_create = lambda manifest: made(manifest, "192.0.2.1")
    assert not lookups.look_up(as_cluster(fake)).right
