"""Looks before anything is changed: can a sandbox live on this machine? One clear message for each obstacle."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
from pathlib import Path

from roadworthy.errors import BadInput
from sandbox import cgroups, machine, network, packages
from sandbox.layout import Sandbox
from sandbox.paths import cache_root, state_root
from sandbox.shell import CommandFailed, run

DISK = 15
"""GB that must be free for a sandbox with all its services."""
DISK_WARM = 3
"""GB that must be free to start a sandbox whose binaries and images are there."""
CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21, "CAP_SYS_CHROOT": 18, "CAP_MKNOD": 27}


def privileges() -> None:
    """Make sure that this process may make namespaces.

    Raises:
        BadInput: not root, or root without what makes it root.

    """
    if os.geteuid() != 0:
        raise BadInput(
            "root: nodes are made of namespaces, mounts and control groups",
            seen=f"user {os.geteuid()}",
            todo="run it with sudo, or name a cluster of your own: --cluster NAME",
        )
    status = Path("/proc/self/status").read_text()
    effective = int(status.split("CapEff:")[1].split()[0], 16)
    if missing := [name for name, bit in CAPABILITIES.items() if not effective >> bit & 1]:
        raise BadInput(
            "root's capabilities",
            seen=f"without {', '.join(missing)}",
            where="/proc/self/status",
            todo="run it outside of the container, or in a privileged one",
        )


def kernel() -> None:
    """Make sure that the kernel has what machines and pods are made of.

    Raises:
        BadInput: a file system is missing.
        CgroupsMissing: a controller is.

    """
    cgroups.check()
    known = {line.split()[-1] for line in Path("/proc/filesystems").read_text().splitlines() if line}
    if "overlay" not in known:
        run("modprobe", "overlay", check=False) if shutil.which("modprobe") else None
        known = {line.split()[-1] for line in Path("/proc/filesystems").read_text().splitlines() if line}
        if "overlay" not in known:
            raise BadInput(
                "a kernel with overlay file systems", seen=f"{os.uname().release} without", where="/proc/filesystems"
            )
    state = state_root()
    while not state.exists():
        state = state.parent
    kind = run("stat", "-f", "-c", "%T", str(state)).strip()
    if "overlay" in kind:
        raise BadInput(
            f"{state_root()} on a real file system",
            seen=kind,
            todo="set ROADWORTHY_STATE to a folder on a disk: images can't be unpacked on an overlay",
        )


def room(sandbox: Sandbox, *, cold: bool) -> None:
    """Make sure of memory and disk.

    Args:
        sandbox: how many nodes.
        cold: whether binaries and images have yet to be made.

    Raises:
        BadInput: too little of either.

    """
    needed = 600 + 130 * sandbox.nodes
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:") and (free := int(line.split()[1]) >> 10) < needed:
            raise BadInput(
                f"{needed} MiB of free memory for {sandbox.nodes} nodes",
                seen=f"{free} MiB",
                todo="end something, or take fewer nodes: --nodes 3",
            )
    least = DISK if cold else DISK_WARM
    for root in {cache_root(), state_root()}:
        folder = root
        while not folder.exists():
            folder = folder.parent
        if (free_gb := shutil.disk_usage(folder).free / 1e9) < least:
            raise BadInput(
                f"{least} GB free for {root}",
                seen=f"{free_gb:.1f} GB",
                where=str(folder),
                todo="make room (`roadworthy sandbox prune` frees what can be built again)",
            )


def addresses(sandbox: Sandbox) -> None:
    """Make sure that nothing but this sandbox uses its addresses and its link.

    Raises:
        BadInput: a link or a route of somebody else's does.

    """
    ours = ipaddress.ip_network(sandbox.network)
    for route in json.loads(run("ip", "-j", "route", "show", "table", "all", "type", "unicast") or "[]"):
        target = route.get("dst", "default")
        if target == "default" or route.get("dev") == sandbox.link:
            continue
        if ours.overlaps(ipaddress.ip_network(target, strict=False)) and ":" not in target:
            raise BadInput(
                f"nobody else to use {sandbox.network}",
                seen=f"a route to {target} by {route.get('dev')}",
                where="ip route",
                todo="remove it, or take another --name (each has a network of its own)",
            )
    links = json.loads(run("ip", "-j", "link", "show", sandbox.link, check=False) or "[]")
    if any(links) and not network.exists(sandbox.netns(network.SWITCH)):
        kind = next(iter(links)).get("link_type", "")
        detail = json.loads(run("ip", "-j", "-d", "link", "show", sandbox.link))[0].get("linkinfo", {}).get("info_kind")
        if detail != "veth":
            raise BadInput(
                f"the link {sandbox.link} to be the sandbox's",
                seen=f"a link of kind {detail or kind}",
                where="ip link",
                todo=f"rename it, or take another --name than {sandbox.name}",
            )


def check(sandbox: Sandbox, *, cold: bool) -> None:
    """Make every check that changes nothing, then install what the distribution has to give.

    Raises:
        BadInput: what stands in the way, and what to do.

    """
    privileges()
    kernel()
    room(sandbox, cold=cold)
    missing = packages.missing()
    packages.refuse_unless_installable(missing)
    try:
        if "iproute2" not in missing and not machine.inits(sandbox):
            addresses(sandbox)
    except CommandFailed as error:
        raise BadInput("to see the routes of this machine", seen=str(error)) from error


def prepare(sandbox: Sandbox) -> None:
    """Install the packages that are missing, and look at the addresses if that was not possible before."""
    if packages.install(packages.missing()):
        addresses(sandbox)
