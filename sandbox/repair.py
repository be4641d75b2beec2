"""Mends what a killed supervisor leaves: services that run on without anybody's knowing."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox import supervise
from sandbox.layout import Sandbox

PROGRAMS = {
    "containerd", "docker-registry", "etcd", "kube-apiserver", "kube-controller", "kube-proxy", "kube-scheduler",
    "kubelet", "run", "sshd",
}  # fmt: skip
"""What services are called in /proc (15 letters); `run`: before they are, while their script waits."""


def orphans(inits: dict[str, int]) -> Iterator[int]:
    """Yield the services that are children of their machine's process 1 itself: their own supervisor is dead.

    The supervisor's successor would start them once more, to fail on the port or the lock that these hold.
    """
    parents = set(inits.values())
    for entry in os.listdir("/proc") if parents else ():  # noqa: PTH208 - numbers, a thousand of them
        if not entry.isdecimal():
            continue
        with contextlib.suppress(OSError, ValueError):
            # pid (comm) state ppid …
            head, _, tail = Path(f"/proc/{entry}/stat").read_text().rpartition(")")
            if int(tail.split()[1]) in parents and head.partition("(")[2] in PROGRAMS:
                command = Path(f"/proc/{entry}/cmdline").read_bytes()
                # A session outlives the sshd that it came from, as it should.
                if not command.startswith(b"sshd: root"):
                    yield int(entry)


def end_orphans(inits: dict[str, int]) -> None:
    """End them; their new supervisors start them again."""
    for pid in list(orphans(inits)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def await_supervisors(sandbox: Sandbox, machine: str, services: list[str], seconds: float = 10) -> bool:
    """Return whether every service has a supervisor; runsvdir looks for missing ones every five seconds."""
    deadline = time.monotonic() + seconds
    while any(supervise.state(sandbox, machine, service) == "no supervisor" for service in services):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def start_all(sandbox: Sandbox, machine: str, services: list[str]) -> None:
    """Start what is down, and return when everything runs.

    Raises:
        ServiceFailed: a service doesn't.

    """
    for service in services:
        if supervise.state(sandbox, machine, service) != "run":
            supervise.start(sandbox, machine, service)
