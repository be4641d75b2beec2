"""What the acceptance tests of the sandbox share: a sandbox of their own, and ways to ask it."""

import atexit
import functools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sandbox import cgroups, lock, network, shell_in, tools
from sandbox.layout import Sandbox
from sandbox.paths import Paths

ROOT = Path(__file__).resolve().parents[2]
SPARE = "spare"
TOOLBOX = "sandbox.local/toolbox:1.35.0"
PROGRAM = (sys.executable, "-c", "from sandbox.cli import main; main()")


@functools.cache
def alone(name: str) -> None:
    """Have a sandbox to ourselves until this process ends: two suites that repair it fight over its Lease."""
    held = ExitStack()
    held.enter_context(lock.held(f"{name}.tests"))
    atexit.register(held.close)


def roadworthy(*words: str) -> list[str]:
    """The command line of `roadworthy sandbox …`."""
    return [*PROGRAM, *words]


def kubectl(sandbox: Sandbox, *words: str, stdin: str | None = None, timeout: float = 90) -> str:
    done = subprocess.run(
        [program(sandbox), f"--kubeconfig={sandbox.paths.kubeconfig}", *words],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(sandbox: Sandbox, *words: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(kubectl(sandbox, "get", *words, "-o", "json"))["items"]
    return items


def on_node(sandbox: Sandbox, node: str, *words: str) -> str:
    done = subprocess.run(
        [*shell_in.ssh(sandbox, node), *words], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def program(sandbox: Sandbox) -> str:
    return tools.kubectl(sandbox.release)


def fetch(*words: str) -> str:
    """What curl says, empty when there is no answer."""
    command = ["curl", "--silent", "--max-time", "3", "--noproxy", "*", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20).stdout


def eventually(holds: Callable[[], object], seconds: float = 30) -> None:
    """Poll until `holds` returns something true and raises nothing; else fail with the last that it said."""
    deadline, last = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        try:
            last = holds()
        except (AssertionError, OSError, LookupError, subprocess.TimeoutExpired) as error:
            last = error
        else:
            if last:
                return
        time.sleep(0.3)
    raise AssertionError(f"not within {seconds} s; last: {last!r}")


def remains(name: str, link: str) -> list[str]:
    """Everything that is left of a sandbox, in words."""
    found = [f"namespace {each}" for each in network.namespaces(name)]
    found += [f"process {each}" for each in cgroups.pids(name)]
    found += [f"control group {root}" for root in cgroups.roots() if (root / cgroups.TOP / name).exists()]
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    found += [f"mount {line.split()[4]}" for line in mounts if f"/{name}/" in line and "roadworthy" in line]
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    found += [f"link {link}"] if f" {link}@" in links or f" {link}:" in links else []
    routes = subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout.splitlines()
    found += [f"route {line}" for line in routes if f"dev {link} " in line]
    found += [f"folder {each}" for each in (Paths(name).state, Paths(name).run) if each.exists()]
    found += ["lines in /etc/hosts"] if f"roadworthy sandbox {name}:" in Path("/etc/hosts").read_text() else []
    return found
