"""Runs Go's commands for one unit: niced, killed with us, added up, and explained when they fail."""

from __future__ import annotations

import atexit
import os
import re
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from roadworthy.errors import BadInput, RoadworthyError
from sandbox.builds.toolchain import Toolchain
from sandbox.builds.unit import Unit

NICE = 10
PACKAGE = re.compile(r"^[\w.~/-]+$")
"""A line of `go build -v`: the package it compiles."""
_UNREACHABLE = re.compile(r"dial tcp|no such host|i/o timeout|connection refused|TLS handshake|403 Forbidden|410 Gone")
COMPILER = (
    "-trimpath",
    # A profile would compile the same dependency once per program.
    "-pgo=off",
    # Debug information would be stripped again. Without inlining a sixth less processor time goes into compiling
    # (decision 0012): everywhere but in what Go, gRPC, Protocol Buffers and etcd do at every request.
    "-gcflags=all=-dwarf=false -l",
    "-gcflags=std=-dwarf=false",
    "-gcflags=golang.org/...=-dwarf=false",
    "-gcflags=google.golang.org/...=-dwarf=false",
    "-gcflags=go.etcd.io/...=-dwarf=false",
)
"""How everything is compiled: what decides how long it takes and how fast the result is, not what that does."""
PURE = ("netgo", "osusergo")
"""With C or without, Go's own `net` is the same package: else a unit with C would compile all that needs it again."""
FETCHING = {"GOMAXPROCS": "16"}
"""Settings of what mostly downloads modules: Go fetches as many at once as it believes there are processors."""


class BuildError(RoadworthyError):
    """Go did not build a unit."""


@dataclass
class Runner:
    """Runs commands with the settings of ``toolchain`` for ``unit``.

    Attributes:
        work: a folder for temporary files, on the disk of the cache.
        cpu_seconds: user and system time of all commands so far.

    """

    unit: Unit
    toolchain: Toolchain
    work: Path
    cpu_seconds: float = 0.0

    @property
    def flags(self) -> list[str]:
        """Return the flags with which every package is listed and compiled, so that Go finds it compiled next time."""
        return [*COMPILER, f"-tags={','.join([*PURE, *self.unit.tags])}"]

    def go(
        self, arguments: Sequence[str], heard: Callable[[str], None], settings: Mapping[str, str] | None = None
    ) -> None:
        """Run ``go`` in the unit's module, as ``run`` does."""
        self.run([str(self.toolchain.go), *arguments], heard, self.unit.module, settings)

    def run(
        self,
        command: Sequence[str],
        heard: Callable[[str], None],
        folder: Path,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Run ``command`` in ``folder`` with ``settings`` in its environment, hand each line it writes to ``heard``.

        Raises:
            BuildError: it failed.
            BadInput: it failed because a registry did not answer.

        """
        environment = self.toolchain.environment(cgo=self.unit.cgo)
        environment["GOTMPDIR"] = str(self.work)
        environment["PATH"] = f"{self.toolchain.go.parent}:{environment.get('PATH', '')}"
        environment |= settings or {}
        tail: deque[str] = deque(maxlen=25)
        process = subprocess.Popen(
            ["nice", "-n", str(NICE), *command],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

        def end() -> None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

        # A build that goes on behind a run, in a daemon thread, is not unwound when the run ends.
        atexit.register(end)
        try:
            for raw in process.stdout or ():
                line = raw.rstrip()
                if not PACKAGE.match(line):
                    tail.append(line)
                heard(line)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            atexit.unregister(end)
            if process.returncode is None:
                end()
        self.cpu_seconds += usage.ru_utime + usage.ru_stime
        if process.returncode != 0:
            raise self._explained(command, list(tail))

    def _explained(self, command: Sequence[str], said: Sequence[str]) -> RoadworthyError:
        text = " | ".join(said[-8:])
        where = f"{self.unit.module}/go.mod, unit {self.unit.name}"
        if _UNREACHABLE.search(text):
            return BadInput(
                "Go's module proxy and checksum database to answer",
                seen=text,
                where=f"{where}; `go env GOPROXY GOSUMDB`",
                todo="check the network or set GOPROXY, then run the same command again: it goes on where it stopped",
            )
        verb = " ".join([Path(command[0]).name, *command[1:2]])
        return BuildError(f"`{verb}` to work for {self.unit.name}", seen=text, where=where)
