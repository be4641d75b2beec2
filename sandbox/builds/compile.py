"""Runs Go for one unit, and tells how far it is."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from roadworthy.errors import BadInput, RoadworthyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.builds.toolchain import Toolchain
    from sandbox.builds.unit import Unit

NICE = 10
_UNREACHABLE = re.compile(r"dial tcp|no such host|i/o timeout|connection refused|TLS handshake|403 Forbidden|410 Gone")
_PACKAGE = re.compile(r"^[\w.~/-]+$")


class BuildError(RoadworthyError):
    """Go did not build a unit."""


@dataclass
class Cost:
    """CPU seconds, user and system, of the processes run so far."""

    cpu: float = 0.0


@dataclass
class Compiler:
    """Builds ``unit`` with ``toolchain``; every process ends when this one is interrupted.

    Attributes:
        work: a folder for temporary files, on the disk of the cache.
        cost: what it has taken so far.

    """

    unit: Unit
    toolchain: Toolchain
    work: Path
    cost: Cost = field(default_factory=Cost)
    _modfile: list[str] = field(default_factory=list)

    def packages(self) -> int:
        """Return how many packages the unit is made of; downloads the modules that are missing."""
        lines: list[str] = []
        self._go(["list", *self._tags(), *self._patched(), "-deps", *self.unit.binaries.values()], lines.append)
        return len(lines)

    def build(self, target: Path, compiled: Callable[[int, str], None]) -> None:
        """Build the unit's binaries into ``target``; ``compiled`` hears the count and name of each package done.

        Raises:
            BuildError: Go said why not.
            BadInput: a registry did not answer.

        """
        count = 0

        def heard(line: str) -> None:
            nonlocal count
            if _PACKAGE.match(line):
                count += 1
                compiled(count, line)

        flags = ["-v", "-trimpath", "-pgo=off", "-gcflags=all=-dwarf=false", *self._tags(), *self._patched()]
        flags.append("-ldflags=" + " ".join(["-s", "-w", *self.unit.ldflags]))
        together = self.work / "out"
        together.mkdir()
        self._go(["build", *flags, "-o", f"{together}/", *self.unit.binaries.values()], heard)
        for name, package in self.unit.binaries.items():
            built = together / command_name(package)
            if not built.is_file():
                raise BuildError(
                    f"{built.name} from {package}", seen=", ".join(path.name for path in together.iterdir())
                )
            built.rename(target / name)

    def module_folder(self, module: str) -> Path:
        """Return where the content of ``module`` lies in the module cache."""
        lines: list[str] = []
        self._go(["list", "-m", "-f", "{{.Dir}}", module], lines.append)
        return Path(lines[0])

    def _tags(self) -> list[str]:
        return [f"-tags={','.join(self.unit.tags)}"] if self.unit.tags else []

    def _patched(self) -> list[str]:
        """Return the flags that build with the unit's overlay.

        Go refuses `-overlay` above its module cache, so that the modules concerned are linked into a folder of their
        own, which stands in for them.
        """
        if not self.unit.overlay or self._modfile:
            return self._modfile
        lines = [(self.unit.module / "go.mod").read_text()]
        stand_ins: dict[str, Path] = {}
        for inside, ours in self.unit.overlay.items():
            module, _, file = inside.partition("//")
            if module not in stand_ins:
                stand_ins[module] = self.work / f"module-{len(stand_ins)}"
                shutil.copytree(self.module_folder(module), stand_ins[module], copy_function=os.link)
                lines.append(f"replace {module} => {stand_ins[module]}\n")
            target = stand_ins[module] / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copyfile(ours, target)
        (self.work / "go.mod").write_text("\n".join(lines))
        shutil.copyfile(self.unit.module / "go.sum", self.work / "go.sum")
        self._modfile = [f"-modfile={self.work / 'go.mod'}"]
        return self._modfile

    def _go(self, arguments: Sequence[str], heard: Callable[[str], None]) -> None:
        """Run ``go``, hand each line of its output to ``heard``, and add up what it cost."""
        tail: deque[str] = deque(maxlen=25)
        process = subprocess.Popen(
            ["nice", "-n", str(NICE), str(self.toolchain.go), *arguments],
            cwd=self.unit.module,
            env=self.toolchain.environment(cgo=self.unit.cgo) | {"GOTMPDIR": str(self.work)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            for raw in process.stdout or ():
                line = raw.rstrip()
                tail.append(line)
                heard(line)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.cost.cpu += usage.ru_utime + usage.ru_stime
        if process.returncode != 0:
            raise self._explained(arguments[0], [line for line in tail if not _PACKAGE.match(line)])

    def _explained(self, verb: str, said: Sequence[str]) -> RoadworthyError:
        text = " | ".join(said[-8:])
        where = f"{self.unit.module}/go.mod, unit {self.unit.name}"
        if _UNREACHABLE.search(text):
            return BadInput(
                "Go's module proxy and checksum database to answer",
                seen=text,
                where=f"{where}; `go env GOPROXY GOSUMDB`",
                todo="check the network or set GOPROXY, then run the same command again: it goes on where it stopped",
            )
        return BuildError(f"`go {verb}` to build {self.unit.name}", seen=text, where=where)


def command_name(package: str) -> str:
    """Return the file name that Go gives a package's command: the last part that is no major version."""
    parts = package.split("/")
    return parts[-2] if re.fullmatch(r"v\d+", parts[-1]) and len(parts) > 1 else parts[-1]
