"""Who a process is, so that others can tell for certain whether it lives, and children that die with their parent."""

from __future__ import annotations

import os
import shutil
import socket
from contextlib import suppress
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def _here() -> str:
    """Return what process numbers mean something in: this host, this boot, this PID namespace."""
    boot = namespace = ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
    return f"{socket.gethostname()}/{boot}-{namespace}"


def _started(pid: int) -> str:
    """Return when a process began, in clock ticks since boot; empty when there is none (a zombie is none)."""
    with suppress(OSError, IndexError):
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return "" if state in "ZX" else fields[18]
    return ""


def identity() -> str:
    """Return this process's identity: ``host/boot-namespace/pid/start``. No other process ever has the same."""
    pid = os.getpid()
    return f"{_here()}/{pid}/{_started(pid)}"


def dead(who: str) -> bool:
    """Whether the process with this identity is known to be no more; False when that can't be told from here."""
    here, _, start = who.rpartition("/")
    here, _, pid = here.rpartition("/")
    return bool(start) and pid.isdigit() and here == _here() and _started(int(pid)) != start


def mortal(argv: list[str]) -> list[str]:
    """Return a command that is killed when the thread that starts it ends (by ``setpriv`` of util-linux)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--", *argv] if setpriv else argv
