"""The sandbox is a real cluster: everything that works in one works here, from pods and from the host."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator

import pytest

from sandbox import faults, layout, logs, manage, provider, supervise
from sandbox.api import Api, path
from sandbox.layout import CONTROL_PLANE, Sandbox
from sandbox.progress import Silent
from tests.accept.sandboxes import TOOLBOX, eventually, fetch, kubectl, listed, on_node, program

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.geteuid() != 0, reason="the sandbox is made of namespaces: it needs root"),
]
NAME = "accept"
WEB = f"""
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data}}
spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 16Mi}}}}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web, labels: {{app: web}}}}
spec:
  nodeName: node-2
  terminationGracePeriodSeconds: 1
  containers:
    - name: web
      image: {TOOLBOX}
      command: [sh, -c, "echo from the web > /tmp/index.html; echo it has started; exec httpd -f -p 8080 -h /tmp"]
---
apiVersion: v1
kind: Pod
metadata: {{name: client}}
spec:
  nodeName: node-1
  terminationGracePeriodSeconds: 1
  containers: [{{name: client, image: {TOOLBOX}, command: [sh, -c, "trap exit TERM; while :; do sleep 1; done"]}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: keeper}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: keeper
      image: {TOOLBOX}
      command: [sh, -c, "echo kept > /data/word; trap exit TERM; while :; do sleep 1; done"]
      volumeMounts: [{{name: data, mountPath: /data}}]
  volumes: [{{name: data, persistentVolumeClaim: {{claimName: data}}}}]
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{type: NodePort, selector: {{app: web}}, ports: [{{port: 80, targetPort: 8080, nodePort: 30180}}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: web}}
spec:
  rules:
    - host: web.{NAME}.test
      http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = manage.up(NAME, nodes=3, progress=Silent()).sandbox
    kubectl(made, "apply", "-f", "-", stdin=WEB)
    kubectl(made, "wait", "--for=condition=Ready", "pod/web", "pod/client", "pod/keeper", "--timeout=60s")
    yield made
    manage.down(NAME)


def in_pod(sandbox: Sandbox, command: str) -> str:
    return kubectl(sandbox, "exec", "client", "--", "sh", "-c", command)


def test_every_node_is_ready_and_itself(sandbox: Sandbox) -> None:
    found = {item["metadata"]["name"]: item for item in listed(sandbox, "nodes")}
    assert set(found) == {"node-1", "node-2", "node-3"}
    for name, item in found.items():
        addresses = {each["type"]: each["address"] for each in item["status"]["addresses"]}
        assert addresses == {"InternalIP": sandbox.address(name), "Hostname": name}
        assert item["spec"]["podCIDR"] == sandbox.pod_range(name)
        assert item["spec"]["providerID"] == f"roadworthy://{NAME}/{name}"
        assert item["metadata"]["labels"]["topology.kubernetes.io/region"] == NAME
        assert "node-role.kubernetes.io/worker" in item["metadata"]["labels"]
    assert len({item["status"]["nodeInfo"]["machineID"] for item in found.values()}) == 3


def test_each_node_lets_us_in_and_keeps_its_own_house(sandbox: Sandbox) -> None:
    for name in sandbox.node_names:
        seen = on_node(sandbox, name, "hostname; cat /etc/hostname; cat /proc/1/comm; sv status kubelet").splitlines()
        assert seen[:3] == [name, name, "runsvdir"]
        assert seen[3].startswith("run:")
    assert "web" in on_node(sandbox, "node-2", "ls /var/log/pods")
    assert "default_web" not in on_node(sandbox, "node-1", "ls /var/log/pods")
    on_node(sandbox, "node-1", "echo mine > /etc/only-here; echo mine > /usr/only-here")
    assert "only-here" not in on_node(sandbox, "node-2", "ls /etc /usr")
    assert not os.path.exists("/etc/only-here")  # noqa: PTH110


def test_a_pod_reaches_pod_service_name_and_ingress(sandbox: Sandbox) -> None:
    web = json.loads(kubectl(sandbox, "get", "pod", "web", "-o", "json"))["status"]["podIP"]
    service = json.loads(kubectl(sandbox, "get", "service", "web", "-o", "json"))["spec"]["clusterIP"]
    for address in (f"{web}:8080", service, "web", "web.default.svc.cluster.local", "node-3:30180"):
        assert "from the web" in in_pod(sandbox, f"timeout 3 wget -q -O - http://{address}"), address
    assert sandbox.ingress_service in in_pod(sandbox, f"nslookup web.{NAME}.test")


def test_the_host_reaches_pod_service_node_port_and_ingress(sandbox: Sandbox) -> None:
    web = json.loads(kubectl(sandbox, "get", "pod", "web", "-o", "json"))["status"]["podIP"]
    service = json.loads(kubectl(sandbox, "get", "service", "web", "-o", "json"))["spec"]["clusterIP"]
    for address in (f"{web}:8080", service, *(f"{sandbox.address(machine)}:30180" for machine in sandbox.machines)):
        assert "from the web" in fetch(f"http://{address}/"), address
    host, authority = f"web.{NAME}.test", str(sandbox.paths.pki / "ca.crt")
    for machine in sandbox.machines:
        resolved = ("--resolve", f"{host}:443:{sandbox.address(machine)}")
        eventually(lambda r=resolved: "from the web" in fetch("--cacert", authority, *r, f"https://{host}/"))  # type: ignore[misc]
    to = fetch("-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "-H", f"Host: {host}",
               f"http://{sandbox.address(CONTROL_PLANE)}/")  # fmt: skip
    assert to == f"301 https://{host}/"


def test_exec_logs_and_port_forward(sandbox: Sandbox) -> None:
    assert in_pod(sandbox, "echo $((6 * 7))") == "42\n"
    assert "it has started" in kubectl(sandbox, "logs", "web")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program(sandbox), f"--kubeconfig={sandbox.paths.kubeconfig}", "port-forward", "pod/web", f"{port}:8080"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as forward:
        try:
            eventually(lambda: "from the web" in fetch(f"http://127.0.0.1:{port}/"))
        finally:
            forward.terminate()


def test_a_claim_gets_a_local_volume(sandbox: Sandbox) -> None:
    assert kubectl(sandbox, "exec", "keeper", "--", "cat", "/data/word") == "kept\n"
    volume = listed(sandbox, "persistentvolumes")[0]
    assert "local" in volume["spec"]
    assert [item["metadata"]["name"] for item in listed(sandbox, "storageclasses")] == ["local-path"]


def test_metrics_of_every_node(sandbox: Sandbox) -> None:
    def told() -> bool:
        return len(Api(sandbox).get("/apis/metrics.k8s.io/v1beta1/nodes")["items"]) == 3

    eventually(told, 45)


def test_nothing_gets_out(sandbox: Sandbox) -> None:
    assert "No route to host" in in_pod(sandbox, "timeout 3 wget -q -O - http://192.0.2.77 2>&1 || true")
    for name in sandbox.machines:
        seen = subprocess.run(["ip", "-n", sandbox.netns(name), "route", "get", "192.0.2.77"], capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert seen.returncode != 0
    assert "NXDOMAIN" in in_pod(sandbox, "nslookup example.org 2>&1 || true")


def test_what_is_done_is_audited(sandbox: Sandbox) -> None:
    kubectl(sandbox, "create", "configmap", "seen")
    kubectl(sandbox, "delete", "configmap", "seen")

    def verbs() -> bool:
        lines = [json.loads(line) for line in sandbox.paths.audit_log.read_text().splitlines()]
        ours = [line for line in lines if line.get("objectRef", {}).get("name") == "seen"]
        assert {line["user"]["username"] for line in ours} == {"sandbox-admin"}
        return {"create", "delete"} <= {line["verb"] for line in ours}

    eventually(verbs)


def test_no_log_grows_without_end(sandbox: Sandbox) -> None:
    log = sandbox.paths.logs("node-1") / "kubelet.log"
    with log.open("a") as stream:
        stream.write(f"{'x' * 99}\n" * (logs.MOST // 100 + 1000))
    supervise.tell(sandbox, "node-1", logs.KEEPER, "h")
    eventually(lambda: log.stat().st_size < logs.MOST // 10)
    assert log.with_name("kubelet.log.1").stat().st_size == logs.MOST
    on_node(sandbox, "node-1", "sv restart /etc/service/kubelet")
    # The same open file goes on, from its start: no hole of ten megabytes before the next line.
    eventually(lambda: "Kubelet version" in log.read_text())
    assert "\0" not in log.read_text()
    for name in sandbox.machines:
        assert supervise.state(sandbox, name, logs.KEEPER) == "run"


def test_a_pod_with_an_image_that_does_not_exist_says_so(sandbox: Sandbox) -> None:
    kubectl(sandbox, "run", "wrong", "--image=sandbox.local/toolbox:no-such-tag", "--restart=Never")

    def reason() -> bool:
        status = json.loads(kubectl(sandbox, "get", "pod", "wrong", "-o", "json"))["status"]
        waiting = status["containerStatuses"][0]["state"]["waiting"]
        return waiting["reason"] in {"ErrImagePull", "ImagePullBackOff"}

    eventually(reason)
    kubectl(sandbox, "delete", "pod", "wrong", "--now")


def test_the_provider_hands_it_over_as_it_is(sandbox: Sandbox) -> None:
    number = faults.inject(sandbox, "stop-kubelet", "node-3")
    try:
        told = provider.provide({"name": NAME})
        assert told["context"] == f"sandbox-{NAME}"
        assert (
            told["kube_system_uid"] == Api(sandbox).get(path("v1", "Namespace", name="kube-system"))["metadata"]["uid"]
        )
        assert [node["address"] for node in told["nodes"]] == [sandbox.address(name) for name in sandbox.node_names]
        assert on_node(sandbox, "node-3", "sv status kubelet || true").startswith("down:")
    finally:
        faults.undo(sandbox, number)
    assert on_node(sandbox, "node-3", "sv status kubelet").startswith("run:")


@pytest.mark.long
def test_another_sandbox_lives_beside_it(sandbox: Sandbox) -> None:
    other = manage.up("accept-b", nodes=1, progress=Silent()).sandbox
    try:
        assert other.index != sandbox.index
        assert [item["metadata"]["name"] for item in listed(other, "nodes")] == ["node-1"]
        assert "from the web" in fetch(f"http://{sandbox.address('node-1')}:30180/")
    finally:
        manage.down("accept-b")
    assert layout.load("accept-b") is None
    assert "from the web" in fetch(f"http://{sandbox.address('node-1')}:30180/")
