"""What the sandbox is made of: exact versions, and the operating system's packages it needs."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_KUBERNETES = "1.37"
CONTAINERD_UNIT = "containerd-2.4"


@dataclass(frozen=True)
class Release:
    """One selectable Kubernetes: its exact version and the unit of `sandbox.builds` that makes its binaries."""

    version: str
    unit: str


RELEASES = {
    "1.37": Release("1.37.2", "kubernetes-1.37"),
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
