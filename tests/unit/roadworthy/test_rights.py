"""Rights: derived from code, declared where code doesn't show them, merged into roles, asked for before anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from roadworthy import features, profile_loader
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Delete, Target
from roadworthy.converge import recovery
from roadworthy.criterion import Criterion
from roadworthy.errors import Denied, Refused
from roadworthy.rights import Right, calls, needs, parse, roles, ways
from roadworthy.rights.asking import Asker
from roadworthy.rights.code import Code, Place
from roadworthy.rights.kinds import plural, resource
from roadworthy.rights.lacking import Lacking, asked_first
from roadworthy.rights.survey import Survey
from roadworthy.rights.table import told
from roadworthy.rooms import Rooms

ROOT = Path(__file__).resolve().parents[3]
ROOMS = Rooms.here(ROOT)
PROFILE = profile_loader.load(ROOT / "clusters", "pi")


def words(rights: Any) -> list[str]:
    return sorted(map(str, rights))


def test_a_declaration_reads_as_it_is_written() -> None:
    for text in ("get pods", "patch deployments.apps/scale", "get secrets named x in y", "get /readyz", "* *.apps"):
        assert [str(right) for right in parse(text)] == [text]
    assert words(parse("list,watch nodes.longhorn.io")) == ["list nodes.longhorn.io", "watch nodes.longhorn.io"]
    for text in ("pods", "get", "get pods please", "patch  pods"):
        with pytest.raises(ValueError, match="verbs resource"):
            list(parse(text))


def test_kinds_are_resources() -> None:
    assert resource("Pod") == resource("v1/Pod") == ("", "pods")
    assert resource("apps/Deployment") == ("apps", "deployments")
    assert resource("longhorn.io/v1beta2/Node") == ("longhorn.io", "nodes")
    assert resource("Gadget") is None
    assert [plural(kind) for kind in ("Ingress", "NetworkPolicy", "Gateway", "Endpoints")] == [
        "ingresses", "networkpolicies", "gateways", "endpoints",
    ]  # fmt: skip


SOURCE = """
from helpers import deep
KINDS = ("Deployment", "StatefulSet")
OTHER: str = "Node"

def top(cluster: "Unused", name: str) -> None:
    cluster.list("Pod")
    for kind in KINDS:
        cluster.get(kind, name)
    deep.down(cluster)
    cluster.until(print, within=1, kinds=("Event",))

def alone(case) -> None:
    case.cluster.fresh(OTHER, "n")
    case.cluster.raw(f"/api/v1/nodes/{case}/proxy/stats")
    case.cluster.http("loki").get("/ready")
    case.cluster.http("loki").post("/push")
    case.cluster.logs("a", "b")

def hidden(cluster, kind) -> None:
    cluster.list(kind)

class Unused:
    def method(self, cluster) -> None:
        cluster.list("Secret")
"""


@pytest.fixture
def code(tmp_path: Path) -> Code:
    tmp_path.joinpath("content.py").write_text(SOURCE)
    folder = tmp_path / "helpers"
    folder.mkdir()
    folder.joinpath("__init__.py").touch()
    folder.joinpath("deep.py").write_text(
        'def down(cluster):\n    cluster.list("Job")\n\ndef never(cluster):\n    cluster.list("Lease")\n'
    )
    return Code(tmp_path)


def asked(code: Code, *start: Place) -> calls.Asked:
    return calls.asked(code, code.reached(start))


def test_what_a_function_reaches_is_what_it_needs(code: Code) -> None:
    found = asked(code, ("content", "top"))
    kinds = {(right.resource, right.verb) for right in found.rights}
    watched = {"pods", "deployments", "statefulsets", "jobs", "events"}
    assert kinds == {(name, verb) for name in watched for verb in ("list", "watch")}
    assert found.unseen == ()


def test_reads_proxies_services_and_logs(code: Code) -> None:
    found = asked(code, ("content", "alone"))
    assert words(found.rights) == ["get nodes", "get nodes/proxy", "get pods/log"]
    assert found.services == {("http", "loki"), ("post", "loki")}


def test_a_kind_that_is_not_written_down_is_told(code: Code) -> None:
    assert asked(code, ("content", "hidden")).unseen == ("content:21",)


def content_modules() -> Iterator[str]:
    for room in ("steps", "probes", "probes/marks", "remediation", "installers/engine"):
        yield from (f"{room.replace('/', '.')}.{file.stem}" for file in sorted((ROOT / room).glob("*.py")))


def test_nothing_is_asked_of_a_cluster_that_no_right_stands_for() -> None:
    code = Code(ROOT)
    places = {(name, each) for name in content_modules() if (found := code.module(name)) for each in found.definitions}
    unseen = calls.asked(code, places).unseen
    assert not unseen, (
        f"the kind isn't written down there: say it in the module's RIGHTS (docs/new-remedy.md): {unseen}"
    )


def test_every_remedy_says_what_it_changes() -> None:
    code = Code(ROOT)
    for name in sorted(ROOMS.remedy_modules):
        said = code.constant(f"remediation.{name}", "RIGHTS")
        if name != ROOMS.last_remedy:
            assert isinstance(said, tuple), f"remediation/{name}.py has no RIGHTS (docs/new-remedy.md)"
            assert all(list(parse(each)) for each in said if each != ROOMS.last_remedy)


def criterion(name: str, *tags: str) -> Criterion:
    found = features.read(ROOT / "features" / "phase1.feature").criteria
    return next(each for each in found if each.scenario.startswith(name))


def test_a_criterion_that_reads_needs_no_right_to_change() -> None:
    found = needs(ROOMS, PROFILE, [criterion("The cluster's name service is there")])
    assert {right.verb for right in found.judging} <= {"get", "list", "watch"}
    assert not found.markers
    assert "list deployments.apps" in words(found.judging)
    assert "list horizontalpodautoscalers.autoscaling" not in words(found.judging)
    assert {"delete pods", "patch deployments.apps/scale"} <= set(words(found.repairing))


def test_markers_are_a_role_of_their_own() -> None:
    found = needs(ROOMS, PROFILE, [criterion("A file on the default storage class")])
    assert {right.verb for right in found.judging} <= {"get", "list", "watch"}
    assert {"create pods", "create persistentvolumeclaims", "delete namespaces"} <= set(words(found.markers))


def test_the_way_to_a_service_depends_on_the_profile() -> None:
    with_host = words(ways.service(PROFILE, "http", "grafana"))
    assert with_host == ["get secrets named grafana-admin in monitoring"]
    sandbox = profile_loader.load(ROOT / "clusters", "sandbox")
    assert words(ways.service(sandbox, "http", "loki")) == ["get services/proxy named http:loki:3100 in logging"]
    assert "create pods/portforward in databases" in words(ways.service(sandbox, "sql", "postgres"))


def test_rules_are_few_and_a_name_is_a_limit() -> None:
    said = ("get,list pods", "get,list nodes", "get secrets named a in x", "get secrets named b in y", "get /readyz")
    rights = [right for text in said for right in parse(text)]
    assert roles.rules(rights) == [
        {"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["get", "list"]},
        {"nonResourceURLs": ["/readyz"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["a", "b"], "verbs": ["get"]},
    ]


def test_roles_are_yaml_and_say_who_asks() -> None:
    found = needs(ROOMS, PROFILE, [criterion("There is one default storage class")])
    read, repair = roles.documents(found)
    assert yaml.safe_load(read)["metadata"]["name"] == "roadworthy-read"
    assert "# @remedy:restore_default_class" in repair
    assert {"get", "patch", "update"} == {
        v for r in yaml.safe_load(repair)["rules"] if r["resources"] == ["storageclasses"] for v in r["verbs"]
    }


class Reviews:
    """Answers access reviews: everything but what ``denied`` names."""

    def __init__(self, *denied: str) -> None:
        self.denied, self.asked = {each for text in denied for each in parse(text)}, 0

    def request(self, _method: str, _path: str, *, body: Any, **_: Any) -> Any:
        self.asked += 1
        what = body["spec"].get("resourceAttributes") or {}
        sub = f"/{what['subresource']}" if "subresource" in what else ""
        right = Right(what.get("group", ""), what.get("resource", "") + sub, what.get("verb", ""))
        allowed = right not in self.denied and right.verb != "*"
        return SimpleNamespace(ok=True, json=lambda: {"status": {"allowed": allowed}})


def test_missing_rights_are_found_verb_by_verb_and_asked_for_once() -> None:
    reviews = Reviews("list pods", "watch pods")
    asker = Asker(reviews)  # type: ignore[arg-type]
    assert not asker.everything()
    wanted = list(parse("get,list,watch pods"))
    assert words(asker.missing(wanted)) == ["list pods", "watch pods"]
    before = reviews.asked
    assert told(asker.missing(wanted)) == "list,watch pods"
    assert reviews.asked == before


def test_what_lacks_a_right_is_refused_before_anything_is_done() -> None:
    one = criterion("There is one default storage class")
    survey = Survey(ROOMS, PROFILE, [one])
    lacking = Lacking(survey, {Right("storage.k8s.io", "storageclasses", "patch")})
    lacking.for_judging(one)
    lacking.for_repairing()
    began: list[str] = []

    def remedy(_: Case) -> Changes:
        began.append("began")
        yield Change("x", Target("Pod", "p"), Delete(), why="y")

    case = Case(SimpleNamespace(), "id", "m", "", {})
    with pytest.raises(Refused, match=r"patch storageclasses\.storage\.k8s\.io"):
        next(lacking.kept("restore_default_class", remedy)(case))
    assert not began
    assert next(lacking.kept("uncordon_node", remedy)(case)).verb == "x"
    with pytest.raises(Denied, match="list storageclasses"):
        Lacking(survey, {Right("storage.k8s.io", "storageclasses", "list")}).for_judging(one)
    with pytest.raises(Refused, match="update leases"):
        Lacking(survey, set(parse("update leases.coordination.k8s.io named roadworthy in kube-system"))).for_repairing()


def test_what_nobody_selected_asks_for_its_rights_before_it_does_anything() -> None:
    """A dead run's cordon is lifted by who may patch nodes; who may not is told so, before the first Change."""

    def lift(_: Case) -> Changes:
        yield Change("x", Target("Node", "n"), Delete(), why="y")

    case = Case(SimpleNamespace(), "id", "m", "", {})

    def held(*denied: str) -> Changes:
        return asked_first(Reviews(*denied), recovery.NAME, recovery.RIGHTS, lift)(case)  # type: ignore[arg-type]

    assert next(held()).verb == "x"
    with pytest.raises(Refused, match="every right that recovery needs; seen: not: patch nodes"):
        next(held("patch nodes"))


def test_custom_kinds_that_a_scenario_makes_and_takes_away(tmp_path: Path) -> None:
    tmp_path.joinpath("content.py").write_text(
        "def made(cluster):\n"
        '    cluster.markers().create({"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {}})\n'
        '    cluster.markers().delete("velero.io/v1/BackupRepository", "x", namespace="velero")\n'
        '    cluster.s3("store").call("list_buckets")\n'
    )
    found = asked(Code(tmp_path), ("content", "made"))
    assert found.made == {"velero.io/v1/Backup"}
    assert found.taken == {"velero.io/v1/BackupRepository"}
    assert found.services == {("s3", "store")}
    rights = words(ways.markers(found.made, drills=False, taken=found.taken))
    assert {"create backups.velero.io", "delete backups.velero.io", "delete backuprepositories.velero.io"} <= set(
        rights
    )
    assert "create backuprepositories.velero.io" not in rights
