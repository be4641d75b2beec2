"""Ways into a sandbox's machines: SSH, and their logs."""

from __future__ import annotations

from pathlib import Path

from roadworthy.errors import BadInput
from sandbox.layout import Sandbox


def ssh(sandbox: Sandbox, node: str) -> list[str]:
    """Return the `ssh` command that logs in to a node.

    Raises:
        BadInput: there is no such node.

    """
    sandbox.number(node)
    paths = sandbox.paths
    options = {
        "UserKnownHostsFile": paths.known_hosts,
        "IdentitiesOnly": "yes",
        "LogLevel": "ERROR",
        "ConnectTimeout": 5,
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return ["ssh", "-F", "none", "-i", str(paths.ssh_key), *words, f"root@{sandbox.address(node)}"]


def log_files(sandbox: Sandbox, component: str, machine: str = "") -> list[Path]:
    """Return the log files of a component, of one machine or of all that have it.

    Raises:
        BadInput: there is none; the message lists the components.

    """
    machines = [machine] if machine else list(sandbox.machines)
    if machine and machine not in sandbox.machines:
        raise BadInput("the name of a machine", seen=machine, todo=f"one of {', '.join(sandbox.machines)}")
    files = [sandbox.paths.logs(each) / f"{component}.log" for each in machines]
    found = [file for file in files if file.exists()]
    if not found:
        there = sorted({file.stem for each in machines for file in sandbox.paths.logs(each).glob("*.log")})
        raise BadInput("a component with a log", seen=component, todo=f"one of {', '.join(there) or '(none yet)'}")
    return found
