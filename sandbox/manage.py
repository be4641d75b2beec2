"""What a person does with a sandbox: up, down, status. Each holds the sandbox's lock while it changes anything."""

from __future__ import annotations

import re
from collections.abc import Callable

from roadworthy.errors import BadInput
from sandbox import builds, host, images, layout, lock, machine, materials, preflight
from sandbox import down as downing
from sandbox import up as upping
from sandbox.api import Api, ApiFailed, path
from sandbox.faults import record
from sandbox.layout import CONTROL_PLANE, MAX_INDEX, MAX_NODES, Sandbox
from sandbox.pins import CONTAINERD_UNIT, DEFAULT_KUBERNETES, RELEASES
from sandbox.progress import Progress

NAME = re.compile(r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?")
HOSTS = ("traefik", "grafana", "prometheus", "alertmanager", "loki", "code")
"""Names that /etc/hosts gets besides those of the cluster's Ingresses; they work once somebody installs them."""


def check_name(name: str) -> str:
    """Return `name` if a sandbox can be called so.

    Raises:
        BadInput: it can't.

    """
    if not NAME.fullmatch(name):
        raise BadInput("a name of at most 20 small letters, digits and dashes", seen=name, todo="take another --name")
    return name


def plan(name: str, nodes: int | None, kubernetes: str | None) -> Sandbox:
    """Return the sandbox that `up` should make, or the one that is there.

    Raises:
        BadInput: it is there and something else is asked for, or what is asked for doesn't exist.

    """
    known = layout.load(check_name(name))
    if kubernetes is not None and kubernetes not in RELEASES:
        raise BadInput("a Kubernetes that can be built", seen=kubernetes, todo=f"one of {', '.join(sorted(RELEASES))}")
    if nodes is not None and not 1 <= nodes <= MAX_NODES:
        raise BadInput(f"between 1 and {MAX_NODES} nodes", seen=str(nodes))
    if known is not None:
        if nodes not in {None, known.nodes} or kubernetes not in {None, known.kubernetes}:
            raise BadInput(
                f"the sandbox {name} to be as it was made",
                where=str(known.paths.spec),
                seen=f"it has {known.nodes} nodes of Kubernetes {known.kubernetes}",
                todo=f"`roadworthy sandbox down --name {name}` first, or take another --name",
            )
        return known
    taken = {each.index for each in layout.every()}
    free = [index for index in range(MAX_INDEX + 1) if index not in taken]
    if not free:
        raise BadInput(f"at most {MAX_INDEX + 1} sandboxes", seen=f"{len(taken)}", todo="`roadworthy sandbox down` one")
    return Sandbox(name, free[0], nodes or 8, kubernetes or DEFAULT_KUBERNETES)


def _cold(sandbox: Sandbox) -> bool:
    return not (builds.ready(sandbox.release.unit) and builds.ready(CONTAINERD_UNIT))


def name_hosts(sandbox: Sandbox) -> None:
    """Let the host's programs resolve the ingress hosts: those that exist and those that are usual."""
    wanted = [f"{host_name}.{sandbox.domain}" for host_name in HOSTS]
    try:
        for item in Api(sandbox).get(path("networking.k8s.io/v1", "Ingress"))["items"]:
            wanted += [rule["host"] for rule in item["spec"].get("rules", []) if rule.get("host")]
    except ApiFailed:
        pass
    host.name_hosts(sandbox.name, sandbox.address(CONTROL_PLANE), list(dict.fromkeys(wanted)))


def up(
    name: str,
    *,
    progress: Progress,
    nodes: int | None = None,
    kubernetes: str | None = None,
    first: Callable[[], None] = lambda: None,
) -> upping.Run:
    """Bring a sandbox up from whatever state it is in; return what was done and when.

    Args:
        name: which.
        progress: whom to tell.
        nodes: how many; by default as many as it has, eight of a new one.
        kubernetes: which release; by default its own, or the newest.
        first: called when everything is there that it is started from, before anything runs.

    Raises:
        RoadworthyError: what could not be done. Nothing has been changed if it is a BadInput.

    """
    preflight.privileges()
    with lock.held(name, progress=progress):
        with lock.held(".all", progress=progress):
            sandbox = plan(name, nodes, kubernetes)
            preflight.check(sandbox, cold=_cold(sandbox))
            sandbox.save()
        preflight.prepare(sandbox)
        gathered = materials.gather(sandbox, progress)
        first()
        run = upping.Run(sandbox, gathered, progress)
        upping.bring_up(run)
        record.forget(sandbox, record.OF_MACHINES)
        name_hosts(sandbox)
    return run


def down(name: str, progress: Progress | None = None) -> bool:
    """Take a sandbox away; return whether there was one.

    Args:
        name: which.
        progress: whom to tell while somebody else works on it.

    Raises:
        RoadworthyError: something of it can't be removed.

    """
    preflight.privileges()
    check_name(name)
    with lock.held(name, progress=progress):
        there = downing.exists(name)
        downing.take_down(name)
    return there


def running(name: str) -> Sandbox:
    """Return the sandbox called `name`.

    Raises:
        BadInput: there is none.

    """
    known = layout.load(check_name(name))
    if known is None:
        others = ", ".join(each.name for each in layout.every()) or "none"
        raise BadInput(
            f"a sandbox called {name}", seen=f"these are there: {others}", todo=f"roadworthy sandbox up --name {name}"
        )
    return known


def prune() -> dict[str, int]:
    """Remove from the cache what can be had again and isn't needed to start; return bytes freed by what.

    What a running sandbox was started from stays, also when it is no longer what one would be started from today.
    """
    running = [pid for sandbox in layout.every() for pid in machine.inits(sandbox).values()]
    in_use = set().union(*map(machine.binaries, running))
    return {"builds": builds.prune(in_use), "images": images.prune()}
