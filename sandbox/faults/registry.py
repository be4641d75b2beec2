"""How faults are declared, found, injected and undone, across processes.

    @fault("stop-kubelet")
    def stop_kubelet(site: Site, node: str) -> Iterator[Memory]:
        yield {"node": node}                # what the undo needs; it is on disk before anything is broken
        service.stop(site, node, "kubelet") # the breaking itself

    @stop_kubelet.undo
    def _(site: Site, memory: Memory) -> None:
        service.start(site, memory["node"], "kubelet")

A fault is a generator that yields once: before the `yield` it looks and refuses, what it yields is remembered, after
it it breaks. Its undo works from the memory alone, in any later process, and may be run twice. Faults from
other rooms are found by the entry point group `roadworthy.faults` (a module whose import declares them).
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from roadworthy.errors import BadInput
from sandbox import lock
from sandbox.api import Api
from sandbox.faults import record
from sandbox.layout import Sandbox

Memory = dict[str, Any]
GROUP = "roadworthy.faults"


@dataclass(frozen=True)
class Site:
    """Where a fault is injected."""

    sandbox: Sandbox
    api: Api


@dataclass
class Fault:
    """One way to break a sandbox.

    Attributes:
        name: as given on the command line.
        breaks: the generator; its arguments after the site are texts from the command line.
        mends: the undo; raises if it can't.

    """

    name: str
    breaks: Callable[..., Iterator[Memory]]
    mends: Callable[[Site, Memory], None] | None = None

    def undo(self, mends: Callable[[Site, Memory], None]) -> Callable[[Site, Memory], None]:
        """Declare the way back."""
        self.mends = mends
        return mends

    @property
    def arguments(self) -> list[inspect.Parameter]:
        """What it wants to be told."""
        return list(inspect.signature(self.breaks).parameters.values())[1:]


_known: dict[str, Fault] = {}


def fault(name: str) -> Callable[[Callable[..., Iterator[Memory]]], Fault]:
    """Declare a fault."""

    def declare(breaks: Callable[..., Iterator[Memory]]) -> Fault:
        if name in _known and _known[name].breaks.__module__ != breaks.__module__:
            raise BadInput(
                f"one fault called {name}", seen=f"another in {_known[name].breaks.__module__}", where=breaks.__module__
            )
        _known[name] = Fault(name, breaks)
        return _known[name]

    return declare


def known() -> dict[str, Fault]:
    """Return every fault, ours and those of other rooms, by name."""
    for module in ("backups", "cluster", "jobs", "machines", "storage", "workloads"):
        import_module(f"sandbox.faults.{module}")

    for point in entry_points(group=GROUP):
        point.load()
    return dict(sorted(_known.items()))


def names() -> list[str]:
    """Return the names of all faults."""
    return list(known())


def usage() -> dict[str, tuple[str, str]]:
    """Return, by name, how each fault is called and what it does."""
    found = {}
    for name, each in known().items():
        words = [f"[{p.name.upper()}]" if p.default is not p.empty else p.name.upper() for p in each.arguments]
        found[name] = (" ".join([name, *words]), (inspect.getdoc(each.breaks) or "").split("\n", maxsplit=1)[0])
    return found


def inject(sandbox: Sandbox, name: str, *arguments: str) -> str:
    """Inject a fault; return its id, by which it is undone.

    Raises:
        BadInput: no such fault, wrong arguments, or there is nothing that it could break.

    """
    faults = known()
    if name not in faults:
        raise BadInput("the name of a fault", seen=name, todo=f"one of {', '.join(faults)}")
    chosen = faults[name]
    least = sum(1 for p in chosen.arguments if p.default is p.empty)
    if not least <= len(arguments) <= len(chosen.arguments):
        raise BadInput(f"`{usage()[name][0]}`", seen=" ".join([name, *arguments]))
    with lock.held(sandbox.name):
        steps = chosen.breaks(Site(sandbox, Api(sandbox)), *arguments)
        memory = next(steps)
        entries = record.read(sandbox)
        number = 1 + max((int(entry["id"]) for entry in entries), default=0)
        entry = {
            "id": str(number),
            "fault": name,
            "arguments": list(arguments),
            "since": round(time.time(), 3),
            "memory": memory,
        }
        record.write(sandbox, [*entries, entry])
        for more in steps:
            raise BadInput("a fault that yields once", seen=f"{name} yielded {more!r} as well")
    return str(number)


def undo(sandbox: Sandbox, which: str = "") -> list[str]:
    """Undo the fault with this id or all of this name (empty: all), newest first; return what was undone.

    Raises:
        BadInput: none is injected that is called so.

    """
    faults, undone = known(), []
    with lock.held(sandbox.name):
        entries = record.read(sandbox)
        chosen = [entry for entry in entries if which in {"", entry["id"], entry["fault"]}]
        if which and not chosen:
            there = ", ".join(f"{entry['id']} ({entry['fault']})" for entry in entries) or "none"
            raise BadInput("a fault that is injected", seen=which, todo=f"these are: {there}")
        for entry in reversed(chosen):
            mends = faults[entry["fault"]].mends if entry["fault"] in faults else None
            if mends is None:
                raise BadInput(f"a way back from {entry['fault']}", where=str(sandbox.paths.faults))
            mends(Site(sandbox, Api(sandbox)), entry["memory"])
            entries = [each for each in entries if each["id"] != entry["id"]]
            record.write(sandbox, entries)
            undone.append(" ".join([entry["fault"], *entry["arguments"]]))
    return undone
