"""The sandbox: how long it takes to come up and to go, and what it needs. Makes one of its own, called `bench`."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.figure import Figure
from sandbox import machine, manage
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


def measure() -> list[Figure]:
    """Take a cold sandbox up on a warm cache, look at it, call `up` on it again, and take it down."""
    manage.down(NAME)
    run = manage.up(NAME, nodes=NODES, progress=for_stream())
    try:
        used = memory(processes(run.sandbox))
        began = time.monotonic()
        manage.up(NAME, progress=for_stream())
        again = time.monotonic() - began
    finally:
        began = time.monotonic()
        manage.down(NAME)
        down = time.monotonic() - began
    return [
        Figure("API server answers", run.reached["API server"], "s"),
        Figure(f"{NODES} nodes Ready", run.reached[f"{NODES} nodes"], "s", 8),
        Figure("add-ons Ready", run.reached["add-ons"], "s", 20),
        Figure("`up` on a healthy one", again, "s"),
        Figure("memory of the empty cluster", used, "MiB", 2048),
        Figure("`down`", down, "s", 10),
    ]
