"""The sandbox, a namespace of ours on it, and what the API server's audit log says of us."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from roadworthy import images, profile_loader
from roadworthy.cluster import connect, workloads
from roadworthy.cluster.access import AGENT
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import Options
from roadworthy.converge.tools import Tools
from roadworthy.profile import Profile
from sandbox import builds, provider

ROOT = Path(__file__).parents[3]
TOOLBOX = "sandbox.local/toolbox:1.35.0"


@pytest.fixture(scope="module")
def provided() -> dict[str, Any]:
    return dict(provider.provide({}))


@pytest.fixture(scope="module")
def profile(provided: dict[str, Any]) -> Profile:
    found = profile_loader.provided(profile_loader.load(ROOT / "clusters", "sandbox"))
    images.ensure(found, [TOOLBOX], print)
    return replace(found, limits={**found.limits, "confirm_after": 0.5, "settle": 60.0, "back_off": 0.5})


@pytest.fixture
def cluster(profile: Profile) -> Iterator[LiveCluster]:
    found = connect(profile)
    yield found
    found.close()


@pytest.fixture(scope="module")
def home(profile: Profile) -> Iterator[str]:
    """A namespace of ours, with a Deployment ``web`` of one pod that serves its own host name on port 8080."""
    cluster, name = connect(profile), f"roadworthy-accept-{secrets.token_hex(3)}"
    post = cluster.access.request
    post("POST", "/api/v1/namespaces", body={"metadata": {"name": name}})
    labels = {"app": "web"}
    script = "mkdir -p /tmp/w && hostname > /tmp/w/index.html && exec httpd -f -p 8080 -h /tmp/w"
    container: dict[str, Any] = {"name": "web", "image": TOOLBOX, "command": ["/bin/sh", "-c", script]}
    container["readinessProbe"] = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    body = {
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
            "progressDeadlineSeconds": 30,
        },
    }
    made = post("POST", f"/apis/apps/v1/namespaces/{name}/deployments", body=body)
    assert made.ok, made.message
    service = {"metadata": {"name": "web"}, "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]}}
    post("POST", f"/api/v1/namespaces/{name}/services", body=service)

    def up() -> None:
        workload = cluster.get("Deployment", "web", namespace=name)
        assert workload
        assert not (words := workloads.unfinished(workload)), words

    cluster.until(up, within=90, kinds=["Deployment"], what="the test's own workload")
    yield name
    cluster.access.request("DELETE", f"/api/v1/namespaces/{name}")
    cluster.close()


@pytest.fixture
def web(cluster: LiveCluster, home: str) -> str:
    """The name of the pod."""

    def one() -> str:
        ready = [each for each in cluster.list("Pod", namespace=home, labels={"app": "web"}) if workloads.ready(each)]
        assert len(ready) == 1, f"{len(ready)} Ready"
        return str(ready[0]["metadata"]["name"])

    return cluster.until(one, within=60, kinds=["Pod"])


@pytest.fixture
def audit(provided: dict[str, Any]) -> Callable[[], list[dict[str, Any]]]:
    """Return what the API server was asked by us since the test began."""
    path = Path(str(provided["audit_log"]))
    start = path.stat().st_size

    def ours() -> list[dict[str, Any]]:
        time.sleep(0.5)  # it is written in batches
        with path.open("rb") as file:
            file.seek(start)
            entries = [json.loads(line) for line in file.read().splitlines() if line.endswith(b"}")]
        return [e for e in entries if e.get("userAgent") == AGENT and e["stage"] == "ResponseComplete"]

    return ours


@pytest.fixture
def tools(cluster: LiveCluster, tmp_path: Path) -> Tools:
    helm = str(builds.ensure("helm") / "helm")
    return Tools(cluster, Options({}, root=tmp_path, helm=helm), "accept-run", threading.Event())
