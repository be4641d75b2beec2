"""Which sandbox this is, and every name and address that follows from it.

A sandbox has an index k (0 to 15) and with it one network, 10.(200+k).0.0/16:

| range             | what                                                                         |
|-------------------|------------------------------------------------------------------------------|
| 10.X.0.0/24       | machines: the host is .1, the control plane .2, node-n is .(10+n)            |
| 10.X.16.0/20      | Services: the API server is 16.1, DNS 16.10                                  |
| 10.X.128.0/17     | pods: node-n has 10.X.(127+n).0/24                                           |
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from roadworthy.errors import BadInput
from sandbox.paths import Paths, state_root
from sandbox.pins import DEFAULT_KUBERNETES, RELEASES, Release

CONTROL_PLANE = "control-plane"
MAX_INDEX = 15
MAX_NODES = 64
CLUSTER_DOMAIN = "cluster.local"
API_PORT = 6443
REGISTRY_PORT = 5000
REGISTRY_NAME = "sandbox.local"


@dataclass(frozen=True)
class Sandbox:
    """One sandbox. `nodes` is how many it has; `index` chooses its network; `kubernetes` is the minor version."""

    name: str
    index: int
    nodes: int = 8
    kubernetes: str = DEFAULT_KUBERNETES

    @property
    def paths(self) -> Paths:
        """Its folders."""
        return Paths(self.name)

    @property
    def release(self) -> Release:
        """The exact Kubernetes."""
        return RELEASES[self.kubernetes]

    @property
    def node_names(self) -> tuple[str, ...]:
        """`node-1` and so on."""
        return tuple(f"node-{n}" for n in range(1, self.nodes + 1))

    @property
    def machines(self) -> tuple[str, ...]:
        """The control plane and the nodes."""
        return (CONTROL_PLANE, *self.node_names)

    @property
    def prefix(self) -> str:
        """The first two numbers of all its addresses: `10.200`."""
        return f"10.{200 + self.index}"

    @property
    def network(self) -> str:
        """The whole range."""
        return f"{self.prefix}.0.0/16"

    @property
    def pods(self) -> str:
        """The range of all pods."""
        return f"{self.prefix}.128.0/17"

    @property
    def service_range(self) -> str:
        """The range of all Services."""
        return f"{self.prefix}.16.0/20"

    @property
    def dns(self) -> str:
        """The address of the cluster's DNS Service."""
        return f"{self.prefix}.16.10"

    @property
    def ingress_service(self) -> str:
        """The cluster IP of the ingress controller, fixed so that DNS can point at it."""
        return f"{self.prefix}.16.80"

    @property
    def host_address(self) -> str:
        """The host's own address in the machines' network."""
        return f"{self.prefix}.0.1"

    @property
    def link(self) -> str:
        """The one link that the host has into the sandbox."""
        return f"rw{self.index}"

    @property
    def domain(self) -> str:
        """Where ingress hosts live: `sandbox.test`; another sandbox has its own, so that both can be resolved."""
        return f"{self.name}.test"

    @property
    def api(self) -> str:
        """The API server's address."""
        return f"https://{self.address(CONTROL_PLANE)}:{API_PORT}"

    @property
    def context(self) -> str:
        """The name of the context in the kubeconfig."""
        return f"sandbox-{self.name}"

    def netns(self, machine: str) -> str:
        """Return the name of a machine's network namespace (`ip netns`); `switch` is the one with the bridge."""
        return f"rw-{self.name}-{machine}"

    def number(self, node: str) -> int:
        """Return n of `node-n`.

        Raises:
            BadInput: there is no such node.

        """
        if node not in self.node_names:
            raise BadInput("the name of a node", seen=node, todo=f"one of {', '.join(self.node_names)}")
        return int(node.removeprefix("node-"))

    def address(self, machine: str) -> str:
        """Return a machine's address."""
        return f"{self.prefix}.0.2" if machine == CONTROL_PLANE else f"{self.prefix}.0.{10 + self.number(machine)}"

    def pod_range(self, node: str) -> str:
        """Return the range of a node's pods."""
        return f"{self.prefix}.{127 + self.number(node)}.0/24"

    def gateway(self, node: str) -> str:
        """Return the address that a node has among its own pods."""
        return f"{self.prefix}.{127 + self.number(node)}.1"

    def save(self) -> None:
        """Write down what this sandbox is; `up` then finds it again."""
        self.paths.state.mkdir(parents=True, exist_ok=True)
        self.paths.spec.write_text(json.dumps(asdict(self), indent=2) + "\n")


def load(name: str) -> Sandbox | None:
    """Return the sandbox called `name` as it was made, or None when there is none.

    Raises:
        BadInput: its record can't be read.

    """
    spec = Paths(name).spec
    try:
        return Sandbox(**json.loads(spec.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        todo = f"roadworthy sandbox down --name {name}"
        raise BadInput("a readable record of the sandbox", seen=str(error), where=str(spec), todo=todo) from error


def every() -> list[Sandbox]:
    """Return all sandboxes of this machine that can be read, by name."""
    found = []
    for spec in sorted(state_root().glob("*/spec.json")):
        try:
            known = load(spec.parent.name)
        except BadInput:
            continue
        if known is not None:
            found.append(known)
    return found
