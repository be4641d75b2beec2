"""Modules with files of ours in them.

Go refuses `-overlay` above its module cache, so that the modules concerned are linked into a folder of their own, which
stands in for them by a `replace` in a copy of the unit's go.mod.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from roadworthy.errors import BadInput
from sandbox.builds.run import FETCHING, Runner
from sandbox.builds.unit import Generate


def module_folder(runner: Runner, module: str) -> Path:
    """Return where the content of ``module`` lies in the module cache, downloading it first when it is not there."""
    lines: list[str] = []
    runner.go(["mod", "download", "-json", module], lines.append)
    text = "\n".join(lines)
    return Path(json.loads(text[text.index("{") :])["Dir"])


@dataclass
class Patch:
    """The stand-ins of one unit."""

    runner: Runner
    _stand_ins: dict[str, Path] = field(default_factory=dict)

    def flags(self) -> list[str]:
        """Return the flags that make Go build with the unit's own files, none when it has no such files."""
        unit, work = self.runner.unit, self.runner.work
        modfile = work / "go.mod"
        if not unit.overlay and not unit.generate:
            return []
        if not modfile.exists():
            for inside, ours in unit.overlay.items():
                self._overlay(inside, ours)
            for step in unit.generate:
                self._generated(step)
            replaces = [f"replace {module} => {folder}\n" for module, folder in self._stand_ins.items()]
            shutil.copyfile(unit.module / "go.sum", work / "go.sum")
            modfile.write_text("\n".join([(unit.module / "go.mod").read_text(), *replaces]))
        return [f"-modfile={modfile}"]

    def _overlay(self, inside: str, ours: Path) -> None:
        """Put ``ours`` in a module: as one file of a package, or as all of it (where ``inside`` ends in a slash)."""
        module, _, file = inside.partition("//")
        target = self._stand_in(module) / file
        whole = file.endswith("/")
        package = target if whole else target.parent
        if not any(package.glob("*.go")):
            raise BadInput(
                f"a package of {module} at {package.relative_to(self._stand_in(module))}",
                seen="none",
                where=f"{self.runner.unit.folder}/unit.yaml, overlay {inside}",
                todo="give the path that this version of the module has, or take the overlay out",
            )
        if whole:
            for source in package.glob("*.go"):
                source.unlink()
            target = package / "stand_in.go"
        target.unlink(missing_ok=True)
        shutil.copyfile(ours, target)

    def _stand_in(self, module: str) -> Path:
        if module not in self._stand_ins:
            folder = self.runner.work / f"module-{len(self._stand_ins)}"
            shutil.copytree(module_folder(self.runner, module), folder, copy_function=os.link)
            self._stand_ins[module] = folder
        return self._stand_ins[module]

    def _generated(self, step: Generate) -> None:
        """Run a code generator inside a module: it sees the module as the main one, with the unit's own pins."""
        folder, tool = self._stand_in(step.module), self.runner.work / "generator"
        self.runner.go(["build", *self.runner.flags, "-o", str(tool), step.tool], lambda _: None)
        pins = (self.runner.unit.module / "go.mod").read_text()
        pins = re.sub(r"^module .*$", f"module {step.module}", pins, count=1, flags=re.MULTILINE)
        pins = re.sub(rf"^require {re.escape(step.module)} .*$", "", pins, flags=re.MULTILINE)
        pins = re.sub(r"^tool .*$", "", pins, flags=re.MULTILINE)
        for name, text in (("go.mod", pins), ("go.sum", (self.runner.unit.module / "go.sum").read_text())):
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_text(text)
        settings = FETCHING | {
            "GOFLAGS": "-mod=mod -buildvcs=false",
            # A generator reads declarations: listing them with C would compile all of that, and then forget it.
            "CGO_ENABLED": "0",
            # It holds the syntax of all that it reads, 3 GB of Grafana's: at a compiler's limit it does little but
            # collect garbage (50 s of processor instead of 20).
            "GOGC": "200",
            "GOMEMLIMIT": "off",
        }
        self.runner.run([str(tool), *step.arguments], lambda _: None, folder, settings)
