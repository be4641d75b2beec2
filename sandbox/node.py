"""A node of the sandbox: containerd, kubelet, kube-proxy and sshd, and the files that they read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import yaml

from sandbox import kube_proxy, kubeconfig
from sandbox.layout import API_PORT, CLUSTER_DOMAIN, CONTROL_PLANE, REGISTRY_NAME, REGISTRY_PORT, Sandbox
from sandbox.logs import KEEPER, keeper
from sandbox.network import POD_BRIDGE
from sandbox.pins import CNI_PLUGINS
from sandbox.pki import CA, Authority, Subject
from sandbox.supervise import listening, script, until

TEMPLATES = Path(__file__).parent / "templates"
SOCKET = "/run/containerd/containerd.sock"
CAP_SYS_RESOURCE = 24


def may_raise_limits() -> bool:
    """Tell whether this process has CAP_SYS_RESOURCE: without it no process can be made less likely to be killed."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> CAP_SYS_RESOURCE & 1)
    return False


def memory_share(sandbox: Sandbox) -> tuple[int, int]:
    """Return how many MiB this machine has, and how many of them one node may give to pods (1 GiB at least)."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    return total, min(max(total * 9 // 10 // sandbox.nodes, 1024), total)


def kubelet_config(sandbox: Sandbox, node: str) -> str:
    """Return the kubelet's configuration file."""
    total, share = memory_share(sandbox)
    content = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"/etc/kubernetes/pki/{CA}.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": "/etc/kubernetes/pki/kubelet.crt",
        "tlsPrivateKeyFile": "/etc/kubernetes/pki/kubelet.key",
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "providerID": f"roadworthy://{sandbox.name}/{node}",
        # The machine has a cgroup namespace: its own group is the root it sees.
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": "/",
        "failCgroupV1": False,
        "enforceNodeAllocatable": ["pods"],
        # Chains of its own that nobody needs since kube-proxy makes its marks itself.
        "makeIPTablesUtilChains": False,
        # All nodes report the one machine's memory; each may give away its share of it.
        "systemReserved": {"memory": f"{total - share}Mi"},
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1Gi", "imagefs.available": "1Gi"},
        "imageGCHighThresholdPercent": 100,
        "failSwapOn": False,
        "clusterDNS": [sandbox.dns],
        "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": "/etc/resolv.conf",
        "serializeImagePulls": False,
        "maxParallelImagePulls": 3,
        "volumePluginDir": "/var/lib/kubelet/volumeplugins",
        "enableProfilingHandler": False,
    }
    return yaml.dump(content, sort_keys=False)


def cni_config(sandbox: Sandbox, node: str) -> str:
    """Return the pod network: a bridge, the node's own range, no masquerading, host ports."""
    content = {
        "cniVersion": "1.0.0",
        "name": "sandbox",
        "plugins": [
            {
                "type": "bridge",
                "bridge": POD_BRIDGE,
                "isGateway": True,
                "ipMasq": False,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": sandbox.pod_range(node)}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }
    return json.dumps(content, indent=2) + "\n"


def containerd_config(pause: str) -> str:
    """Return containerd's configuration (version 3).

    Args:
        pause: the image that holds a pod's namespaces.

    """
    text = (TEMPLATES / "containerd.toml").read_text()
    values = {"PAUSE": pause, "CNI": CNI_PLUGINS, "RESTRICT": "false" if may_raise_limits() else "true"}
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def certificates(sandbox: Sandbox, authority: Authority, node: str) -> None:
    """Make the node's keys and certificates."""
    names = (node, sandbox.address(node))
    authority.ensure(f"kubelet-{node}", Subject(node, names=names, server=True, client=False))
    authority.ensure(f"system-node-{node}", Subject(f"system:node:{node}", "system:nodes"))


def etc(sandbox: Sandbox, authority: Authority, node: str, pause: str) -> dict[str, bytes]:
    """Return the files of the node's /etc, by their path below it."""
    pki = sandbox.paths.pki
    registry = f"http://{sandbox.address(CONTROL_PLANE)}:{REGISTRY_PORT}"
    hosts = f'server = "{registry}"\n\n[host."{registry}"]\n  capabilities = ["pull", "resolve"]\n'
    return {
        "containerd/config.toml": containerd_config(pause).encode(),
        f"containerd/certs.d/{REGISTRY_NAME}/hosts.toml": hosts.encode(),
        "cni/net.d/10-sandbox.conflist": cni_config(sandbox, node).encode(),
        "kubernetes/kubelet.yaml": kubelet_config(sandbox, node).encode(),
        "kubernetes/kubelet.kubeconfig": kubeconfig.for_user(
            sandbox, authority, f"system:node:{node}", "system:nodes"
        ).encode(),
        "kubernetes/kube-proxy.yaml": kube_proxy.config(sandbox, node).encode(),
        "kubernetes/kube-proxy.kubeconfig": kubeconfig.for_user(sandbox, authority, "system:kube-proxy").encode(),
        f"kubernetes/pki/{CA}.crt": authority.certificate_file.read_bytes(),
        "kubernetes/pki/kubelet.crt": (pki / f"kubelet-{node}.crt").read_bytes(),
        "kubernetes/pki/kubelet.key": (pki / f"kubelet-{node}.key").read_bytes(),
    }


def services(sandbox: Sandbox, node: str) -> dict[str, str]:
    """Return the `run` scripts of the node's services."""
    after_api = until(listening(sandbox.address(CONTROL_PLANE), API_PORT))
    after_both = f"{until(f'[ -S {SOCKET} ]')}\n{after_api}"
    small = {"GOMAXPROCS": "2", "GOGC": "75"}
    zone = 1 + (sandbox.number(node) - 1) % 2
    labels = f"topology.kubernetes.io/region={sandbox.name},topology.kubernetes.io/zone=zone-{zone}"
    kubelet = [
        "/opt/roadworthy/kubernetes/kubelet",
        "--config=/etc/kubernetes/kubelet.yaml",
        "--kubeconfig=/etc/kubernetes/kubelet.kubeconfig",
        f"--node-ip={sandbox.address(node)}",
        f"--node-labels={labels}",
        "--v=1",
    ]
    return {
        "containerd": script(
            ["/opt/roadworthy/containerd/containerd", "--config=/etc/containerd/config.toml"], environment=small
        ),
        "kubelet": script(kubelet, environment=small, ready=after_both),
        "kube-proxy": kube_proxy.service(small, after_api),
        "sshd": script(["/usr/sbin/sshd", "-D", "-e"], environment={}),
        KEEPER: keeper(),
    }
