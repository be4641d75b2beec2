"""A cluster as its owner describes it: clusters/NAME.yaml, checked against clusters/profile.schema.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from roadworthy.backups import Backups
from roadworthy.maintenance import Window


@dataclass(frozen=True, slots=True)
class Node:
    """One machine.

    Attributes:
        name: the Node object's.
        address: for SSH; empty: its name resolves.
        role: ``control-plane`` or ``worker``.
        arch: as Go calls it (``arm64``); empty: not promised.
        page_size: in bytes; 0: not promised.

    """

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
    """A cluster's own description.

    Attributes:
        where: the file, for messages.
        provider: ``sandbox``: made by an entry point; empty: a kubeconfig's context.
        kube_system_uid: which cluster is meant, for good; empty: it is only read.
        distribution: ``kubernetes`` or ``k3s``.
        storage_classes: role (``default``, ``replicated``, ``nfs``) -> class name.
        images: role -> image; ``tools``: a shell for the pods that scenarios make for themselves.
        drills: whether drills are always allowed.
        time_factor: by which the deadline of every wait is multiplied.
        node_agent: how the node's agent and container runtime are restarted (Ansible variables).
        limits: durations in seconds, shares as fractions of 1.
        waivers: each with id, owner, reason, expires (a day, YYYY-MM-DD).
        storage: role -> size that is promised behind it (``1.7TB``).
        drill_window: drills are allowed while it is open.
        options: for the provider.
        backups: what is promised about them.

    """

    name: str
    where: str
    provider: str = ""
    context: str = ""
    kube_system_uid: str = ""
    distribution: str = "kubernetes"
    domain: str = ""
    ingress_address: str = ""
    ca_bundle: str = ""
    kubeconfig: str = ""
    nodes: tuple[Node, ...] = ()
    storage_classes: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    drills: bool = False
    time_factor: float = 1.0
    ssh_user: str = "root"
    ssh_key: str = ""
    node_agent: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, object] = field(default_factory=dict)
    waivers: tuple[Mapping[str, object], ...] = ()
    storage: Mapping[str, str] = field(default_factory=dict)
    drill_window: Window | None = None
    maintenance: Window | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    backups: Backups = field(default_factory=Backups)
