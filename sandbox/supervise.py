"""Speaks to runit: what is a machine's service doing, start it, stop it.

Through the supervisor's own pipe and files in the service folder (the interface that `sv` uses), since these can be
reached from the host without entering the machine and without a process for each question.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from collections.abc import Mapping
from pathlib import Path

from roadworthy.errors import RoadworthyError
from sandbox.layout import Sandbox
from sandbox.logs import LOGS


class ServiceFailed(RoadworthyError):
    """A service of a machine can't be started or stopped."""


def until(condition: str, seconds: float = 0.1) -> str:
    """Return shell lines that wait for a condition, for the `ready` of a script.

    Without a process for each look: the scripts of eight nodes wait at the same time, on processors that what they
    wait for needs.
    """
    return f"until {condition}; do read -rt {seconds:g} -u $pause; done"


def listening(address: str, port: int) -> str:
    """Return the shell condition that something listens at this address."""
    return f"{{ : </dev/tcp/{address}/{port}; }} 2>/dev/null"


def present(program: str) -> str:
    """Return the shell line that ends a script, with a word in its log, where a program is missing that it waits by."""
    told = f"expected: the program {program}; seen: none; to do: roadworthy sandbox down, and then up"
    return f"[ -x {program} ] || {{ echo {shlex.quote(told)}; exit 1; }}"


def script(command: list[str], *, environment: Mapping[str, str], ready: str = "", log: str = "") -> str:
    """Return a runit `run` script.

    Args:
        log: name of the log file, without its end; empty: the program's.
        command: the program, by its path inside the machine, and its arguments.
        environment: variables.
        ready: shell lines (see `until`) that return once the service may start.

    """
    lines = ["#!/bin/bash", f"exec >>{LOGS}/{log or Path(command[0]).name}.log 2>&1"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    # A pipe that nobody ever writes to: `read -t` on it is a sleep.
    lines += ["exec {pause}<> <(:)", ready, "exec {pause}>&-"] if ready else []
    return "\n".join([*lines, "exec " + " \\\n    ".join(shlex.quote(word) for word in command)]) + "\n"


def define(sandbox: Sandbox, machine: str, services: Mapping[str, str]) -> list[str]:
    """Write a machine's service definitions (name -> `run` script); return the names of those that changed."""
    folder, changed = sandbox.paths.services(machine), []
    for name, text in services.items():
        run = folder / name / "run"
        if run.exists() and run.read_text() == text:
            continue
        run.parent.mkdir(parents=True, exist_ok=True)
        fresh = run.with_name("run.new")
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.replace(run)
        changed.append(name)
    return changed


def state(sandbox: Sandbox, machine: str, service: str) -> str:
    """Return `run`, `down`, `finish`, with what it waits for if so (`run, want down`); else `no supervisor`."""
    folder = sandbox.paths.services(machine) / service / "supervise"
    try:
        os.close(os.open(folder / "ok", os.O_WRONLY | os.O_NONBLOCK))
        return (folder / "stat").read_text().strip()
    except OSError:
        return "no supervisor"


def tell(sandbox: Sandbox, machine: str, service: str, letter: str) -> None:
    """Send the supervisor one command of runsv's: `u` up, `d` down, `t` terminate (and start again), `k` kill.

    Raises:
        ServiceFailed: nobody supervises this service.

    """
    pipe = sandbox.paths.services(machine) / service / "supervise" / "control"
    try:
        handle = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        raise ServiceFailed(
            f"a supervisor of {service} on {machine}",
            seen=str(error),
            where=str(pipe),
            todo=f"roadworthy sandbox up --name {sandbox.name}",
        ) from error
    with contextlib.closing(os.fdopen(handle, "wb", buffering=0)) as control:
        control.write(letter.encode())


DRAINS = 90.0
"""Seconds that a service may take to end what it has begun, once it was asked to end: watches of an API server."""


def wait(sandbox: Sandbox, machine: str, service: str, wanted: str, timeout: float = 15) -> None:
    """Return once a service's state is `wanted` (`run` or `down`).

    Raises:
        ServiceFailed: it isn't after `timeout` seconds.

    """
    deadline = time.monotonic() + timeout
    while (seen := state(sandbox, machine, service)) != wanted:
        if time.monotonic() > deadline:
            log = sandbox.paths.logs(machine) / f"{service}.log"
            raise ServiceFailed(f"{service} on {machine} to be {wanted}", seen=seen, where=str(log))
        time.sleep(0.02)


def stop(sandbox: Sandbox, machine: str, service: str) -> None:
    """Stop a service; it stays down until it is started, or its machine is."""
    tell(sandbox, machine, service, "d")
    wait(sandbox, machine, service, "down")


def start(sandbox: Sandbox, machine: str, service: str) -> None:
    """Start a service, if it doesn't run; one that was asked to end first ends (an API server drains for a minute)."""
    tell(sandbox, machine, service, "u")
    wait(sandbox, machine, service, "run", timeout=15 if state(sandbox, machine, service) == "down" else DRAINS)
