"""Few requests, none of them a write, and what is read is current. The judge is the API server's audit log."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from roadworthy.cluster import connect
from roadworthy.cluster.live import LiveCluster
from roadworthy.profile import Profile

pytestmark = [pytest.mark.sandbox, pytest.mark.accept]


def test_a_hundred_checks_on_pods_are_one_list_and_one_watch(
    profile: Profile, audit: Callable[[], list[dict[str, Any]]]
) -> None:
    cluster = connect(profile)
    for _ in range(100):
        assert cluster.list("Pod", namespace="kube-system")
        assert cluster.get("Pod", "no-such-pod", namespace="kube-system") is None
    cluster.until(lambda: None, within=1, kinds=["Pod"])
    counts = dict(cluster.counts)
    cluster.close()
    assert (counts["LIST Pod"], counts["WATCH Pod"]) == (1, 1)
    asked = Counter(entry["verb"] for entry in audit() if entry.get("objectRef", {}).get("resource") == "pods")
    assert asked["list"] == 1
    assert asked["watch"] <= 1  # the log has it once it has ended


def test_reading_writes_nothing(profile: Profile, audit: Callable[[], list[dict[str, Any]]], home: str) -> None:
    cluster = connect(profile)
    for kind in ("Pod", "Node", "Deployment", "Event", "PersistentVolumeClaim", "Lease"):
        cluster.list(kind)
    cluster.fresh("Node", "node-1")
    cluster.raw("/apis/metrics.k8s.io/v1beta1/nodes")
    cluster.renew()
    cluster.close()
    assert not [e for e in audit() if e["verb"] not in {"get", "list", "watch"} and home not in e["requestURI"]]


def test_a_change_is_seen_within_a_moment(cluster: LiveCluster, home: str) -> None:
    cluster.list("ConfigMap")
    began = time.monotonic()
    cluster.access.request("POST", f"/api/v1/namespaces/{home}/configmaps", body={"metadata": {"name": "seen"}})

    def there() -> None:
        assert cluster.get("ConfigMap", "seen", namespace=home)

    cluster.until(there, within=5, kinds=["ConfigMap"])
    assert time.monotonic() - began < 1


def test_clocks_agree_to_a_second(cluster: LiveCluster) -> None:
    assert abs(cluster.now() - time.time()) < 1.5
