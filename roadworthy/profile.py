"""A cluster as its owner describes it: clusters/NAME.yaml, checked against clusters/profile.schema.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Node:
    """One machine: ``role`` is ``control-plane`` or ``worker``; ``arch`` is Go's name (``arm64``); ``page_size`` in bytes, 0 = not promised."""

    name: str
    address: str = ""
    role: str = "worker"
    arch: str = ""
    page_size: int = 0


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a credential is: a key of a Secret, or an environment variable."""

    namespace: str = ""
    name: str = ""
    key: str = ""
    env: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """How one service is reached and found.

    Attributes:
        name: e.g. ``grafana``.
        namespace: where it runs.
        workload: ``Deployment/grafana``, ``StatefulSet/loki``, ``DaemonSet/log-shipper``.
        host: ingress host name; empty: through the API server's service proxy.
        service: name of the Service object.
        port: its port (number).
        scheme: ``http`` or ``https`` behind the service proxy.
        username: plain, or a reference.
        password: a reference, never a value.
        settings: what only this service's probe knows about (``node_label: k8s_node_name`` …).

    """

    name: str
    namespace: str
    workload: str = ""
    host: str = ""
    service: str = ""
    port: int = 0
    scheme: str = "http"
    username: str | SecretRef = ""
    password: SecretRef | None = None
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """A cluster's own description. ``where`` is the file, for messages."""

    name: str
    where: str
    provider: str = ""  # "sandbox": made by an entry point; empty: a kubeconfig context
    context: str = ""
    kube_system_uid: str = ""
    distribution: str = "kubernetes"  # or "k3s"
    domain: str = ""
    ingress_address: str = ""
    ca_bundle: str = ""
    kubeconfig: str = ""
    nodes: tuple[Node, ...] = ()
    storage_classes: Mapping[str, str] = field(default_factory=dict)  # role ("default", "replicated", "nfs") -> class name
    services: Mapping[str, Service] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)  # role -> image; "tools": a shell for pods that scenarios make for themselves
    drills: bool = False
    time_factor: float = 1.0
    ssh_user: str = "root"
    ssh_key: str = ""
    node_agent: Mapping[str, str] = field(default_factory=dict)  # how the node's agent and runtime are restarted (Ansible variables)
    limits: Mapping[str, object] = field(default_factory=dict)
    waivers: tuple[Mapping[str, object], ...] = ()
