"""Judges one promise by pytest in a process of its own, as a person would, and reads what it came to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from roadworthy.errors import RoadworthyError
from sandbox import faults, layout
from sandbox.api import Api, path
from sandbox.faults import registry
from sandbox.layout import Sandbox
from tests.faults.matrix import ROOT

#: Which sandbox is broken: one of its own, so that nobody else's is.
SANDBOX = os.environ.get("ROADWORTHY_FAULTS_SANDBOX", "sandbox")


@dataclass(frozen=True)
class Judged:
    """What one run came to: the criteria's verdicts.json entries, and the process's own words."""

    code: int
    criteria: list[dict[str, Any]]
    output: str
    seconds: float

    @property
    def only(self) -> dict[str, Any]:
        """The one criterion of a run of one."""
        assert len(self.criteria) == 1, self.output[-3000:]
        return self.criteria[0]

    @property
    def changes(self) -> list[tuple[str, dict[str, Any]]]:
        """Every Change that was made, with the remedy that made it (`module.argument`)."""
        return [
            (remedy_name(remedy), change)
            for criterion in self.criteria
            for remedy in criterion["remedies"]
            for change in remedy["changes"]
            if change["done"]
        ]


def remedy_name(remedy: dict[str, Any]) -> str:
    return ".".join(filter(None, (remedy["name"], remedy.get("argument", ""))))


def profile_folder(folder: Path) -> Path:
    """Write the profile of the sandbox to break beside the schema; return the folder."""
    text = (ROOT / "clusters" / "sandbox.yaml").read_text(encoding="utf-8")
    profile = yaml.safe_load(text.replace("sandbox.test", f"{SANDBOX}.test"))
    profile.setdefault("options", {})["name"] = SANDBOX
    (folder / "sandbox.yaml").write_text(yaml.safe_dump(profile, sort_keys=False), encoding="utf-8")
    (folder / "profile.schema.json").write_bytes((ROOT / "clusters" / "profile.schema.json").read_bytes())
    return folder


def judge(*node_ids: str, folder: Path, name: str = "all", remediate: bool = False, timeout: float = 1500) -> Judged:
    """Judge these criteria; the reports, and with them the journal's memory, are those of `name` alone."""
    reports = folder / "reports" / name
    (reports / "verdicts.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "--cluster", "sandbox", "--profile-dir", str(folder)]
    command += ["--reports", str(reports), *(["--remediate"] if remediate else []), *node_ids]
    started = time.monotonic()
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)
    output = f"$ {' '.join(command)}\n{ended.stdout}\n{ended.stderr}"
    try:
        criteria = json.loads((reports / "verdicts.json").read_text(encoding="utf-8"))["criteria"]
    except FileNotFoundError:
        raise AssertionError(f"no verdicts.json; exit code {ended.returncode}\n{output[-6000:]}") from None
    seen = Judged(ended.returncode, criteria, output, time.monotonic() - started)
    (reports / f"output-{time.time():.0f}.txt").write_text(output, encoding="utf-8")
    return seen


def until(check: Callable[[], Judged], wanted: Callable[[Judged], bool], within: float) -> Judged:
    """Judge until a verdict is the wanted one; return the last, whatever it is, when the time is over."""
    deadline = time.monotonic() + within
    while True:
        seen = check()
        if wanted(seen) or time.monotonic() > deadline:
            return seen
        time.sleep(2)


def sandbox() -> Sandbox:
    found = layout.load(SANDBOX)
    assert found is not None, f"no sandbox {SANDBOX}: roadworthy sandbox up --name {SANDBOX}"
    return found


@contextmanager
def injected(steps: tuple[tuple[str, Any], ...]) -> Iterator[Callable[[], None]]:
    """Inject the steps; the value undoes them, and so does the end of the block, if that hasn't happened."""
    there, numbers = sandbox(), list[str]()

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


def _positional(there: Sandbox, name: str, arguments: dict[str, Any]) -> list[str]:
    known = registry.known().get(name)
    assert known is not None, f"no fault {name}: roadworthy sandbox faults list"
    order = {parameter.name: parameter for parameter in known.arguments}
    assert set(arguments) <= set(order), f"{name} takes {list(order)}, not {sorted(arguments)}"
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
    assert old, f"no pod with {labels} in {namespace}"
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
