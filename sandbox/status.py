"""How a sandbox is: machines, services, nodes, add-ons, faults; read only, and quick."""

from __future__ import annotations

from typing import Any

from sandbox import control_plane, machine, network, node, nodes, supervise
from sandbox.addons import readiness
from sandbox.api import Api, ApiFailed
from sandbox.faults import record
from sandbox.layout import CONTROL_PLANE, Sandbox


def services(sandbox: Sandbox, name: str) -> tuple[str, ...]:
    """Return the names of a machine's services."""
    defined = control_plane.services(sandbox) if name == CONTROL_PLANE else node.services(sandbox, name)
    return tuple(defined)


def read(sandbox: Sandbox) -> dict[str, Any]:
    """Return the state of everything; `healthy` sums it up, `complaints` say what is not."""
    api = Api(sandbox, timeout=3)
    running = machine.inits(sandbox)
    answers = api.ready()
    known = nodes.ready(api) if answers else {}
    machines = []
    for name in sandbox.machines:
        states = {service: supervise.state(sandbox, name, service) for service in services(sandbox, name)}
        machines.append(
            {
                "name": name,
                "address": sandbox.address(name),
                "running": name in running,
                "connected": network.plugged(sandbox, name),
                "services": states,
                "node": "" if name == CONTROL_PLANE else known.get(name, "unknown to the API server"),
            }
        )
    missing: dict[str, str] = {}
    if answers:
        try:
            missing = readiness.missing(api, machine.boots(sandbox))
        except ApiFailed as error:
            missing = {"add-ons": str(error)}
    complaints = _complaints(machines, missing, answers=answers)
    return {
        "name": sandbox.name,
        "kubernetes": sandbox.release.version,
        "api": sandbox.api,
        "kubeconfig": str(sandbox.paths.kubeconfig),
        "domain": sandbox.domain,
        "network": sandbox.network,
        "machines": machines,
        "addons": missing,
        "faults": record.read(sandbox),
        "complaints": complaints,
        "healthy": not complaints,
    }


def _complaints(machines: list[dict[str, Any]], missing: dict[str, str], *, answers: bool) -> list[str]:
    found = [] if answers else ["the API server doesn't answer"]
    for each in machines:
        if not each["running"]:
            found.append(f"{each['name']} doesn't run")
            continue
        if not each["connected"]:
            found.append(f"{each['name']} is cut from the network")
        found += [
            f"{service} on {each['name']}: {state}" for service, state in each["services"].items() if state != "run"
        ]
        if each["node"] and answers:
            found.append(f"{each['name']} is not Ready: {each['node']}")
    return found + [f"{name}: {text}" for name, text in missing.items()]
