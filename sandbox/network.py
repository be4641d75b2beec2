"""The sandbox's network: one switch, one cable to the host, one to each machine, and no way out.

The switch is a bridge in a network namespace of its own, so that the host's firewall, and a container engine's rules
in it, never see the machines' traffic, and so that the host has one link per sandbox and no more. Before any address is
used, the host gets an `unreachable` route for the whole range: with the sandbox down, or half-way up, a packet to
one of its addresses is refused and can't leave by the default route. That route stays after `down`, on purpose. The
machines have an unreachable default route, and the host doesn't forward what comes from them.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from sandbox.layout import CONTROL_PLANE, Sandbox
from sandbox.shell import CommandFailed, ip, run

NETNS = Path("/run/netns")
SWITCH = "switch"
BRIDGE = "br0"
UPLINK = "host"
POD_BRIDGE = "cni0"


def exists(netns: str) -> bool:
    """Tell whether there is a network namespace of this name: a file that is no namespace is a leftover, not one."""
    try:
        return (NETNS / netns).stat().st_dev == Path("/proc/self/ns/net").stat().st_dev
    except FileNotFoundError:
        return False


def namespaces(name: str) -> list[str]:
    """Return the namespaces (or what is left of them) of the sandbox called `name`."""
    prefix = f"rw-{name}-"
    try:
        names = sorted(path.name for path in NETNS.iterdir())
    except FileNotFoundError:
        return []
    parts = {SWITCH, CONTROL_PLANE}
    return [n for n in names if n.startswith(prefix) and (n[len(prefix) :] in parts or _is_node(n[len(prefix) :]))]


def _is_node(part: str) -> bool:
    return part.startswith("node-") and part[5:].isdecimal()


def _make_namespace(netns: str) -> None:
    if not exists(netns):
        with contextlib.suppress(FileNotFoundError):
            (NETNS / netns).unlink()
        run("ip", "netns", "add", netns)


def _links(netns: str = "") -> set[str]:
    listing = run("ip", *(("-n", netns) if netns else ()), "-o", "link", "show")
    return {line.split(": ")[1].split("@")[0] for line in listing.splitlines()}


def refuse_by_default(sandbox: Sandbox) -> None:
    """Install the route that refuses what no other route of the sandbox takes."""
    ip(f"route replace unreachable {sandbox.network}")


def ensure_switch(sandbox: Sandbox) -> None:
    """Make the bridge and the host's cable into it, whatever of them is missing."""
    refuse_by_default(sandbox)
    switch = sandbox.netns(SWITCH)
    fresh = not exists(switch)
    _make_namespace(switch)
    if fresh:
        # Bridged frames are no business of iptables here, and nothing has an IPv6 address.
        run(
            "ip",
            "netns",
            "exec",
            switch,
            "sysctl",
            "-qw",
            "net.bridge.bridge-nf-call-iptables=0",
            "net.ipv6.conf.all.disable_ipv6=1",
            check=False,
        )
    there = _links(switch)
    if BRIDGE not in there:
        ip(f"link add {BRIDGE} type bridge", netns=switch)
    if UPLINK not in there or sandbox.link not in _links():
        ip(f"link del {sandbox.link}", force=True)
        ip(f"link add {sandbox.link} type veth peer name {UPLINK} netns {switch}")
    ip("link set lo up", f"link set {BRIDGE} up", f"link set {UPLINK} master {BRIDGE} up", netns=switch)
    # The host never carries the machines' packets on, whatever it does for others.
    run(
        "sysctl",
        "-qw",
        f"net.ipv4.conf.{sandbox.link}.forwarding=0",
        f"net.ipv6.conf.{sandbox.link}.disable_ipv6=1",
        check=False,
    )
    ip(
        f"addr replace {sandbox.host_address}/24 dev {sandbox.link}",
        f"link set {sandbox.link} up",
        # Any kube-proxy could be the host's way to the Services; the control plane's survives a fault on a node.
        f"route replace {sandbox.service_range} via {sandbox.address(CONTROL_PLANE)}",
        *(f"route replace {sandbox.pod_range(node)} via {sandbox.address(node)}" for node in sandbox.node_names),
    )


def ensure_machine(sandbox: Sandbox, machine: str) -> None:
    """Make a machine's namespace, cable, address and routes, whatever of them is missing."""
    netns, switch = sandbox.netns(machine), sandbox.netns(SWITCH)
    _make_namespace(netns)
    there = _links(netns)
    if machine not in _links(switch) or "eth0" not in there:
        ip(f"link del {machine}", netns=switch, force=True)
        ip(f"link add {machine} type veth peer name eth0 netns {netns}", netns=switch)
    ip(f"link set {machine} master {BRIDGE} up", netns=switch)
    others = [node for node in sandbox.node_names if node != machine]
    # The node's own pods: the CNI plugin makes their bridge, and never looks at its route again.
    own = f"route replace {{}} dev {POD_BRIDGE} proto kernel scope link src {{}}"
    ip(
        "link set lo up",
        f"addr replace {sandbox.address(machine)}/24 dev eth0",
        "link set eth0 up",
        "route replace unreachable default",
        # kube-proxy rewrites a Service's address, but only of a packet that has a route to begin with.
        f"route replace {sandbox.service_range} dev eth0",
        *(f"route replace {sandbox.pod_range(node)} via {sandbox.address(node)}" for node in others),
        *([own.format(sandbox.pod_range(machine), sandbox.gateway(machine))] if POD_BRIDGE in there else ()),
        netns=netns,
    )


def plug(sandbox: Sandbox, machine: str, *, connected: bool) -> None:
    """Put a machine's cable into the switch, or pull it out."""
    ip(f"link set {machine} {'up' if connected else 'down'}", netns=sandbox.netns(SWITCH))


def plugged(sandbox: Sandbox, machine: str) -> bool:
    """Tell whether a machine's cable is in the switch."""
    try:
        listing = run("ip", "-n", sandbox.netns(SWITCH), "-o", "link", "show", machine)
    except CommandFailed:
        return False
    return "UP" in listing.split("<")[1].split(">")[0].split(",")


def remove(name: str, link: str) -> None:
    """Take away every namespace and link of a sandbox; with the link its routes go. The unreachable route stays."""
    for netns in namespaces(name):
        run("ip", "netns", "del", netns, check=False)
        with contextlib.suppress(FileNotFoundError):
            (NETNS / netns).unlink()
    if link and link in _links():
        run("ip", "link", "del", link, check=False)
    if NETNS.is_mount() and not any(NETNS.iterdir()):
        # `ip netns add` made this mount; it makes it again when somebody needs one.
        run("umount", str(NETNS), check=False)
