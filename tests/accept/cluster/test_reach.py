"""Exec, HTTP three ways, SQL, SSH and logs, on the real sandbox."""

from __future__ import annotations

import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from roadworthy.cluster import connect
from roadworthy.cluster.live import LiveCluster
from roadworthy.errors import TimedOut, Turbulence, Unknown
from roadworthy.profile import Service

pytestmark = [pytest.mark.sandbox, pytest.mark.accept]


class TestExec:
    def test_streams_and_exit_code(self, cluster: LiveCluster, home: str, web: str) -> None:
        ended = cluster.execute(home, web, ["sh", "-c", "echo out; echo err >&2; exit 3"])
        assert (ended.code, ended.stdout, ended.stderr) == (3, "out\n", "err\n")

    def test_stdin_ends(self, cluster: LiveCluster, home: str, web: str) -> None:
        text = "line\n" * 20_000
        assert cluster.execute(home, web, ["wc", "-c"], stdin=text).stdout.strip() == str(len(text))

    def test_a_megabyte_comes_whole(self, cluster: LiveCluster, home: str, web: str) -> None:
        ended = cluster.execute(home, web, ["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x"])
        assert len(ended.stdout) == 1_000_000

    def test_it_ends_in_time(self, cluster: LiveCluster, home: str, web: str) -> None:
        began = time.monotonic()
        with pytest.raises(TimedOut):
            cluster.execute(home, web, ["sleep", "60"], timeout=1)
        assert time.monotonic() - began < 3

    def test_what_is_not_there_is_unknown(self, cluster: LiveCluster, home: str, web: str) -> None:
        with pytest.raises(Unknown):
            cluster.execute(home, "no-such-pod", ["true"])
        with pytest.raises(Unknown):
            cluster.execute(home, web, ["no-such-program"])

    def test_several_threads_at_once(self, cluster: LiveCluster, home: str, web: str) -> None:
        said: list[str] = []
        threads = [
            threading.Thread(target=lambda n=n: said.append(cluster.execute(home, web, ["echo", str(n)]).stdout))
            for n in range(8)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(said) == [f"{n}\n" for n in range(8)]


def with_service(cluster: LiveCluster, **service: Any) -> LiveCluster:
    known = Service(**{"name": "web", "service": "web", "port": 80, **service})
    cluster.profile = replace(cluster.profile, services={**cluster.profile.services, "web": known})
    return cluster


def test_http_by_the_service_proxy(cluster: LiveCluster, home: str, web: str) -> None:
    reply = with_service(cluster, namespace=home).http("web").get("/index.html")
    assert (reply.status, reply.text.strip()) == (200, web)


def test_http_by_a_tunnel_when_there_is_a_login(cluster: LiveCluster, home: str, web: str) -> None:
    reply = with_service(cluster, namespace=home, username="me").http("web").get("/index.html")
    assert (reply.status, reply.text.strip()) == (200, web)


def test_http_by_the_ingress_is_verified(cluster: LiveCluster, home: str, web: str, tmp_path: Path) -> None:
    host = f"{home}.{cluster.profile.domain}"
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    body = {"metadata": {"name": "web"}, "spec": {"rules": [rule], "tls": [{"hosts": [host]}]}}
    made = cluster.access.request("POST", f"/apis/networking.k8s.io/v1/namespaces/{home}/ingresses", body=body)
    assert made.ok, made.message
    with_service(cluster, namespace=home, host=host)

    def answers() -> None:
        reply = cluster.http("web").get("/index.html")
        assert (reply.status, reply.text.strip()) == (200, web)

    cluster.until(answers, within=20, what="the ingress")
    stranger = tmp_path / "ca.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    subprocess.run(
        [*words, "-subj", "/CN=stranger", "-keyout", str(tmp_path / "key"), "-out", str(stranger)],
        check=True,
        capture_output=True,
    )
    other = connect(replace(cluster.profile, ca_bundle=str(stranger)))
    with pytest.raises(AssertionError, match=r"(?i)certificate verify failed"):
        other.http("web").get("/index.html")
    other.close()


def test_a_service_that_is_down_is_failed_not_broken(cluster: LiveCluster, home: str) -> None:
    body = {"metadata": {"name": "empty"}, "spec": {"selector": {"app": "nobody"}, "ports": [{"port": 80}]}}
    cluster.access.request("POST", f"/api/v1/namespaces/{home}/services", body=body)
    with pytest.raises(AssertionError, match="no endpoints"):
        with_service(cluster, namespace=home, service="empty").http("web").get("/")


def test_ssh_runs_ends_in_time_and_knows_its_hosts(cluster: LiveCluster, tmp_path: Path) -> None:
    assert cluster.ssh("node-2", "hostname").stdout == "node-2\n"
    with pytest.raises(TimedOut):
        cluster.ssh("node-2", "sleep 30", timeout=1)
    (tmp_path / "known_hosts").touch()
    key = tmp_path / "key"
    key.write_bytes(Path(cluster.profile.ssh_key).read_bytes())
    key.chmod(0o600)
    other = connect(replace(cluster.profile, ssh_key=str(key)))
    with pytest.raises(Turbulence, match=r"(?i)host key"):
        other.ssh("node-2", "hostname")
    other.close()


def test_logs(cluster: LiveCluster, home: str, web: str) -> None:
    assert isinstance(cluster.logs(home, web), str)
    with pytest.raises(Unknown):
        cluster.logs(home, "no-such-pod")


def test_sql_on_the_sandboxs_database(cluster: LiveCluster) -> None:
    if cluster.get("StatefulSet", "postgres", namespace="databases") is None:
        pytest.skip("PostgreSQL isn't installed on this sandbox")
    assert cluster.sql("postgres", "select %s::int + 1", (41,)) == [(42,)]
    with pytest.raises(AssertionError, match="28P01"):
        cluster.sql("postgres", "select 1", user="postgres", password="wrong")
    with pytest.raises(AssertionError, match="42703"):
        cluster.sql("postgres", "select nonsense")
    with pytest.raises(TimedOut):
        cluster.sql("postgres", "select pg_sleep(30)", timeout=1)
