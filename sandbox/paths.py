"""Every folder the sandbox reads or writes, in one place.

Three roots, each with its own life:

- the cache (binaries, images, build leftovers) is shared by all sandboxes and outlives them;
- the state of one sandbox (keys, etcd, node disks, logs) lives from `up` to `down`;
- the run folder of one sandbox (sockets, pids, namespaces) does not survive a reboot, and need not.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def cache_root() -> Path:
    """Return the cache folder: `$ROADWORTHY_CACHE`, else `$XDG_CACHE_HOME/roadworthy`, else `~/.cache/roadworthy`."""
    named = os.environ.get("ROADWORTHY_CACHE")
    if named:
        return Path(named)
    xdg = os.environ.get("XDG_CACHE_HOME")
    return (Path(xdg) if xdg else Path.home() / ".cache") / "roadworthy"


def state_root() -> Path:
    """Return the folder that holds one folder per sandbox with what lives from `up` to `down`."""
    return Path(os.environ.get("ROADWORTHY_STATE", "/var/lib/roadworthy"))


def run_root() -> Path:
    """Return the folder that holds one folder per sandbox with sockets, pids and namespace handles."""
    return Path(os.environ.get("ROADWORTHY_RUN", "/run/roadworthy"))


def registry_storage() -> Path:
    """Return the storage folder of the image registry, which all sandboxes share."""
    return cache_root() / "registry"


@dataclass(frozen=True)
class Paths:
    """The folders and well-known files of the sandbox called `name`."""

    name: str

    @property
    def state(self) -> Path:
        """What lives from `up` to `down`."""
        return state_root() / self.name

    @property
    def run(self) -> Path:
        """Sockets, pids and namespace handles."""
        return run_root() / self.name

    @property
    def pki(self) -> Path:
        """Certificates and keys."""
        return self.state / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.state / "kubeconfig"

    @property
    def audit_log(self) -> Path:
        """The API server's audit log, one JSON object per line."""
        return self.logs("control-plane") / "audit.log"

    @property
    def spec(self) -> Path:
        """What this sandbox was asked to be: index, nodes, Kubernetes version."""
        return self.state / "spec.json"

    @property
    def faults(self) -> Path:
        """The faults that are injected at present, each with what its undo needs."""
        return self.state / "faults.json"

    @property
    def ssh_key(self) -> Path:
        """The private key that the nodes' sshd accepts for root."""
        return self.state / "ssh" / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The nodes' public host keys, for ssh's `UserKnownHostsFile`."""
        return self.state / "ssh" / "known_hosts"

    def machine(self, machine: str) -> Path:
        """Return the folder that holds everything of one machine (`control-plane`, `node-3`)."""
        return self.state / "machines" / machine

    def root(self, machine: str) -> Path:
        """Return the folder that is one machine's root file system (without its own mounts)."""
        return self.machine(machine) / "root"

    def etc(self, machine: str) -> Path:
        """Return the folder of what differs between one machine's `/etc` and the host's (an overlay's upper layer)."""
        return self.machine(machine) / "etc"

    def services(self, machine: str) -> Path:
        """Return the folder of runit service definitions, which the machine sees as `/etc/service`."""
        return self.machine(machine) / "services"

    def logs(self, machine: str) -> Path:
        """Return the folder of one machine's service logs, `<service>.log` each."""
        return self.root(machine) / "var" / "log" / "roadworthy"
