from typing import Any

import pytest

from probes import machines
from roadworthy.cluster import ExecResult
from roadworthy.errors import Unknown
from tests.unit.probes.doubles import cluster
from tests.unit.probes.shapes import node, pod, waiting

# As `ctr -n k8s.io images ls` prints it (containerd 2.4), one multi-platform index and one image for amd64 only.
IMAGES = """\
REF                       TYPE                                       DIGEST       SIZE      PLATFORMS                            LABELS
registry.test/app:1       application/vnd.oci.image.index.v1+json    sha256:aaa   12.0 MiB  linux/amd64,linux/arm64/v8,unknown/unknown io.cri-containerd.image=managed
registry.test/old:2       application/vnd.oci.image.manifest.v1+json sha256:bbb   9.1 MiB   linux/amd64                          -
sha256:ccc                application/vnd.oci.image.manifest.v1+json sha256:bbb   9.1 MiB   linux/amd64                          -
"""  # noqa: E501


def running(image: str, digest: str) -> dict[str, object]:
    return {"name": "main", "image": image, "imageID": digest, "state": {"running": {}}}


def test_a_machine_is_described_by_its_kernel() -> None:
    there = cluster(ssh={"pi": {"uname": "aarch64\n16384\n"}})
    assert str(machines.machine(there, "pi")) == "pi: arm64, pages of 16384 bytes"


def test_a_machine_that_says_nonsense_is_unknown() -> None:
    with pytest.raises(Unknown, match="tells its architecture"):
        machines.machine(cluster(ssh={"pi": {"uname": ExecResult(127, "", "getconf: not found")}}), "pi")


def test_an_image_for_another_architecture_is_seen() -> None:
    pods = [
        pod("app-1", node="pi", states=[running("registry.test/app:1", "registry.test/app@sha256:aaa")]),
        pod("old-1", node="pi", states=[running("registry.test/old:2", "sha256:ccc")]),
        pod("elsewhere-1", node="other", states=[running("x", "sha256:zzz")]),
    ]
    there = cluster(node("pi"), *pods, ssh={"pi": {"images ls": IMAGES}})
    found = {image.pod: image.made_for("arm64") for image in machines.images_on(there, "pi")}
    assert found == {"apps/app-1": True, "apps/old-1": False}


def test_an_image_that_the_runtime_does_not_list_is_unknown() -> None:
    lost = pod("app-1", node="pi", states=[running("registry.test/app:9", "registry.test/app@sha256:ddd")])
    with pytest.raises(Unknown, match="isn't among its"):
        machines.images_on(cluster(node("pi"), lost, ssh={"pi": {"images ls": IMAGES}}), "pi")


@pytest.mark.parametrize(
    ("code", "log", "word"),
    [
        (255, "exec /app: exec format error", "exec format error"),
        (133, "<jemalloc>: Unsupported system page size", "page size"),
        (133, "", "exit code 133"),
    ],
)
def test_a_program_that_is_not_made_for_the_machine_is_named(code: Any, log: Any, word: Any) -> None:
    crashed = pod("app-1", node="pi", ready=False, states=[waiting("CrashLoopBackOff", exit_code=code)])
    (found,) = machines.unfit(cluster(crashed, logs={"apps/app-1": log}), "pi")
    assert "apps/app-1" in found
    assert word in found


def test_a_program_that_fails_for_its_own_reasons_is_not() -> None:
    crashed = pod("app-1", node="pi", ready=False, states=[waiting("CrashLoopBackOff", exit_code=1)])
    assert machines.unfit(cluster(crashed, logs={"apps/app-1": "no such table"}), "pi") == ()


@pytest.mark.parametrize(("said", "can"), [("yes\n", True), ("no\n", False)])
def test_a_kernel_is_asked(said: Any, can: Any) -> None:
    assert machines.kernel_can(cluster(ssh={"pi": {"/proc/filesystems": said}}), "pi", filesystem="nfs") is can


def test_a_kernel_that_does_not_answer_is_unknown() -> None:
    with pytest.raises(Unknown):
        machines.kernel_can(cluster(ssh={"pi": {"modprobe": ExecResult(1, "", "sh: syntax error")}}), "pi", module="x")
