"""A sandbox to break on purpose, judged by pytest in a process of its own, as a person would."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from prove.matrix import ROOT
from roadworthy.errors import RoadworthyError
from sandbox import faults, layout
from sandbox.api import Api, path
from sandbox.faults import registry
from sandbox.layout import Sandbox

#: The most that a run of one feature may take, seconds.
LONGEST = 2400.0
#: As much of its patience a promise has when only its red is looked for: that it is red in all its time, the run that
#: repairs it finds out, and confirms.
HURRIED = 0.3


@dataclass(frozen=True)
class Judged:
    """What one run came to: the criteria's verdicts.json entries, and the process's own words.

    ``recovered`` is what it put right before it judged (verdicts.json, too).
    """

    code: int
    criteria: list[dict[str, Any]]
    output: str
    seconds: float
    recovered: tuple[dict[str, Any], ...] = ()

    @property
    def only(self) -> dict[str, Any]:
        """The one criterion of a run of one.

        Raises:
            RoadworthyError: it was a run of none, or of more.

        """
        if len(self.criteria) != 1:
            raise RoadworthyError("a run of one criterion", seen=self.output[-3000:])
        return self.criteria[0]

    @property
    def changes(self) -> list[tuple[str, dict[str, Any]]]:
        """Every Change that was made, with the remedy that made it (`module.argument`)."""
        return [
            (remedy_name(remedy), change)
            for remedy in (*self.recovered, *(each for one in self.criteria for each in one["remedies"]))
            for change in remedy["changes"]
            if change["done"]
        ]


def remedy_name(remedy: dict[str, Any]) -> str:
    """Return ``module.argument``."""
    return ".".join(filter(None, (remedy["name"], remedy.get("argument", ""))))


@dataclass(frozen=True)
class Bench:
    """One sandbox, and the folder that its profile and the reports of its runs go to."""

    name: str
    folder: Path

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox.

        Raises:
            RoadworthyError: there is none.

        """
        found = layout.load(self.name)
        if found is None:
            raise RoadworthyError(f"a sandbox {self.name}", todo=f"roadworthy sandbox up --name {self.name}")
        return found

    def set_up(self) -> Bench:
        """Write the sandbox's profile and its hurried twin, each beside the schema; return the bench."""
        text = (ROOT / "clusters" / "sandbox.yaml").read_text(encoding="utf-8")
        profile = yaml.safe_load(text.replace("sandbox.test", f"{self.name}.test"))
        profile.setdefault("options", {})["name"] = self.name
        for folder, factor in ((self.folder, 1.0), (self.folder / "hurried", HURRIED)):
            folder.mkdir(parents=True, exist_ok=True)
            text = yaml.safe_dump({**profile, "time_factor": factor}, sort_keys=False)
            (folder / "sandbox.yaml").write_text(text, encoding="utf-8")
            (folder / "profile.schema.json").write_bytes((ROOT / "clusters" / "profile.schema.json").read_bytes())
        return self

    def judge(self, *node_ids: str, run: str = "all", remediate: bool = False, hurried: bool = False) -> Judged:
        """Judge these criteria; the reports, and with them the journal's memory, are those of ``run`` alone.

        ``hurried`` cuts all waits down to ``HURRIED``.

        Raises:
            RoadworthyError: the run came to no verdicts.

        """
        reports = self.folder / "reports" / run
        (reports / "verdicts.json").unlink(missing_ok=True)
        profiles = self.folder / "hurried" if hurried else self.folder
        # Without the plugin of hypothesis, which takes 0.8 s to say at the end that it has nothing to say.
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest", "--cluster", "sandbox"]
        command += ["--profile-dir", str(profiles)]
        command += ["--reports", str(reports), *(["--remediate"] if remediate else []), *node_ids]
        started = time.monotonic()
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
        output = f"$ {' '.join(command)}\n{ended.stdout}\n{ended.stderr}"
        try:
            said = json.loads((reports / "verdicts.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            seen = f"exit code {ended.returncode}\n{output[-6000:]}"
            raise RoadworthyError("the run's verdicts.json", seen=seen, where=str(reports)) from None
        (reports / f"output-{time.time():.0f}.txt").write_text(output, encoding="utf-8")
        seconds = time.monotonic() - started
        return Judged(ended.returncode, said["criteria"], output, seconds, tuple(said["recovered"]))

    @contextmanager
    def injected(self, steps: tuple[tuple[str, Any], ...]) -> Iterator[Callable[[], None]]:
        """Inject the steps; the value undoes them, and so does the end of the block, if that hasn't happened."""
        there, numbers = self.sandbox, list[str]()

        def undo() -> None:
            while numbers:
                faults.undo(there, numbers.pop())

        try:
            for name, arguments in steps:
                if name == "restart":
                    restart(there, **arguments)
                else:
                    numbers.append(faults.inject(there, name, *_positional(there, name, arguments)))
            yield undo
        finally:
            undo()


def until(check: Callable[[], Judged], wanted: Callable[[Judged], bool], within: float) -> Judged:
    """Judge until a verdict is the wanted one; return the last, whatever it is, when the time is over."""
    deadline = time.monotonic() + within
    while True:
        seen = check()
        if wanted(seen) or time.monotonic() > deadline:
            return seen
        time.sleep(2)


def _positional(there: Sandbox, name: str, arguments: dict[str, Any]) -> list[str]:
    known = registry.known().get(name)
    if known is None:
        raise RoadworthyError("a fault of the sandbox", seen=name, todo="roadworthy sandbox faults list")
    order = {parameter.name: parameter for parameter in known.arguments}
    if not set(arguments) <= set(order):
        raise RoadworthyError(f"arguments of {name}: {', '.join(order)}", seen=", ".join(sorted(arguments)))
    last = max((index for index, key in enumerate(order) if key in arguments), default=-1)
    return [_text(there, arguments.get(key, order[key].default)) for key in list(order)[: last + 1]]


def _text(there: Sandbox, value: Any) -> str:
    """Return an argument as text; `@address:node-1` in it becomes that node's address."""
    found = value if isinstance(value, str) else json.dumps(value)
    for node in there.node_names:
        found = found.replace(f"@address:{node}", there.address(node))
    return found


def restart(there: Sandbox, namespace: str, labels: str, within: float = 90) -> None:
    """Re-create the pods with these labels, and wait until the old ones are gone and as many new ones run."""
    api, where = Api(there), path("v1", "Pod", namespace)
    old = {pod["metadata"]["uid"]: pod for pod in api.get(where, labelSelector=labels)["items"]}
    if not old:
        raise RoadworthyError(f"pods with {labels}", seen="none", where=namespace)
    for pod in old.values():
        api.call("DELETE", f"{where}/{pod['metadata']['name']}")
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        now = api.get(where, labelSelector=labels)["items"]
        fresh = [pod for pod in now if pod["metadata"]["uid"] not in old]
        if len(fresh) >= len(old) and len(now) == len(fresh) and all(pod["status"].get("startTime") for pod in fresh):
            return
        time.sleep(0.5)
    raise RoadworthyError(f"{len(old)} new pods with {labels}", where=namespace)
