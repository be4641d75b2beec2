"""Every answer and every silence becomes the right error, and no write is ever sent twice.

Against the stand-in API server.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from roadworthy import private, redact
from roadworthy.cluster import connect, connecting, execplugin, kubeconfig
from roadworthy.cluster.clock import ServerClock
from roadworthy.cluster.live import LiveCluster
from roadworthy.errors import BadInput, Denied, Refused, TimedOut, Turbulence, Unknown
from roadworthy.profile import Profile
from tests.unit.roadworthy.apiserver import UID, Api, StandIn

PATH = "/api/v1/namespaces/a/configmaps"


@pytest.mark.parametrize(
    ("status", "error"), [(401, Denied), (403, Denied), (429, Turbulence), (500, Turbulence), (503, Turbulence)]
)
def test_an_answer_that_leaves_us_in_the_dark_is_unknown(
    cluster: LiveCluster, api: Api, status: int, error: type[Unknown]
) -> None:
    api.fail(status)
    with pytest.raises(error, match=str(status)):
        cluster.raw("/version")


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("status", [0, 429, 503])
def test_a_write_is_sent_once(cluster: LiveCluster, api: Api, method: str, status: int) -> None:
    api.fail(status)
    with pytest.raises(Turbulence):
        cluster.access.request(method, f"{PATH}/x", body={"metadata": {"name": "x"}})
    assert [each for each, _ in api.log if each == method] == [method]


@pytest.mark.parametrize("status", [0, 429, 503])
def test_a_read_is_tried_again(cluster: LiveCluster, api: Api, status: int) -> None:
    api.fail(status, times=2)
    assert cluster.raw("/version")


def test_retry_after_is_honoured(cluster: LiveCluster, api: Api) -> None:
    api.fail(429, times=1, headers={"Retry-After": "1"})
    began = time.monotonic()
    assert cluster.raw("/version")
    assert time.monotonic() - began >= 1


def test_silence_is_timed_out(cluster: LiveCluster, api: Api) -> None:
    api.fail(200, pause=2)
    began = time.monotonic()
    with pytest.raises(TimedOut):
        cluster.raw("/version", timeout=0.3)
    assert time.monotonic() - began < 1.5


def test_an_api_server_that_is_not_there(standin: StandIn) -> None:
    standin.write_kubeconfig({}, server="http://127.0.0.1:9")
    cluster = connect(Profile(name="toy", where="toy.yaml", kubeconfig=str(standin.kubeconfig), context="standin"))
    with pytest.raises(Turbulence, match="reaches the API server"):
        cluster.raw("/version")


def test_an_expired_token_is_renewed_once(standin: StandIn, api: Api, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    standin.write_kubeconfig({"tokenFile": str(token)})
    cluster = connect(Profile(name="toy", where="toy.yaml", kubeconfig=str(standin.kubeconfig), context="standin"))
    api.fail(401, times=1)
    assert cluster.access.request("POST", PATH, body={"metadata": {"name": "x"}}).status == 201
    api.fail(401)
    with pytest.raises(Denied):
        cluster.access.request("POST", PATH, body={"metadata": {"name": "y"}})


def plugin(folder: Path, code: str) -> dict[str, object]:
    script = folder / "plugin.py"
    script.write_text(code)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": [str(script)]}}


def test_an_exec_plugin_issues_the_token(standin: StandIn, tmp_path: Path) -> None:
    answer = json.dumps({"status": {"token": "plugin-token-canary"}})
    standin.write_kubeconfig(plugin(tmp_path, f"print({answer!r})"))
    config = kubeconfig.load(standin.kubeconfig)
    assert config.authorization() == "Bearer plugin-token-canary"
    assert "canary" not in redact.text("it was plugin-token-canary")
    assert "canary" not in repr(config)


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("import sys; sys.exit('no ticket')", Denied, "no ticket"),
        ("print('hello')", Denied, "ExecCredential"),
        ("print('{\"status\": {}}')", Denied, "issues a token"),
        ("import time; time.sleep(60)", TimedOut, "within"),
    ],
)
def test_an_exec_plugin_that_fails_is_told(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, error: type[Unknown], words: str
) -> None:
    monkeypatch.setattr(execplugin, "SECONDS", 1.0)
    standin.write_kubeconfig(plugin(tmp_path, code))
    with pytest.raises(error, match=words):
        kubeconfig.load(standin.kubeconfig).authorization()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("nonsense: [", "readable kubeconfig"),
        ("[]", "a kubeconfig"),
        ("contexts: []", "a context is named"),
        ("current-context: x", "'x' under contexts"),
    ],
)
def test_a_bad_kubeconfig_is_refused_by_name(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(BadInput, match=words) as refused:
        kubeconfig.load(path)
    assert str(path) in str(refused.value)


def test_unverified_tls_is_refused(standin: StandIn) -> None:
    standin.write_kubeconfig({}, **{"server": "https://127.0.0.1:9", "insecure-skip-tls-verify": True})
    with pytest.raises(BadInput, match="verified"):
        kubeconfig.load(standin.kubeconfig).tls()


def test_another_cluster_than_the_profile_means_is_refused(standin: StandIn) -> None:
    known = Profile(name="toy", where="toy.yaml", kubeconfig=str(standin.kubeconfig), context="standin")
    connect(replace(known, kube_system_uid=UID)).close()
    with pytest.raises(BadInput, match=r"where: toy\.yaml"):
        connect(replace(known, kube_system_uid="0" + UID[1:]))
    with pytest.raises(BadInput, match="'other' under contexts"):
        connect(replace(known, context="other"))


def test_without_context_and_uid_in_the_profile_nothing_may_be_written(standin: StandIn, cluster: LiveCluster) -> None:
    with pytest.raises(Refused, match="kube_system_uid"):
        connecting.writable(cluster)


def test_no_proxy_and_no_netrc_of_the_environment_is_used(
    cluster: LiveCluster, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert cluster.raw("/version")


def test_the_private_folder_is_private_and_a_dead_one_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    private._folder_of.cache_clear()
    left = tmp_path / f"roadworthy-private-{os.getuid()}-left"
    left.mkdir()
    (left / "key.pem").write_text("secret")
    path = private.write("key.pem", b"secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not left.exists()
    assert private.sweep() == []  # ours is alive
    assert path.exists()
    private._folder_of.cache_clear()


def test_the_server_clock_is_narrowed_and_follows_a_step() -> None:
    clock = ServerClock()
    clock.learn("Mon, 23 Nov 2026 12:00:00 GMT", 1000.0, 1000.1)
    clock.learn("Mon, 23 Nov 2026 12:00:00 GMT", 1000.8, 1000.9)
    first = clock._low
    assert clock._high - clock._low < 0.3
    clock.learn("Mon, 23 Nov 2026 13:00:00 GMT", 1001.0, 1001.1)
    assert clock._low - first > 3500
    clock.learn("nonsense", 0, 0)
    assert clock.known
