"""Runs the README's main job as a user would, and reads what it reports."""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
VERDICTS = ROOT / "reports" / "verdicts.json"
LIMIT = 75 * 60
"""Seconds: a cold first run has 20 minutes on 2 cores of its own; on shared ones it was seen to take thrice that."""


@dataclass(frozen=True)
class Run:
    """One run of the main job: its exit code and `reports/verdicts.json`."""

    code: int
    report: dict[str, Any]

    @property
    def criteria(self) -> list[dict[str, Any]]:
        criteria: list[dict[str, Any]] = self.report["criteria"]
        return criteria

    def other_than(self, *verdicts: str) -> list[str]:
        """One line per criterion whose verdict is none of these."""
        return [
            f"{each['id']}: {each['verdict']}: {each['reason']}"
            for each in self.criteria
            if each["verdict"] not in verdicts
        ]

    @property
    def changes(self) -> list[dict[str, Any]]:
        return [change for each in self.criteria for remedy in each["remedies"] for change in remedy["changes"]]


def readme_command() -> list[str]:
    """What follows `./bootstrap &&` in the README's first command."""
    found = re.search(
        r"^    \./bootstrap && (\S*pytest .*--remediate)$", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert found, "README.md has no line '    ./bootstrap && … pytest … --remediate'"
    return shlex.split(found[1])


def run(*, remediate: bool = True) -> Run:
    """Run it (its output goes where ours goes) and read its report, which must be a new one."""
    command = [part for part in readme_command() if remediate or part != "--remediate"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    VERDICTS.unlink(missing_ok=True)
    sys.stderr.write(f"+ {shlex.join(command)}\n")
    done = subprocess.run(command, cwd=ROOT, env=environment, timeout=LIMIT, check=False)
    assert VERDICTS.exists(), f"{' '.join(command)} ended with {done.returncode} and left no {VERDICTS}"
    return Run(done.returncode, json.loads(VERDICTS.read_text(encoding="utf-8")))
