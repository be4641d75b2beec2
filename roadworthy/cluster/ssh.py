"""A command on a node, by the system's ``ssh``: never a prompt, an unknown host key, or a wait without end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from roadworthy.cluster.facade import ExecResult
from roadworthy.errors import BadInput, TimedOut, Turbulence
from roadworthy.profile import Profile

_CONNECT_SECONDS = 5
#: ssh's own failure; a command that exits with it can't be told apart, so it counts as one.
_SSH_FAILED = 255


def options(profile: Profile) -> list[str]:
    """Return ssh's arguments for this cluster.

    ``known_hosts`` beside the key holds the nodes' keys, else the user's own file.
    """
    words = [
        "-F",
        "none",
        "-o",
        "BatchMode=yes",
        "-o",
        f"ConnectTimeout={_CONNECT_SECONDS}",
        "-o",
        "StrictHostKeyChecking=yes",
    ]
    words += ["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=2", "-o", "LogLevel=ERROR"]
    if profile.ssh_key:
        key = Path(profile.ssh_key).expanduser()
        words += ["-i", str(key), "-o", "IdentitiesOnly=yes"]
        if (known := key.parent / "known_hosts").exists():
            words += ["-o", f"UserKnownHostsFile={known}"]
    return words


def run(profile: Profile, node: str, command: str, timeout: float) -> ExecResult:
    """Run a shell command on a node.

    Raises:
        BadInput: the profile doesn't list the node, or ssh isn't installed.
        Turbulence: the node can't be reached or refuses us, or ssh doesn't start. TimedOut: the command took too long.

    """
    found = next((each for each in profile.nodes if each.name == node), None)
    program = shutil.which("ssh")
    if found is None or program is None:
        expected = f"node {node} is listed under nodes" if found is None else "ssh is installed (openssh-client)"
        raise BadInput(expected, where=profile.where)
    address = f"{profile.ssh_user}@{found.address or node}"
    argv = [program, *options(profile), address, "--", command]
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:  # this machine is short of something: the node isn't to blame, and the next try may do
        todo = "look at this machine's memory, processes and open files"
        raise Turbulence("ssh can be started", seen=str(error), where=program, todo=todo) from error
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise TimedOut(f"{command!r} on {node} ends within {timeout:.0f} s", where=address) from error
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode == _SSH_FAILED:
        todo = "check the node, its sshd, the key and known_hosts"
        raise Turbulence(f"{node} is reached over SSH", seen=err.strip()[-300:], where=address, todo=todo)
    return ExecResult(process.returncode, out, err)
