"""Promise 2: what can't be evaluated is broken, and never a reason to repair; whichever way it was asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.guarantees.field import Field
from tests.guarantees.ground import TOOLBOX, eventually
from tests.guarantees.project import Project, Ran
from tests.guarantees.proxy import Seen

pytestmark = pytest.mark.guarantee(2)
WAYS = ("list", "get", "fresh", "raw", "until", "logs", "exec", "secret", "http", "tunnel")
FEATURE = """
Feature: Every way to read
  @remedy:put_map
  Scenario Outline: by <way>
    Then by <way> it is right in <home>
    Examples:
      | way | home |
""" + "".join(f"      | {way} | HOME |\n" for way in WAYS)


def prepare(field: Field, value: str) -> Project:
    """Make what is read, right or wrong (a judgement would pass or fail), and a project that reads it."""
    field.wrong(value=value)
    base = f"/api/v1/namespaces/{field.home}"
    field.admin.make(f"{base}/secrets", {"metadata": {"name": "wanted"}, "stringData": {"k": f"kept {value}"}})
    script = "echo up; cat /wanted/k; echo; cd /wanted; exec httpd -f -p 8080 -h /wanted"
    container: dict[str, Any] = {"name": "c", "image": TOOLBOX, "command": ["/bin/sh", "-c", script]}
    container["volumeMounts"] = [{"name": "wanted", "mountPath": "/wanted"}]
    container["readinessProbe"] = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    volumes = [{"name": "wanted", "configMap": {"name": "wanted"}}]
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container], "volumes": volumes}
    field.admin.make(f"{base}/pods", {"metadata": {"name": "reader", "labels": {"app": "web"}}, "spec": spec})
    ports = [{"port": 80, "targetPort": 8080}]
    field.admin.make(
        f"{base}/services", {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}}
    )
    eventually(lambda: len(field.pods()) == 1, 120)
    made = Project(field)
    services = {"web": {"namespace": field.home, "port": 80}}
    services["web-login"] = {"namespace": field.home, "service": "web", "port": 80, "username": "me"}
    made.profile(field.proxied, services=services)
    made.feature(FEATURE)
    return made


def a_check(seen: Seen) -> bool:
    """Whether a request is a check's: all but what every run asks for itself."""
    path = seen.path.partition("?")[0]
    ours = {"/api", "/apis", "/version", "/api/v1/namespaces/kube-system"}
    return path not in ours and "/leases" not in path and "selfsubject" not in path


def name(field: Field, way: str) -> str:
    return f"by-way[{way}-{field.home}]"


def nothing_was_repaired(field: Field, project: Project, ran: Ran) -> None:
    assert ran.verdicts == {name(field, way): "broken" for way in WAYS}, ran.said[-6000:]
    assert ran.remedies == []
    assert ran.code == 1
    assert field.audit.writes(lease=True) == []
    assert [entry["kind"] for entry in project.journal()] == []
    assert [seen for seen in field.proxy.seen if seen.writes and "selfsubject" not in seen.path] == []


@pytest.mark.short
@pytest.mark.parametrize("value", ["right", "wrong"])
def test_without_a_fault_each_way_judges(field: Field, value: str) -> None:
    """The control: the same checks pass, or fail and lead to the remedy; else the others would show nothing."""
    project = prepare(field, value)
    ran = project.run("--remediate")
    if value == "right":
        assert set(ran.verdicts.values()) == {"passed"}, ran.said[-6000:]
    else:
        assert ran.verdicts[name(field, "list")] == "converged", ran.said[-6000:]
        assert ran.verdicts[name(field, "secret")] == "failed"
        assert field.audit.writes() != []


@pytest.mark.long
@pytest.mark.parametrize("value", ["right", "wrong"])
@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503, 504])
def test_each_code_into_each_way(field: Field, status: int, value: str) -> None:
    """Every request of every check is answered with this code: all broken; no lease, no intent, no write."""
    project = prepare(field, value)
    headers = {"Retry-After": "1"} if status == 429 else {}
    field.proxy.fail(a_check, status=status, headers=headers)
    nothing_was_repaired(field, project, project.run("--remediate"))


@pytest.mark.short
@pytest.mark.ci
def test_a_503_into_each_way(field: Field) -> None:
    """The one of them that CI runs."""
    project = prepare(field, "wrong")
    field.proxy.fail(a_check, status=503)
    nothing_was_repaired(field, project, project.run("--remediate"))


@pytest.mark.long
def test_connections_that_break(field: Field) -> None:
    """Instead of an answer the connection ends."""
    project = prepare(field, "wrong")
    field.proxy.fail(a_check, lost="before")
    nothing_was_repaired(field, project, project.run("--remediate"))


@pytest.mark.long
def test_answers_that_never_come(field: Field) -> None:
    """The connection stays open and nothing comes: time-outs, all broken."""
    import threading

    project = prepare(field, "wrong")
    field.proxy.fail(a_check, until=threading.Event())
    nothing_was_repaired(field, project, project.run("--remediate", seconds=900))


@pytest.mark.long
def test_a_stale_memory(field: Field) -> None:
    """The watch falls silent after the LIST and can't be opened again: what memory says isn't believed."""
    project = prepare(field, "wrong")
    impatient = "import roadworthy.cluster.watch as w\nw.SILENCE, w.GAP, w.LIFETIME = 1.0, 0.5, (1, 2)\n"
    project.write("conftest.py", impatient + 'pytest_plugins = ["roadworthy.plugin"]\n')
    waits = "\nimport time\n@when('time passes')\ndef _(): time.sleep(5)\n"
    path = project.root / "guard_steps" / "maps.py"
    path.write_text(path.read_text() + waits)
    project.feature("""
Feature: Memory
  @remedy:put_map
  Scenario: it is old
    Then wanted says wrong in HOME
    When time passes
    Then wanted says right in HOME
""")
    field.proxy.fail(lambda seen: "watch=" in seen.path, status=503)
    ran = project.run("--remediate")
    assert ran.verdicts == {"it-is-old": "broken"}, ran.said[-4000:]
    assert field.audit.writes(lease=True) == []
