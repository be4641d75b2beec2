"""The sandbox: how long it takes to come up and to go, and what it needs. Makes one of its own, called `bench`."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.figure import Figure
from sandbox import cgroups, machine, manage
from sandbox.layout import Sandbox
from sandbox.progress import for_stream

NAME, NODES = "bench", 8


def processes(sandbox: Sandbox) -> set[int]:
    """Return the processes of every machine, containers included: the descendants of the machines' first ones."""
    children = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            children[int(parent)].append(int(folder.name))
    found, todo = set[int](), list(machine.inits(sandbox).values())
    while todo:
        pid = todo.pop()
        found.add(pid)
        todo += children[pid]
    return found


def memory(pids: set[int]) -> float:
    """Return the memory of processes, MiB; what several share counts once (PSS)."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


def worked(name: str) -> float:
    """Return the processor time that a sandbox's machines have taken so far, in seconds; 0 where that isn't told."""
    for root in cgroups.roots():
        group = root / cgroups.TOP / name
        with contextlib.suppress(FileNotFoundError):
            return int((group / "cpuacct.usage").read_text()) / 1e9
        with contextlib.suppress(FileNotFoundError):
            told = dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())
            if "usage_usec" in told:  # v1 has such a file too, without it
                return int(told["usage_usec"]) / 1e6
    return 0.0


def measure() -> list[Figure]:
    """Take a cold sandbox up on a warm cache, look at it, call `up` on it again, and take it down."""
    manage.down(NAME)
    began = time.monotonic()
    run = manage.up(NAME, nodes=NODES, progress=for_stream())
    before = run.started - began  # looking, and taking from the cache
    try:
        spent = worked(NAME)
        used = memory(processes(run.sandbox))
        began = time.monotonic()
        manage.up(NAME, progress=for_stream())
        again = time.monotonic() - began
    finally:
        began = time.monotonic()
        manage.down(NAME)
        down = time.monotonic() - began
    return [
        Figure("API server answers", before + run.reached["API server"], "s"),
        Figure(f"{NODES} nodes Ready", before + run.reached[f"{NODES} nodes"], "s", 8),
        Figure("add-ons Ready", before + run.reached["add-ons"], "s", 20),
        Figure("processor time until then", spent, "s"),
        Figure("`up` on a healthy one", again, "s"),
        Figure("memory of the empty cluster", used, "MiB", 2048),
        Figure("`down`", down, "s", 10),
    ]
