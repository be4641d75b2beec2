"""The control groups of the sandbox's machines, on cgroup v1 and v2.

Each machine has the group `/roadworthy/<sandbox>/<machine>` in every hierarchy, and is the root of a cgroup namespace
of its own there: what the kubelet sees as the whole node is that group, so a node's metrics are its own. The machine's
services live in the sub-group `system`, since cgroup v2 allows processes in leaves only.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from roadworthy.errors import RoadworthyError

MOUNT = Path("/sys/fs/cgroup")
TOP = "roadworthy"
LEAF = "system"
WANTED = ("cpu", "cpuset", "memory", "pids")
"""The controllers without which a kubelet doesn't start."""


class CgroupsMissing(RoadworthyError):
    """The machine has no control groups that the sandbox could use."""


def unified() -> bool:
    """Tell whether this machine has cgroup v2 only."""
    return (MOUNT / "cgroup.controllers").exists()


def hierarchies() -> dict[str, str]:
    """Return the v1 hierarchies: folder below /sys/fs/cgroup -> mount options that make the same hierarchy again."""
    found: dict[str, str] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        head, _, tail = line.partition(" - ")
        kind, _, options = tail.split(" ")[:3]
        where = Path(head.split(" ")[4])
        if kind == "cgroup" and where.parent == MOUNT:
            controllers = [option for option in options.split(",") if option not in {"rw", "ro", "xattr"}]
            named = [option for option in controllers if option.startswith("name=")]
            found[where.name] = ",".join(["none", *named] if named else controllers)
    return found


def roots() -> list[Path]:
    """Return the root folder of each hierarchy in use."""
    return [MOUNT] if unified() else [MOUNT / folder for folder in hierarchies()]


def check() -> None:
    """Make sure that memory, cpu, cpuset and pids can be controlled.

    Raises:
        CgroupsMissing: one can't.

    """
    wanted = set(WANTED)
    if unified():
        there = set((MOUNT / "cgroup.controllers").read_text().split())
    else:
        there = {name for options in hierarchies().values() for name in options.split(",")}
    if missing := wanted - there:
        todo = "mount cgroup v2 at /sys/fs/cgroup, or the v1 hierarchies below it"
        raise CgroupsMissing(
            f"the cgroup controllers {', '.join(sorted(wanted))}",
            seen=f"without {', '.join(sorted(missing))}",
            where=str(MOUNT),
            todo=todo,
        )


def _seed(group: Path) -> None:
    """A v1 cpuset group is born empty, and takes no process until it has processors and memory nodes."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        value = (group.parent / name).read_text()
        if (group / name).read_text() != value:
            (group / name).write_text(value)


def _favour(group: Path) -> None:
    """Give a group the weight of eight ordinary processes or groups.

    To the scheduler a group is one among its neighbours: a compiler's eight processes beside the sandbox would get
    eight times what all the nodes together get.
    """
    for name, value in (("cpu.weight", "800"), ("cpu.shares", "8192")):
        if (group / name).exists():
            (group / name).write_text(value)


def _pass_on(group: Path) -> None:
    """Let a v2 group's children be controlled, by whatever the group itself is controlled by.

    Raises:
        CgroupsMissing: not by what a kubelet needs.

    """
    control = group / "cgroup.subtree_control"
    given = set(control.read_text().split())
    for name in set((group / "cgroup.controllers").read_text().split()) - given:
        try:
            control.write_text(f"+{name}")
        except OSError as error:
            if name in WANTED:
                raise CgroupsMissing(
                    f"the controller {name} for groups below {group}",
                    seen=f"{error.strerror}; processes in that group itself: {_own(group)}",
                    where=str(control),
                    todo="move them into a group below it (in a container: into one of its own)",
                ) from error


def _own(group: Path) -> int:
    """Return how many processes are in a group itself."""
    return len((group / "cgroup.procs").read_text().split())


def create(sandbox: str, machine: str) -> None:
    """Make the groups of one machine; nothing happens where they exist.

    On v2 the machine's own group passes nothing on yet: then no process could join it, and a cgroup namespace begins
    where its maker is. `templates/boot.sh` does that once it is in the namespace and out of the group.

    Raises:
        CgroupsMissing: a v2 hierarchy doesn't let its groups be controlled.

    """
    for root in roots():
        for attempt in range(5):
            # The last machine of another sandbox may go at this moment, and take the folder above with it.
            with contextlib.suppress(FileNotFoundError) if attempt < 4 else contextlib.nullcontext():
                _create(root, sandbox, machine)
                break


def _create(root: Path, sandbox: str, machine: str) -> None:
    group = root
    for part in (TOP, sandbox, machine, LEAF):
        if unified() and part != LEAF:
            _pass_on(group)
        group /= part
        group.mkdir(exist_ok=True)
        if part != machine:
            _favour(group)
        if (group / "cpuset.cpus").exists() and not unified():
            _seed(group)


def pids(sandbox: str, machine: str = "") -> set[int]:
    """Return the processes (host's numbering) in a machine's groups, or in all of the sandbox's."""
    found: set[int] = set()
    for root in roots():
        base = root / TOP / sandbox / machine
        for listing in base.rglob("cgroup.procs") if base.exists() else ():
            with contextlib.suppress(OSError):
                found.update(int(pid) for pid in listing.read_text().split() if pid != "0")
    return found


def remove(sandbox: str, machine: str = "", timeout: float = 5) -> None:
    """Remove a machine's groups, or all of the sandbox's, deepest first.

    Raises:
        CgroupBusy: a process is still in one after `timeout` seconds.

    """
    deadline = time.monotonic() + timeout
    for root in roots():
        base = root / TOP / sandbox / machine if machine else root / TOP / sandbox
        while base.exists():
            for folder in sorted((path for path in base.rglob("*") if path.is_dir()), key=lambda p: -len(p.parts)):
                with contextlib.suppress(OSError):
                    folder.rmdir()
            with contextlib.suppress(OSError):
                base.rmdir()
            if base.exists():
                if time.monotonic() > deadline:
                    raise CgroupBusy(
                        "an empty control group",
                        seen=f"processes {sorted(pids(sandbox, machine))}",
                        where=str(base),
                        todo="end them and run `roadworthy sandbox down` again",
                    )
                time.sleep(0.05)
        if machine:  # its neighbours may be making theirs at this moment
            continue
        with contextlib.suppress(OSError):
            (root / TOP).rmdir()


class CgroupBusy(RoadworthyError):
    """A control group can't be removed: there are processes in it."""
