"""Cluster and engine on the real sandbox: its API server, kubelets, ingress, sshd; in a namespace of our own.

The judge of what was asked of the API server is its audit log.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from roadworthy import images, markers, private, profile_loader
from roadworthy.case import Case, Changes
from roadworthy.change import (
    Apply,
    Change,
    Delete,
    Evict,
    Exec,
    HelmRollback,
    HelmUpgrade,
    Patch,
    Play,
    Scale,
    Target,
)
from roadworthy.cluster import connect, workloads
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import Convergence, Judgement, Options
from roadworthy.converge.act import act, rehearse
from roadworthy.converge.tools import Tools
from roadworthy.errors import Refused, TimedOut, Turbulence, Unknown
from roadworthy.profile import Profile, Service
from roadworthy.verdict import Verdict
from sandbox import builds, provider

pytestmark = [pytest.mark.sandbox, pytest.mark.accept]
ROOT = Path(__file__).parents[2]
TOOLBOX = "sandbox.local/toolbox:1.35.0"


@pytest.fixture(scope="module")
def provided() -> dict[str, Any]:
    return dict(provider.provide({}))


@pytest.fixture(scope="module")
def profile(provided: dict[str, Any]) -> Profile:
    found = profile_loader.provided(profile_loader.load(ROOT / "clusters", "sandbox"))
    images.ensure(found, [TOOLBOX])
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
        return [e for e in entries if e.get("userAgent") == "roadworthy" and e["stage"] == "ResponseComplete"]

    return ours


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


class TestMarkers:
    def test_a_pod_in_a_namespace_of_its_own(self, cluster: LiveCluster) -> None:
        with cluster.scenario("accept/x", ["writes"]):
            namespace = cluster.markers().namespace()
            spec = {"containers": [{"name": "c", "image": TOOLBOX, "command": ["sleep", "60"]}]}
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": namespace}, "spec": spec}
            cluster.markers().create(pod)

        def gone() -> None:
            assert cluster.fresh("Namespace", namespace) is None

        cluster.until(gone, within=90)

    def test_a_drill_restarts(self, cluster: LiveCluster, home: str, web: str) -> None:
        with cluster.scenario("accept/x", ["drill"]):
            new = cluster.markers().restart("Deployment", "web", namespace=home)
        assert new != [web]

    def test_what_a_killed_run_left_is_swept_by_the_next(self, cluster: LiveCluster, profile: Profile) -> None:
        script = f"""
            import os, signal
            from roadworthy.cluster import connect
            from roadworthy.profile import Profile
            cluster = connect(Profile("x", "x", kubeconfig={profile.kubeconfig!r}, context={profile.context!r}))
            with cluster.scenario("accept/killed", ["writes"]):
                print(cluster.markers().namespace(), flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
        """
        ended = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        left = ended.stdout.strip()
        assert (cluster.fresh("Namespace", left) or {})["metadata"]["labels"][markers.LABEL]
        before = dict(markers.SWEEPERS)
        markers.SWEEPERS.clear()
        assert f"/api/v1/namespaces/{left}" in cluster.sweep()
        markers.SWEEPERS.update(before)


@pytest.fixture
def tools(cluster: LiveCluster, tmp_path: Path) -> Tools:
    helm = str(builds.ensure("helm") / "helm")
    return Tools(cluster, Options({}, root=tmp_path, helm=helm), "accept-run", threading.Event())


class TestActions:
    """Each action on the real API server: rehearsed without a trace, done, undone."""

    def test_a_rehearsal_leaves_everything_as_it_is(self, tools: Tools, home: str, web: str) -> None:
        deployment = Target("Deployment", "web", home)
        pod = Target("Pod", web, home)
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new", "namespace": home}, "data": {}}
        every = [
            Change("delete", pod, Delete(), why=""),
            Change("delete", pod, Delete(grace_seconds=0), why=""),
            Change("delete", deployment, Delete(orphan=True), why=""),
            Change("evict", pod, Evict(), why=""),
            Change("scale", deployment, Scale(3), why=""),
            Change("patch", deployment, Patch({"spec": {"replicas": 4}}), why=""),
            Change("patch", deployment, Patch([{"op": "remove", "path": "/spec/replicas"}], "json"), why=""),
            Change("apply", Target("ConfigMap", "new", home), Apply(manifest), why=""),
            Change("run", pod, Exec("web", ("touch", "/tmp/trace")), why=""),
        ]

        def state() -> list[Any]:
            read = tools.cluster.fresh
            seen = [read(each.target.kind, each.target.name, namespace=home) for each in every]
            return [
                each and (each["metadata"]["uid"], each["metadata"].get("deletionTimestamp"), each.get("spec"))
                for each in seen
            ]

        before = state()
        for change in every:
            rehearse(tools, change)
        time.sleep(1)
        assert state() == before
        assert tools.cluster.execute(home, web, ["ls", "/tmp/trace"]).code

    def test_scale_and_back(self, tools: Tools, home: str) -> None:
        done = act(tools, Change("scale", Target("Deployment", "web", home), Scale(2), why=""))
        assert done.detail == "scaled from 1 to 2"
        assert done.undo is not None
        assert done.undo() == "scaled back to 1"

    def test_a_patch_of_an_old_version_is_refused(self, tools: Tools, home: str) -> None:
        found = tools.cluster.fresh("Deployment", "web", namespace=home)
        version = found["metadata"]["resourceVersion"] if found else ""
        body = [{"op": "add", "path": "/metadata/annotations/x", "value": "1"}]
        change = Change(
            "note", Target("Deployment", "web", home), Patch(body, "json", resource_version=version), why=""
        )
        act(tools, change)
        with pytest.raises(Refused, match="as it was when it was judged"):
            act(tools, change)

    def test_a_disruption_budget_protects(self, tools: Tools, home: str, web: str) -> None:
        budget = {"metadata": {"name": "web"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}}
        path = f"/apis/policy/v1/namespaces/{home}/poddisruptionbudgets"
        tools.cluster.access.request("POST", path, body=budget)

        def protected() -> None:
            with pytest.raises(Refused, match="disruption budget"):
                rehearse(tools, Change("evict", Target("Pod", web, home), Evict(), why=""))

        tools.cluster.until(protected, within=10)
        with pytest.raises(Refused, match="disruption budget"):
            act(tools, Change("evict", Target("Pod", web, home), Evict(), why="stuck"))
        tools.cluster.access.request("DELETE", f"{path}/web")

    def test_exec(self, tools: Tools, home: str, web: str) -> None:
        assert act(tools, Change("run", Target("Pod", web, home), Exec("web", ("echo", "hi")), why="")).detail == "hi"

    def test_helm_installs_upgrades_and_goes_back(self, tools: Tools, home: str, tmp_path: Path) -> None:
        chart = tmp_path / "chart"
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: toy\nversion: 0.1.0\n")
        template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: toy}\ndata: {k: {{ .Values.k }}}\n"
        (chart / "templates" / "map.yaml").write_text(template)

        def change(value: str) -> Change:
            values = tmp_path / f"{value}.yaml"
            values.write_text(f"k: {value}\n")
            action = HelmUpgrade(
                str(chart), "", (str(values),), "d" * 40, 60, labels={"roadworthy.dev/digest": "d" * 40}
            )
            return Change("install", Target("Release", "toy", home), action, why="")

        def value() -> str:
            found = tools.cluster.fresh("ConfigMap", "toy", namespace=home)
            return str(found["data"]["k"]) if found else "nothing"

        assert "+  k: one" in rehearse(tools, change("one"))
        assert value() == "nothing"
        assert (act(tools, change("one")).detail, value()) == ("installed", "one")
        assert "-  k: one\n+  k: two" in rehearse(tools, change("two"))
        done = act(tools, change("two"))
        assert (done.detail, value()) == ("upgraded", "two")
        assert done.undo is not None
        done.undo()
        assert value() == "one"
        act(tools, Change("roll back", Target("Release", "toy", home), HelmRollback(2), why=""))
        assert value() == "two"
        labels = tools.cluster.raw(f"/api/v1/namespaces/{home}/secrets?labelSelector=name%3Dtoy")["items"][0][
            "metadata"
        ]["labels"]
        assert labels["roadworthy.dev/run"] == "accept-run"

    def test_helm_dies_with_its_runner_and_leaves_no_key_behind(
        self, tools: Tools, home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        chart, known = tmp_path / "chart", tools.cluster.profile
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: never\nversion: 0.1.0\n")
        spec = f"spec: {{containers: [{{name: c, image: {TOOLBOX}, command: [sleep, '60'], readinessProbe: "
        spec += "{exec: {command: ['false']}}}]}"
        (chart / "templates" / "pod.yaml").write_text(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: never}}\n{spec}\n")
        script = f"""
            import threading
            from roadworthy.change import Change, HelmUpgrade, Target
            from roadworthy.cluster import connect
            from roadworthy.converge import Options
            from roadworthy.converge.act import act
            from roadworthy.converge.tools import Tools
            from roadworthy.profile import Profile
            cluster = connect(Profile("x", "x", kubeconfig={known.kubeconfig!r}, context={known.context!r}))
            tools = Tools(cluster, Options({{}}, helm={tools.options.helm!r}), "killed-run", threading.Event())
            action = HelmUpgrade({str(chart)!r}, "", (), "d", 60)
            act(tools, Change("install", Target("Release", "never", {home!r}), action, why=""))
        """
        runtime = tmp_path / "runtime"
        runtime.mkdir()
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
        runner = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT)

        def begun() -> None:
            assert tools.cluster.fresh("Pod", "never", namespace=home)

        tools.cluster.until(begun, within=30)
        assert children(runtime)
        runner.kill()
        runner.wait()
        time.sleep(0.5)
        assert not children(runtime)
        left = list(runtime.glob("roadworthy-private-*/helm-*/kubeconfig"))
        assert [path.stat().st_mode & 0o777 for path in left] == [0o600]
        assert [path.parents[1].stat().st_mode & 0o777 for path in left] == [0o700]
        private.sweep()
        assert not list(runtime.glob("roadworthy-private-*"))

    def test_a_play_over_ssh(self, tools: Tools, tmp_path: Path) -> None:
        folder = tmp_path / "ansible"
        folder.mkdir()
        (folder / "ansible.cfg").write_bytes((ROOT / "ansible" / "ansible.cfg").read_bytes())
        play = "- hosts: all\n  gather_facts: false\n  tasks: [command: hostname, {fail: {}, when: word != 'well'}]\n"
        (folder / "play.yml").write_text(play)
        change = Change("ask", Target("Host", "node-4"), Play("play.yml", "node-4", {"word": "well"}), why="")
        assert "node-4" in rehearse(tools, change)
        assert "failed=0" in act(tools, change).detail
        with pytest.raises(Exception, match=r"play\.yml on node-4 succeeds"):
            act(tools, replace(change, action=Play("play.yml", "node-4", {"word": "ill"})))


def children(runtime: Path) -> list[str]:
    """Return the processes whose environment names a folder below ``runtime``, other than python's."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            named = str(runtime).encode() in (each / "environ").read_bytes()
            command = (each / "comm").read_text().strip()
            found += [command] if named and command == "helm" else []
    return found


def broken(cluster: LiveCluster, home: str) -> None:
    """Give ``web`` an image that doesn't exist."""
    container = {"name": "web", "image": "sandbox.local/no-such-image:1"}
    body = {"spec": {"template": {"spec": {"containers": [container]}}}}
    media = "application/strategic-merge-patch+json"
    cluster.access.request("PATCH", f"/apis/apps/v1/namespaces/{home}/deployments/web", body=body, content_type=media)


def judge_of(cluster: LiveCluster, home: str) -> Callable[[], Judgement]:
    def judge() -> Judgement:
        found = cluster.get("Deployment", "web", namespace=home)
        words = workloads.unfinished(found) if found else "web is not there"
        return Judgement(Verdict.FAILED if words else Verdict.PASSED, words)

    return judge


def mend(home: str) -> Callable[[Case], Changes]:
    def remedy(_: Case) -> Changes:
        body = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": TOOLBOX}]
        yield Change(
            "set image", Target("Deployment", "web", home), Patch(body, "json"), why="no such image", component="web"
        )

    return remedy


class TestConverge:
    @pytest.mark.usefixtures("web")
    def test_from_failed_to_converged_and_then_nothing(self, cluster: LiveCluster, home: str, tmp_path: Path) -> None:
        broken(cluster, home)
        judge = judge_of(cluster, home)
        cluster.until(lambda: _is(judge, Verdict.FAILED), within=10, kinds=["Deployment"])
        options = Options({"mend": mend(home)})
        with Convergence(cluster, cluster.profile, options, tmp_path / "journal") as engine:
            case = Case(cluster, "accept/web", "web is not rolled out", "", {})
            done = engine.converge(case, [("mend", "")], judge)
            assert done.verdict is Verdict.CONVERGED, done.reason
            assert engine.converge(case, [("mend", "")], judge).verdict is Verdict.PASSED
            assert [entry["kind"] for entry in engine.journal.entries()] == ["intent", "result", "pass"]

    def test_a_runner_that_was_killed_between_intent_and_result_is_followed_by_one_that_converges(
        self, cluster: LiveCluster, home: str, web: str, tmp_path: Path
    ) -> None:
        broken(cluster, home)
        judge = judge_of(cluster, home)
        cluster.until(lambda: _is(judge, Verdict.FAILED), within=10, kinds=["Deployment"])
        uid, known = cluster.profile.kube_system_uid, cluster.profile
        script = f"""
            import os, signal
            from pathlib import Path
            from roadworthy.case import Case
            from roadworthy.change import Change, Delete, Target
            from roadworthy.cluster import connect
            from roadworthy.converge import Convergence, Judgement, Options, rung
            from roadworthy.profile import Profile
            from roadworthy.verdict import Verdict
            profile = Profile({known.name!r}, "x", kubeconfig={known.kubeconfig!r}, context={known.context!r},
                              kube_system_uid={uid!r}, limits={{"confirm_after": 0.0}})
            def mend(case):
                yield Change("delete", Target("Pod", {web!r}, {home!r}), Delete(), why="killed before it")
            rung.act = lambda tools, change: os.kill(os.getpid(), signal.SIGKILL)
            cluster = connect(profile)
            engine = Convergence(cluster, profile, Options({{"mend": mend}}), Path({str(tmp_path / "journal")!r}))
            case = Case(cluster, "accept/web", "", "", {{}})
            engine.converge(case, [("mend", "")], lambda: Judgement(Verdict.FAILED))
        """
        ended = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        began = time.monotonic()
        with Convergence(cluster, cluster.profile, Options({"mend": mend(home)}), tmp_path / "journal") as engine:
            assert engine.unfinished == [f"delete Pod {home}/{web} (run {next(engine.journal.entries())['run']})"]
            case = Case(cluster, "accept/web", "web is not rolled out", "", {})
            done = engine.converge(case, [("mend", "")], judge)
            assert done.verdict is Verdict.CONVERGED, done.reason
        assert time.monotonic() - began < 30  # the dead holder of the lease was not waited for
        kinds = [entry["kind"] for entry in engine.journal.entries()]
        assert kinds == ["intent", "abandoned", "intent", "result", "pass"]

    def test_two_runners_do_not_repair_at_once(self, cluster: LiveCluster, tmp_path: Path) -> None:
        other = connect(cluster.profile)
        inside, go = threading.Event(), threading.Event()

        def slow(_: Case) -> Changes:
            inside.set()
            go.wait(20)
            yield from ()

        failed = lambda: Judgement(Verdict.FAILED, "no")  # noqa: E731
        first = Convergence(cluster, cluster.profile, Options({"slow": slow}), tmp_path / "one")
        second = Convergence(other, cluster.profile, Options({"slow": slow}, wait_for_lease=0.5), tmp_path / "two")
        second._lease.holder = "run-2@elsewhere/1-2/3/4"  # as if on another host
        thread = threading.Thread(
            target=first.converge, args=(Case(cluster, "accept/a", "", "", {}), [("slow", "")], failed)
        )
        thread.start()
        assert inside.wait(10)
        done = second.converge(Case(other, "accept/b", "", "", {}), [("slow", "")], failed)
        go.set()
        thread.join()
        other.close()
        assert "one remediator at a time" in done.reason


def _is(judge: Callable[[], Judgement], verdict: Verdict) -> None:
    assert judge().verdict is verdict
