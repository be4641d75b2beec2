"""Promise 15: credentials expire; one refresh on a 401, then broken. The tokens are the API server's own."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from roadworthy.cluster import execplugin
from roadworthy.errors import Denied, TimedOut
from roadworthy.verdict import Verdict
from tests.guarantees import toys
from tests.guarantees.field import Field
from tests.guarantees.ground import eventually

pytestmark = pytest.mark.guarantee(15)

PLUGIN = """
import json, pathlib, sys, time
notes, source, expires = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
with notes.open("a") as file:
    file.write("called\\n")
word = source.read_text().strip()
if word == "fails":
    sys.exit("no session: Bearer canary-of-the-plugin")
if word == "hangs":
    time.sleep(300)
if word == "prattles":
    print("Please visit https://login.example")
    sys.exit(0)
status = {"token": word}
if expires != "never":
    status["expirationTimestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + float(expires)))
print(json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}))
"""


class Plugin:
    """An exec plugin that issues what is in ``source``, and how often it was called."""

    def __init__(self, field: Field, expires: str = "never") -> None:
        self.field, self.notes, self.source = field, field.folder / "notes", field.folder / "source"
        program = field.folder / "plugin.py"
        program.write_text(PLUGIN)
        self.notes.touch()
        words = [str(program), str(self.notes), str(self.source), expires]
        entry = {"command": sys.executable, "args": words, "apiVersion": "client.authentication.k8s.io/v1"}
        user = {"exec": {**entry, "interactiveMode": "Never"}}
        self.kubeconfig = field.config("plugin", user, proxied=True)
        execplugin.forget()

    def issues(self, word: str) -> None:
        self.source.write_text(word)

    @property
    def calls(self) -> int:
        return len(self.notes.read_text().splitlines())


def bound(field: Field, name: str) -> str:
    """Return a token that is worth nothing any more once the Secret ``name`` is deleted."""
    secret = field.admin.make(f"/api/v1/namespaces/{field.home}/secrets", {"metadata": {"name": name}})
    reference = {"kind": "Secret", "apiVersion": "v1", "name": name, "uid": secret["metadata"]["uid"]}
    asked = {"spec": {"expirationSeconds": 600, "boundObjectRef": reference}}
    path = f"/api/v1/namespaces/{field.home}/serviceaccounts/runner/token"
    return str(field.admin.make(path, asked)["status"]["token"])


def revoke(field: Field, name: str, path: Path) -> None:
    """Have a token expire, and wait until the API server has forgotten that it was good (10 s)."""
    field.admin.delete(f"/api/v1/namespaces/{field.home}/secrets/{name}")
    import http.client
    import ssl
    from urllib.parse import urlsplit

    token, where = path.read_text().strip(), urlsplit(field.admin.server)

    def refused() -> bool:
        tls = ssl.create_default_context(cafile=field.admin.authority)
        connection = http.client.HTTPSConnection(where.hostname or "", where.port, context=tls, timeout=10)
        connection.request("GET", "/api/v1/namespaces/kube-system", headers={"Authorization": f"Bearer {token}"})
        status = connection.getresponse().status
        connection.close()
        return status == 401

    eventually(refused, 60, 0.5)


@pytest.mark.short
def test_an_expired_token_is_refreshed_once_and_the_work_goes_on(field: Field) -> None:
    """The API server answers 401 in the middle of a repair: the plugin is asked once more, the repair is made once."""
    plugin = Plugin(field)
    plugin.issues(bound(field, "first"))
    cluster = field.connect(field.profile(plugin.kubeconfig))
    field.wrong()
    judge = toys.map_judge(cluster, field.home)
    judge()
    assert plugin.calls == 1
    revoke(field, "first", plugin.source)
    plugin.issues(bound(field, "second"))
    done = field.engine(cluster).converge(field.case(cluster), [("put_map", "")], judge)
    assert done.verdict is Verdict.CONVERGED, done.reason
    assert plugin.calls == 2
    assert len([each for each in field.audit.writes() if each.code < 300]) == 1


@pytest.mark.short
def test_a_token_that_stays_bad_is_broken_after_one_refresh(field: Field) -> None:
    """The plugin issues the dead token again: two requests, Denied, no repair."""
    plugin = Plugin(field)
    plugin.issues(bound(field, "first"))
    cluster = field.connect(field.profile(plugin.kubeconfig))
    field.wrong()
    judge = toys.map_judge(cluster, field.home)
    judge()
    revoke(field, "first", plugin.source)
    before, calls = len(field.proxy.seen), plugin.calls
    with pytest.raises(Denied):
        cluster.fresh("ConfigMap", "wanted", namespace=field.home)
    fresh = [each for each in field.proxy.seen[before:] if each.path.endswith("/configmaps/wanted")]
    assert [each.status for each in fresh] == [401, 401]
    assert plugin.calls == calls + 1
    done = field.engine(cluster).converge(field.case(cluster), [("put_map", "")], judge)
    assert done.verdict is Verdict.BROKEN
    assert field.audit.writes() == []
    assert not field.right()


@pytest.mark.short
@pytest.mark.parametrize("word", ["fails", "prattles"])
def test_a_plugin_that_fails(field: Field, word: str) -> None:
    """From the start, and in the middle: Denied in words that hold no token; nothing is written."""
    plugin = Plugin(field)
    plugin.issues(word)
    with pytest.raises(Denied) as told:
        field.connect(field.profile(plugin.kubeconfig))
    assert "canary-of-the-plugin" not in str(told.value)
    plugin.issues(bound(field, "first"))
    execplugin.forget()
    cluster = field.connect(field.profile(plugin.kubeconfig))
    field.wrong()
    judge = toys.map_judge(cluster, field.home)
    judge()
    revoke(field, "first", plugin.source)
    plugin.issues(word)
    assert field.engine(cluster).converge(field.case(cluster), [("put_map", "")], judge).verdict is Verdict.BROKEN
    assert field.audit.writes() == []


@pytest.mark.short
def test_a_plugin_that_hangs(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended in time (here after 2 s, by default after 20): TimedOut, nothing is written."""
    monkeypatch.setattr(execplugin, "SECONDS", 2.0)
    plugin = Plugin(field)
    plugin.issues("hangs")
    began = time.monotonic()
    with pytest.raises(TimedOut, match="exec plugin"):
        field.connect(field.profile(plugin.kubeconfig))
    assert time.monotonic() - began < 15
    assert field.audit.entries() == []


@pytest.mark.short
@pytest.mark.ci
def test_a_token_about_to_expire_is_renewed_before_it_does(field: Field) -> None:
    """A credential that lives 60 s is used while it lives; one with less than 20 s left is not begun with."""
    plugin = Plugin(field, "60")
    plugin.issues(field.token)
    cluster = field.connect(field.profile(plugin.kubeconfig))
    for _ in range(5):
        cluster.fresh("ConfigMap", "wanted", namespace=field.home)
    assert plugin.calls == 1
    short = Plugin(field, "15")
    before = short.calls
    for _ in range(3):
        field.connect(field.profile(short.kubeconfig)).close()
    assert short.calls > before + 1
    assert {each.status for each in field.proxy.seen} <= {200, 404, 0}


@pytest.mark.long
def test_sixty_second_tokens_over_a_run_of_three_minutes(field: Field) -> None:
    """A token file that is rewritten every 60 s, each token dead after that: watch, reads and repairs go on."""
    path = field.folder / "token"
    names = [f"token-{number}" for number in range(4)]
    path.write_text(bound(field, names[0]))
    kubeconfig = field.config("file", {"tokenFile": str(path)}, proxied=True)
    cluster = field.connect(field.profile(kubeconfig, flaps=1000))
    judge, engine = toys.map_judge(cluster, field.home), field.engine(cluster)
    for number in range(1, 4):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            field.wrong()
            eventually(lambda: judge().verdict is Verdict.FAILED, 20)
            done = engine.converge(field.case(cluster), [("put_map", "")], judge)
            assert done.verdict is Verdict.CONVERGED, done.reason
            time.sleep(5)
        old = field.folder / "old"
        old.write_text(path.read_text())
        path.write_text(bound(field, names[number]))
        revoke(field, names[number - 1], old)
