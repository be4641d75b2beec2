"""What every executor works with, and child processes that end when they must."""

from __future__ import annotations

import difflib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import yaml

from roadworthy import process, redact
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge.records import ActionFailed, Options
from roadworthy.errors import TimedOut, Unknown

#: How long a child may take to end by itself once it was asked to. Seconds.
GRACE = 5.0
#: What of a tool's output is kept, from its end. Characters.
LAST_WORDS = 1500
_VOLATILE = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink")


def _unleased() -> None:
    """Hold no Lease, and miss none: a rehearsal."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The cluster, the engine's options, the run's id, and the event that says that the Lease is lost.

    ``leased`` raises Refused when it isn't held any more: asked just before each write, however long the reads took.
    """

    cluster: LiveCluster
    options: Options
    run: str
    lost: threading.Event
    leased: Callable[[], None] = _unleased


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child process ended.

    ``out`` is as it came, to be parsed: redact what is shown of it; ``err`` is redacted.
    """

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """The end of what it said."""
        return (self.err.strip() or redact.text(self.out).strip())[-LAST_WORDS:]


def run(tools: Tools, argv: list[str], *, env: Mapping[str, str], timeout: float, what: str) -> Ended:
    """Run a child in a process group of its own; it doesn't outlive its time, the Lease, or us.

    Raises:
        TimedOut: what it did until then is unknown. Unknown: the Lease was lost meanwhile, the same.
        ActionFailed: it can't be started.

    """
    try:
        child = subprocess.Popen(
            process.mortal(argv),
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise ActionFailed(f"{what} can be started", seen=str(error), where=argv[0]) from error
    deadline = time.monotonic() + timeout
    try:
        while True:
            try:
                out, err = child.communicate(timeout=0.2)
                return Ended(child.returncode, out, redact.text(err))
            except subprocess.TimeoutExpired:
                if tools.lost.is_set():
                    raise Unknown(
                        f"{what} ends while the lease is held",
                        seen="the lease was lost; it was stopped",
                        todo="run again: what it left half-done is looked for first",
                    ) from None
                if time.monotonic() > deadline:
                    raise TimedOut(f"{what} ends within {timeout:.0f} s", seen="it was stopped") from None
    finally:
        _end(child)


def _end(child: subprocess.Popen[str]) -> None:
    """End a child's whole process group: first ask, then kill.

    Also what the child left behind when it ended by itself.
    """
    if child.poll() is None:
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(child.pid, signal.SIGTERM)
            child.wait(timeout=GRACE)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def stripped(thing: Mapping[str, Any] | None) -> Any:
    """Return an object as a person would write it, redacted: without status and what the server adds."""
    if thing is None:
        return None
    metadata = {k: v for k, v in (thing.get("metadata") or {}).items() if k not in _VOLATILE}
    rest = {k: v for k, v in thing.items() if k not in {"metadata", "status"}}
    return redact.data({**rest, "metadata": metadata})


def diff(before: Any, after: Any, name: str) -> str:
    """Return the unified diff of two JSON-like values, as YAML; empty when they are equal."""
    old, new = (
        value if isinstance(value, str) else "" if value is None else yaml.safe_dump(value, sort_keys=True, width=1000)
        for value in (before, after)
    )
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"{name} (now)", f"{name} (then)", lineterm="", n=3
    )
    return redact.text("\n".join(lines))
