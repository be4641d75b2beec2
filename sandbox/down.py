"""Takes a sandbox away: processes, namespaces, control groups, link and routes, /etc/hosts lines, state."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from roadworthy.errors import BadInput
from sandbox import cgroups, host, layout, machine, network
from sandbox.layout import MAX_NODES, Sandbox
from sandbox.paths import Paths, run_root, state_root
from sandbox.shell import run


def _known(name: str) -> Sandbox | None:
    try:
        return layout.load(name)
    except BadInput:
        return None


def exists(name: str) -> bool:
    """Tell whether anything of the sandbox called `name` is there."""
    groups = any((root / cgroups.TOP / name).exists() for root in cgroups.roots())
    return bool(Paths(name).state.exists() or network.namespaces(name) or groups)


def take_down(name: str) -> None:
    """Remove everything of a sandbox but the unreachable route and the shared cache. Nothing there: nothing happens.

    Works on any leftover, also without the record of what the sandbox was: its processes are those in its network
    namespaces and control groups, whatever their number.

    Raises:
        MachineFailed: a process can't be ended.
        CgroupBusy: a control group can't be removed.

    """
    known = _known(name)
    # Without the record: as many nodes as there may be, since only those whose namespaces exist are looked for.
    machine.kill(known or Sandbox(name, 0, nodes=MAX_NODES))
    _unmount(Paths(name).state)
    network.remove(name, known.link if known else "")
    host.forget_hosts(name)
    paths = Paths(name)
    shutil.rmtree(paths.run, ignore_errors=True)
    if paths.state.exists():
        # The record last: whoever is interrupted here can be told by it where to go on.
        for each in paths.state.iterdir():
            if each != paths.spec:
                shutil.rmtree(each) if each.is_dir() else each.unlink()
        shutil.rmtree(paths.state)
    for root in (run_root(), state_root()):
        with contextlib.suppress(OSError):
            root.rmdir()


def _unmount(folder: Path) -> None:
    """A machine's mounts die with it; this is for a mount that somebody else made below the state folder."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in sorted((p for p in points if p.startswith(f"{folder}/")), reverse=True):
        run("umount", "-l", point, check=False)
