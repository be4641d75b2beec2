"""What the sandbox changes on the host itself, besides its own folders, namespaces, link and routes."""

from __future__ import annotations

import contextlib
from pathlib import Path

from sandbox import lock

LIMITS = {
    # Every kubelet, containerd and container watches files; the usual 128 are gone with three nodes.
    "fs/inotify/max_user_instances": 8192,
    "fs/inotify/max_user_watches": 524288,
}
HOSTS = Path("/etc/hosts")


def raise_limits() -> None:
    """Raise the kernel's limits that eight nodes would hit, where they are lower. They stay: nobody misses the old."""
    for name, least in LIMITS.items():
        path = Path("/proc/sys") / name
        if int(path.read_text()) < least:
            path.write_text(str(least))


def _marks(name: str) -> tuple[str, str]:
    return f"# roadworthy sandbox {name}: begin", f"# roadworthy sandbox {name}: end"


def _without_block(name: str) -> list[str]:
    begin, end = _marks(name)
    kept, inside = [], False
    for line in HOSTS.read_text().splitlines():
        if line == begin:
            inside = True
        elif line == end:
            inside = False
        elif not inside:
            kept.append(line)
    return kept


def _write_hosts(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    if text != HOSTS.read_text():
        # In place: where /etc/hosts is a mount of its own it can't be replaced.
        HOSTS.write_text(text)


def name_hosts(name: str, address: str, hosts: list[str]) -> None:
    """Keep the sandbox's marked block in /etc/hosts: all `hosts` at `address`."""
    begin, end = _marks(name)
    with lock.held(".hosts"):  # every sandbox has lines in it
        _write_hosts([*_without_block(name), begin, *(f"{address} {host}" for host in hosts), end])


def forget_hosts(name: str) -> None:
    """Take the sandbox's marked block out of /etc/hosts."""
    with lock.held(".hosts"), contextlib.suppress(FileNotFoundError):
        _write_hosts(_without_block(name))
