"""One LIST and one WATCH per type; what is read is current, or refused. Against the stand-in API server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from roadworthy.cluster import listing, watch
from roadworthy.cluster.codec import Meta
from roadworthy.cluster.live import LiveCluster
from roadworthy.cluster.store import Store
from roadworthy.errors import Denied, Stale, Turbulence, Unknown
from tests.unit.roadworthy.apiserver import Api


def pod(name: str, namespace: str = "a", **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels, "managedFields": ["much"]}}


def seen(cluster: LiveCluster, condition: Callable[[], bool], within: float = 3) -> None:
    def check() -> None:
        assert condition()

    cluster.until(check, within=within, kinds=["Pod"])


def names(cluster: LiveCluster, **labels: str) -> list[str]:
    return sorted(each["metadata"]["name"] for each in cluster.list("Pod", labels=labels))


def refusal(cluster: LiveCluster) -> type[Exception] | None:
    """Read until a read is refused; return how."""
    for _ in range(40):
        time.sleep(0.1)
        try:
            names(cluster)
        except Unknown as error:
            return type(error)
    return None


def test_a_hundred_checks_are_one_list_and_one_watch(cluster: LiveCluster, api: Api) -> None:
    for number in range(20):
        api.put("pods", pod(f"p{number}", app="x" if number % 2 else "y"))
    threads = [threading.Thread(target=lambda: [names(cluster, app="x") for _ in range(25)]) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(names(cluster, app="x")) == 10
    seen(cluster, lambda: cluster.counts["WATCH Pod"] == 1)
    assert cluster.counts["LIST Pod"] == 1


def test_pages_make_one_list(cluster: LiveCluster, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)
    for number in range(8):
        api.put("pods", pod(f"p{number}"))
    assert len(cluster.list("Pod")) == 8


def test_changes_arrive_and_wake_who_waits(cluster: LiveCluster, api: Api) -> None:
    assert names(cluster) == []
    threading.Timer(0.2, lambda: api.put("pods", pod("late"))).start()
    began = time.monotonic()
    seen(cluster, lambda: names(cluster) == ["late"])
    assert time.monotonic() - began < 0.9  # woken, not polled
    api.remove("pods", "late", "a")
    seen(cluster, lambda: names(cluster) == [])


def test_objects_say_what_they_are_and_carry_no_ballast(cluster: LiveCluster, api: Api) -> None:
    api.put("pods", pod("p"))
    found = cluster.get("Pod", "p", namespace="a")
    assert found is not None
    assert (found["apiVersion"], found["kind"]) == ("v1", "Pod")
    assert "managedFields" not in found["metadata"]


def test_a_watch_that_ended_is_resumed_without_a_list(cluster: LiveCluster, api: Api) -> None:
    api.put("pods", pod("one"))
    assert names(cluster) == ["one"]
    time.sleep(0.1)
    api.hang_up()
    api.put("pods", pod("two"))
    seen(cluster, lambda: names(cluster) == ["one", "two"])
    assert cluster.counts["LIST Pod"] == 1


def test_after_410_everything_is_listed_again(cluster: LiveCluster, api: Api) -> None:
    api.put("pods", pod("one"))
    assert names(cluster) == ["one"]
    time.sleep(0.1)
    api.mute = True  # it must not learn of the versions that are forgotten
    api.remove("pods", "one", "a")
    api.put("pods", pod("two"))
    api.compact()
    api.events.clear()
    api.hang_up()
    time.sleep(0.2)
    api.mute = False
    seen(cluster, lambda: names(cluster) == ["two"])
    assert cluster.counts["LIST Pod"] == 2


def test_silence_makes_reads_stale(cluster: LiveCluster, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SILENCE", 0.4)
    monkeypatch.setattr(watch, "GAP", 0.2)
    api.mute = True
    assert names(cluster) == []
    api.fail(0, lambda _, path: "watch" in path)
    assert refusal(cluster) in {Stale, Turbulence}


def test_lost_rights_are_told_at_once(cluster: LiveCluster, api: Api) -> None:
    assert names(cluster) == []
    api.fail(403, lambda _, path: "/pods" in path)
    api.hang_up()
    assert refusal(cluster) is Denied


def test_a_failed_list_is_tried_again_by_the_next_read(cluster: LiveCluster, api: Api) -> None:
    api.put("pods", pod("one"))
    fault = api.fail(403, lambda _, path: "/pods" in path)
    with pytest.raises(Denied):
        cluster.list("Pod")
    fault.times = 0
    assert names(cluster) == ["one"]


def test_renew_overtakes_the_watch(cluster: LiveCluster, api: Api) -> None:
    api.put("pods", pod("one"))
    assert names(cluster) == ["one"]
    time.sleep(0.1)
    api.mute = True
    api.remove("pods", "one", "a")
    assert names(cluster) == ["one"]
    cluster.renew()
    assert names(cluster) == []


def test_what_the_watch_tells_while_a_list_is_on_its_way_is_not_forgotten(
    cluster: LiveCluster, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.put("pods", pod("one"))
    api.put("pods", pod("old"))
    assert names(cluster) == ["old", "one"]
    read, answered, go = listing.pages, threading.Event(), threading.Event()

    def slow(*args: Any) -> tuple[listing.Index, str]:
        found = read(*args)
        answered.set()
        assert go.wait(10)
        return found

    monkeypatch.setattr(listing, "pages", slow)
    renewing = threading.Thread(target=cluster.renew)
    renewing.start()
    assert answered.wait(10)
    api.put("pods", pod("two"))
    api.remove("pods", "old", "a")
    seen(cluster, lambda: names(cluster) == ["one", "two"])
    go.set()
    renewing.join()
    assert names(cluster) == ["one", "two"]  # no later event would have brought them back


def test_a_list_that_fails_leaves_the_watch_at_work(cluster: LiveCluster, api: Api) -> None:
    assert names(cluster) == []
    fault = api.fail(403, lambda _, path: "/pods" in path and "watch" not in path)
    with pytest.raises(Denied):
        cluster.renew()
    fault.times = 0
    api.put("pods", pod("two"))
    seen(cluster, lambda: names(cluster) == ["two"])


def test_a_kind_that_is_not_served_is_empty(cluster: LiveCluster) -> None:
    assert cluster.list("longhorn.io/v1beta2/Node") == []
    assert not cluster.serves("longhorn.io/v1beta2/Node")
    assert cluster.serves("apps/Deployment")


def test_what_can_not_be_watched_is_read_at_each_call(cluster: LiveCluster, api: Api) -> None:
    api.put("podmetrics", pod("p", app="x"))
    assert cluster.get("PodMetrics", "p", namespace="a")
    api.put("podmetrics", pod("q", app="x"))
    assert len(cluster.list("PodMetrics", namespace="a", labels={"app": "x"})) == 2
    cluster.renew()
    assert not cluster.counts["WATCH PodMetrics"]


def test_secrets_are_never_listed(cluster: LiveCluster, api: Api) -> None:
    with pytest.raises(Unknown, match="never listed"):
        cluster.list("Secret")
    assert not [path for _, path in api.log if "secrets" in path]


class SmallPod(msgspec.Struct):
    metadata: Meta


def test_a_kind_can_be_decoded_into_a_struct_of_what_matters(cluster: LiveCluster, api: Api) -> None:
    api.put("pods", pod("one", app="x"))
    store = Store(cluster.access, cluster.discovery, {"Pod": SmallPod})
    found = store.list("Pod", labels={"app": "x"})
    assert [each.metadata.name for each in found] == ["one"]
    assert isinstance(found[0], SmallPod)
    store.close()


def test_close_ends_the_threads(cluster: LiveCluster) -> None:
    cluster.list("Pod")
    cluster.list("Node")
    assert [t for t in threading.enumerate() if t.name.startswith("watch ")]
    cluster.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("watch ")]
