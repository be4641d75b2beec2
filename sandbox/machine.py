"""A machine of the sandbox: network, process, host name, mount, IPC and cgroup namespaces under one supervisor.

Process 1 of a machine is runit's `runsvdir`. Everything that runs in the machine, its pods included, lives in
that process's namespace: when process 1 is killed the kernel kills all the rest. `templates/boot.sh` builds it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from roadworthy.errors import RoadworthyError
from sandbox import cgroups
from sandbox.layout import Sandbox
from sandbox.network import NETNS

BOOT = Path(__file__).parent / "templates" / "boot.sh"
SUPERVISOR = "runsvdir"
BOOTED = ".booted"
BOOT_ID = "boot_id"


class MachineFailed(RoadworthyError):
    """A machine of the sandbox doesn't start, or doesn't end."""


def _nspid(pid: int) -> list[str]:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("NSpid:"):
            return line.split()[1:]
    return []


def inits(sandbox: Sandbox) -> dict[str, int]:
    """Return the running machines: name -> process 1, in the host's numbering.

    They are found by their network namespace and by being process 1 one level down, not by a file with a number:
    such a file outlives its process.
    """
    wanted: dict[int, str] = {}
    for machine in sandbox.machines:
        with contextlib.suppress(FileNotFoundError):
            wanted[(NETNS / sandbox.netns(machine)).stat().st_ino] = machine
    depth, found = len(_nspid(os.getpid())) + 1, {}
    for entry in os.listdir("/proc") if wanted else ():  # noqa: PTH208 - numbers, a thousand of them
        if not entry.isdecimal():
            continue
        with contextlib.suppress(OSError):
            machine = wanted.get(Path(f"/proc/{entry}/ns/net").stat().st_ino, "")
            if machine:
                numbers = _nspid(int(entry))
                if len(numbers) == depth and numbers[-1] == "1":
                    found[machine] = int(entry)
    return found


def binaries(pid: int) -> set[tuple[int, int]]:
    """Return the folders of binaries that a machine was started with: device and inode, the same for us."""
    with contextlib.suppress(OSError):
        found = [path.stat() for path in Path(f"/proc/{pid}/root/opt/roadworthy").iterdir()]
        return {(each.st_dev, each.st_ino) for each in found}
    return set()


def supervised(pid: int) -> bool:
    """Tell whether process 1 of a machine is the supervisor, that is: the machine has booted."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == SUPERVISOR
    except OSError:
        return False


def boot_id(sandbox: Sandbox, machine: str) -> str:
    """Return what a machine's kernel calls its present boot, each time another; empty when it never booted.

    A kubelet reports it with the first status that it sends: what was said of the node before that doesn't count.
    """
    try:
        return (sandbox.paths.machine(machine) / BOOT_ID).read_text().strip()
    except FileNotFoundError:
        return ""


def boots(sandbox: Sandbox) -> dict[str, float]:
    """Return when each node's present boot began (Unix time); a node that never booted here is left out."""
    found = {}
    for name in sandbox.node_names:
        with contextlib.suppress(FileNotFoundError):
            found[name] = (sandbox.paths.machine(name) / BOOT_ID).stat().st_mtime
    return found


def start(sandbox: Sandbox, machine: str, binaries: Mapping[str, Path], extra: Mapping[Path, str]) -> None:
    """Boot a machine and return when its supervisor runs.

    Args:
        sandbox: which sandbox.
        machine: which of its machines; its network and service definitions are there already.
        binaries: name below `/opt/roadworthy` -> folder of the host, seen read-only.
        extra: folder of the host -> where the machine sees it.

    Raises:
        MachineFailed: it doesn't boot.

    """
    cgroups.create(sandbox.name, machine)
    folder, services = sandbox.paths.machine(machine), sandbox.paths.services(machine)
    booted, log = services / BOOTED, folder / "boot.log"
    booted.unlink(missing_ok=True)
    (folder / BOOT_ID).write_text(f"{uuid.uuid4()}\n")
    hierarchies = {} if cgroups.unified() else cgroups.hierarchies()
    environment = {
        "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin",
        "MACHINE": str(folder),
        "NAME": machine,
        "NETNS": sandbox.netns(machine),
        "GROUP": f"{cgroups.TOP}/{sandbox.name}/{machine}",
        "CGROUPS": str(cgroups.MOUNT),
        "HIERARCHIES": " ".join(f"{name}={options}" for name, options in hierarchies.items()),
        "BINARIES": " ".join(f"{name}={source}" for name, source in binaries.items()),
        "EXTRA": " ".join(f"{source}={target}" for source, target in extra.items()),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(BOOT)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
        )
    deadline = time.monotonic() + 20
    while not booted.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            seen = log.read_text(errors="replace").strip()[-600:] or f"code {process.returncode}"
            raise MachineFailed(
                f"the machine {machine} to boot",
                seen=seen,
                where=str(log),
                todo=f"roadworthy sandbox down --name {sandbox.name}",
            )
        time.sleep(0.01)


def kill(sandbox: Sandbox, machines: tuple[str, ...] = (), timeout: float = 8) -> None:
    """End machines at once, with everything in them, and take their control groups away.

    Args:
        sandbox: which sandbox.
        machines: which machines; none named: all, and whatever else is in the sandbox's control groups.
        timeout: seconds until it counts as failed.

    Raises:
        MachineFailed: processes are left.

    """
    running = inits(sandbox)
    for machine, pid in running.items():
        if not machines or machine in machines:
            _kill(pid)
    deadline = time.monotonic() + timeout
    for part in machines or ("",):
        # Process 1 took its machine along; this is for what never got as far as its namespaces.
        while left := cgroups.pids(sandbox.name, part):
            for pid in left:
                _kill(pid)
            if time.monotonic() > deadline:
                raise MachineFailed(
                    "no process of the sandbox to be left",
                    seen=f"processes {sorted(left)}",
                    todo=f"see `ps -fp {','.join(map(str, sorted(left)))}`, then run `down` again",
                )
            time.sleep(0.02)
        cgroups.remove(sandbox.name, part)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
