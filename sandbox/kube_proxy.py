"""kube-proxy: on every node, and on the control plane, which is the host's way to the Services."""

from __future__ import annotations

import yaml

from sandbox.layout import CONTROL_PLANE, Sandbox
from sandbox.supervise import script

CONFIG = "/etc/kubernetes/kube-proxy.yaml"
KUBECONFIG = "/etc/kubernetes/kube-proxy.kubeconfig"


def config(sandbox: Sandbox, machine: str) -> str:
    """Return its configuration file."""
    content = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        # It waits half a minute for the Node that it is on. The control plane is none: any of them will do, since
        # nothing that kube-proxy does there depends on which pods are its own.
        "hostnameOverride": sandbox.node_names[0] if machine == CONTROL_PLANE else machine,
        "clientConnection": {"kubeconfig": KUBECONFIG},
        # Packets to a Service from anywhere else (host, machines) get the forwarding machine's address, or the
        # answer would take another way back.
        "detectLocalMode": "ClusterCIDR",
        "clusterCIDR": sandbox.pods,
        "bindAddress": sandbox.address(machine),
        "healthzBindAddress": "0.0.0.0:10256",
        "metricsBindAddress": "0.0.0.0:10249",
        "iptables": {"minSyncPeriod": "200ms"},
        # The host's limits are the host's.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
    return yaml.dump(content, sort_keys=False)


def service(environment: dict[str, str], ready: str) -> str:
    """Return its `run` script."""
    command = ["/opt/roadworthy/kubernetes/kube-proxy", f"--config={CONFIG}"]
    return script(command, environment=environment, ready=ready)
