"""Promise 19: what a remedy installs is what was pinned, and runs on the nodes that are there."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml

from installers.engine import component
from installers.engine import plan as planned
from roadworthy.case import Case, Changes
from roadworthy.change import Change, HelmUpgrade, Target
from roadworthy.converge import Converged
from sandbox import builds, images, paths
from sandbox.images.registry import Storage
from tests.guarantees import toys
from tests.guarantees.field import Field
from tests.guarantees.ground import MERGE, TOOLBOX, eventually
from tests.guarantees.shop import pack, shop

__all__ = ["shop"]
pytestmark = [pytest.mark.guarantee(19), pytest.mark.short]


def install(field: Field, chart: str, digest: str) -> Converged:
    cluster = field.connect()

    def remedy(_: Case) -> Changes:
        action = HelmUpgrade(chart, "0.1.0", (), "d" * 40, 60, chart_digest=digest)
        yield Change("install", Target("Release", "toy", field.home), action, why="a toy")

    helm = str(builds.ensure("helm") / "helm")
    judge = toys.map_judge(cluster, field.home)
    return field.engine(cluster, {"remedy": remedy}, helm=helm).converge(field.case(cluster), [("remedy", "")], judge)


def test_a_chart_that_was_replaced_is_refused(field: Field, shop: tuple[str, Path]) -> None:
    """The same address and version, other bytes: refused before anything is written; the pinned one is installed."""
    chart, folder = shop
    pinned = pack(folder, "right")
    packed = (folder / "toy-0.1.0.tgz").read_bytes()
    assert pack(folder, "evil") != pinned
    done = install(field, chart, pinned)
    assert "find out who replaced it" in done.reason
    assert field.audit.writes() == []
    assert field.admin.map(field.home, "wanted") is None
    (folder / "toy-0.1.0.tgz").write_bytes(packed)
    assert install(field, chart, pinned).verdict.value == "converged"


def test_every_upstream_chart_and_image_is_pinned() -> None:
    """Packed charts and images of real clusters carry digests, and the values that the charts get hold them, too."""
    for name, found in component.load_all().items():
        edition = found.upstream
        if edition.unavailable:
            continue
        assert "://" not in edition.chart or edition.digest, f"{name}: chart without a digest"
        values = edition.values.read_text()
        for image in edition.images:
            assert image.digest, f"{name}: {image.name} without a digest"
            assert image.platforms, f"{name}: {image.name} without its platforms"
            assert image.digest.removeprefix("sha256:") in values, f"{name}: {image.name} is pulled by its tag"


def test_a_tag_that_was_repointed_is_not_what_runs(field: Field) -> None:
    """In the sandbox's registry a tag leads to another image; what is pinned by digest still gets the one that was
    meant, and the tag alone would not have."""
    name = f"guarantees-{secrets.token_hex(4)}"
    storage = Storage(paths.registry_storage())
    meant, evil = (images.ensure([each])[each] for each in (TOOLBOX, "pause"))
    storage.publish(name, "1", _blob(storage, meant))
    field.defer(lambda: _remove(storage, name))
    storage.publish(name, "1", _blob(storage, evil))
    running = {}
    for kind, reference in (("pinned", f"{name}:1@{meant}"), ("tag", f"{name}:1")):
        container = {"name": "c", "image": f"sandbox.local/{reference}"}
        if kind == "pinned":
            container |= {"command": ["sleep", "1000"]}  # type: ignore[dict-item]
        spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
        path = f"/api/v1/namespaces/{field.home}/pods"
        field.admin.make(path, {"metadata": {"name": kind}, "spec": spec})

        def image(path: str = path, kind: str = kind) -> str:
            statuses = field.admin.get(f"{path}/{kind}")["status"].get("containerStatuses") or [{}]
            return str(statuses[0].get("imageID", ""))

        running[kind] = eventually(image, 90)
    assert running["pinned"].endswith(meant)
    assert running["tag"].endswith(evil)


def _blob(storage: Storage, digest: str) -> Any:
    from sandbox.images.registry import Blob

    return Blob(digest, storage.path(digest).stat().st_size)


def _remove(storage: Storage, name: str) -> None:
    import shutil

    shutil.rmtree(storage.root / "docker" / "registry" / "v2" / "repositories" / name, ignore_errors=True)


@pytest.fixture
def arm(field: Field) -> str:
    """A node that says it is arm64, Ready."""
    name = f"arm-{field.home[-6:]}"
    field.admin.make("/api/v1/nodes", {"metadata": {"name": name}, "spec": {}})
    field.defer(lambda: field.admin.delete(f"/api/v1/nodes/{name}"))
    capacity = {"cpu": "4", "memory": "8Gi", "pods": "100"}
    status = {
        "conditions": [{"type": "Ready", "status": "True"}],
        "capacity": capacity,
        "allocatable": capacity,
        "nodeInfo": dict.fromkeys(_INFO, "") | {"architecture": "arm64"},
    }
    said = field.admin.ask("PATCH", f"/api/v1/nodes/{name}/status", {"status": status}, MERGE)
    assert said[0] == 200, said
    return name


_INFO = ("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion", "kubeletVersion",
         "kubeProxyVersion", "operatingSystem")  # fmt: skip


@pytest.mark.parametrize("platforms", [["linux/amd64"], ["linux/amd64", "linux/arm64"]], ids=["amd64 only", "both"])
@pytest.mark.ci
def test_an_image_without_the_nodes_architecture_is_refused_beforehand(
    field: Field, arm: str, platforms: list[str]
) -> None:
    """amd64 only, with an arm64 node among those that take pods: refused before the first write of the release."""
    folder = field.folder / "toy"
    folder.mkdir()
    edition = {
        "chart": "workload",
        "values": "values.yaml",
        "memory": {"limit": "16Mi", "per": "cluster"},
        "images": [{"name": "example.test/toy:1", "digest": "sha256:" + "0" * 64, "platforms": platforms}],
    }
    content = {"name": "toy", "summary": "A toy of this test.", "namespace": field.home}
    (folder / "component.yaml").write_text(yaml.safe_dump({**content, "upstream": edition, "sandbox": edition}))
    (folder / "values.yaml").write_text("workloads: {}\n")
    toy = component.load(folder / "component.yaml")
    cluster = field.connect()

    def remedy(_: Case) -> Changes:
        yield from planned("toy", cluster, {"toy": toy})

    judge = toys.map_judge(cluster, field.home)
    helm = str(builds.ensure("helm") / "helm")
    done = field.engine(cluster, {"remedy": remedy}, helm=helm).converge(field.case(cluster), [("remedy", "")], judge)
    if len(platforms) == 1:
        assert f"made for arm64, the architecture of {arm}" in done.reason
        assert field.audit.writes() == []
    else:
        assert field.audit.writes() != []
