"""Which services make up a node's agent, under which supervisor, and how their state reads.

The profile's ``node_agent`` says it (all values are text):

    supervisor: systemd            # or runit
    services: k3s-agent            # in the order they are restarted, separated by blanks
    services_control_plane: k3s    # when it differs there
    service_dir: /etc/service      # runit only

Without it: K3s' own units on ``distribution: k3s``, containerd and kubelet under systemd elsewhere.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from roadworthy.cluster import Cluster
from roadworthy.errors import BadInput

DEFAULTS = {
    "k3s": {"supervisor": "systemd", "services": "k3s-agent", "services_control_plane": "k3s"},
    "kubernetes": {"supervisor": "systemd", "services": "containerd kubelet"},
}
SUPERVISORS = ("systemd", "runit")


@dataclass(frozen=True, slots=True)
class NodeServices:
    """The services of one node's agent; ``directory`` is runit's service folder."""

    supervisor: str
    names: tuple[str, ...]
    directory: str = ""

    @property
    def status_command(self) -> str:
        """The read-only command that prints one line per service."""
        if self.supervisor == "runit":
            return f"{self._environment()}sv status {shlex.join(self.names)}"
        units = shlex.join(self.names)
        return f'for unit in {units}; do echo "$unit $(systemctl is-active $unit)"; done'

    def dead(self, answer: str) -> list[str]:
        """Return the services that the status command's answer shows as not running."""
        alive = r"^run: (?:\S*/)?{0}:" if self.supervisor == "runit" else r"^{0} active$"
        return [name for name in self.names if not re.search(alive.format(re.escape(name)), answer, re.MULTILINE)]

    def variables(self) -> dict[str, str]:
        """Return the play's variables."""
        found = {"agent_supervisor": self.supervisor, "agent_services": " ".join(self.names)}
        return {**found, "agent_service_dir": self.directory} if self.directory else found

    def _environment(self) -> str:
        return f"SVDIR={shlex.quote(self.directory)} " if self.directory else ""


def node_services(cluster: Cluster, node: str) -> NodeServices:
    """Return the services of a node's agent, as the profile says or as its distribution has them."""
    profile = cluster.profile
    said = profile.node_agent or DEFAULTS.get(profile.distribution, DEFAULTS["kubernetes"])
    control_plane = any(each.name == node and each.role == "control-plane" for each in profile.nodes)
    names = said.get("services_control_plane", said.get("services", "")) if control_plane else said.get("services", "")
    supervisor = said.get("supervisor", "systemd")
    if supervisor not in SUPERVISORS:
        raise BadInput(
            f"node_agent.supervisor is one of {', '.join(SUPERVISORS)}", seen=supervisor, where=profile.where
        )
    return NodeServices(supervisor, tuple(names.split()), said.get("service_dir", ""))
