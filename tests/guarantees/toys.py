"""The tests' own promises and remedies, used in this process, by ``runner`` in another, and by projects made of files.

All is in one namespace (``home``): ConfigMap ``wanted`` says ``k: right``; Deployment ``web`` has one pod.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from roadworthy.case import Case, Changes, Remedy
from roadworthy.change import Apply, Change, HelmUpgrade, Patch, Scale, Target
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import Judgement
from roadworthy.verdict import Verdict

NODE = "node-3"


def manifest(home: str, name: str = "wanted", value: str = "right") -> dict[str, Any]:
    meta = {"name": name, "namespace": home}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"k": value}}


def says(cluster: Any, home: str, name: str = "wanted", value: str = "right") -> None:
    """Assert what a ConfigMap says."""
    found = cluster.get("ConfigMap", name, namespace=home)
    seen = (found.get("data") or {}).get("k", "nothing") if found else "not there"
    assert seen == value, f"{name} is {seen}"


def looks(check: Callable[[], None]) -> Callable[[], Judgement]:
    """Return a judge of an assertion, as a scenario would be."""
    from roadworthy.verdict import classify

    def judge() -> Judgement:
        try:
            check()
        except Exception as error:  # noqa: BLE001 - as the plugin does
            return Judgement(classify(error), str(error))
        return Judgement(Verdict.PASSED)

    return judge


def map_judge(cluster: LiveCluster, home: str, name: str = "wanted") -> Callable[[], Judgement]:
    return looks(lambda: says(cluster, home, name))


def node_judge(cluster: LiveCluster, _: str) -> Callable[[], Judgement]:
    """All nodes take pods."""

    def check() -> None:
        closed = [n["metadata"]["name"] for n in cluster.list("Node") if n.get("spec", {}).get("unschedulable")]
        assert not closed, f"{closed} is cordoned"

    return looks(check)


def put_map(case: Case) -> Changes:
    """Make ``wanted`` say ``right``."""
    home = case.parameters["home"]
    target = Target("ConfigMap", "wanted", home)
    yield Change("apply", target, Apply(manifest(home), force=True), why=case.message, component="toy", reversible=True)


def cordon(node: str, *, on: bool) -> Change:
    body = {"spec": {"unschedulable": on or None}}
    verb = "cordon" if on else "uncordon"
    return Change(verb, Target("Node", node), Patch(body), why="a toy", component="toy", reversible=True)


def long_way(case: Case) -> Changes:
    """Cordon, scale down, correct the map, scale up, uncordon: five Changes, each left out where it is done already."""
    home, cluster = case.parameters["home"], case.cluster
    web = Target("Deployment", "web", home)

    def replicas() -> int:
        found = cluster.fresh("Deployment", "web", namespace=home)
        assert found
        return int(found["spec"]["replicas"])

    node = cluster.fresh("Node", NODE)
    if node and not node["spec"].get("unschedulable"):
        yield cordon(NODE, on=True)
    if replicas():
        yield Change("scale", web, Scale(0, for_now=True), why="a toy", component="toy", reversible=True)
    yield from put_map(case)
    yield Change("scale", web, Scale(1), why="a toy", component="toy", reversible=True)
    yield cordon(NODE, on=False)


def way_judge(cluster: LiveCluster, home: str) -> Callable[[], Judgement]:
    """The map says what it should, and the workload has its pod."""

    def check() -> None:
        says(cluster, home)
        found = cluster.get("Deployment", "web", namespace=home)
        assert found
        assert found["spec"]["replicas"] == 1, "web is scaled down"

    return looks(check)


def uncordon(case: Case) -> Changes:
    """The product's own remedy."""
    from remediation.uncordon_node import remedy

    yield from remedy(case)


def clear(case: Case) -> Changes:
    """The product's own remedy for pending releases."""
    from remediation.clear_pending_release import remedy

    yield from remedy(case)


def release(case: Case) -> Changes:
    """Bring the release ``toy`` to the chart and the values of the order."""
    words = case.parameters
    labels = {"roadworthy.dev/component": "toy", "roadworthy.dev/digest": "d" * 40}
    action = HelmUpgrade(words["chart"], "", (words["values"],), "d" * 40, 60, labels=labels)
    yield Change("upgrade", Target("Release", "toy", words["home"]), action, why="a toy", component="toy")


def lifted(case: Case) -> Changes:
    """Put the map right, and something else wrong: the harm that promise 11 is about."""
    yield from put_map(case)
    yield from amiss(case)


def amiss(case: Case) -> Changes:
    """Put something else wrong, and nothing right."""
    home = case.parameters["home"]
    other = Apply(manifest(home, "neighbour", "broken by the fix"), force=True)
    yield Change("apply", Target("ConfigMap", "neighbour", home), other, why="a toy", component="toy", reversible=True)


_ALL: tuple[Remedy, ...] = (put_map, long_way, uncordon, clear, release, lifted, amiss)
REMEDIES: dict[str, Remedy] = {each.__name__: each for each in _ALL}  # type: ignore[attr-defined]
JUDGES: dict[str, Callable[[LiveCluster, str], Callable[[], Judgement]]] = {
    "map": map_judge,
    "way": way_judge,
    "node": node_judge,
}
