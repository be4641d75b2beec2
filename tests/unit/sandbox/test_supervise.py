"""How long a service is waited for: one that is still ending what it has begun gets the time for that."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

from sandbox import supervise
from sandbox.layout import Sandbox


@pytest.mark.parametrize(("seen", "seconds"), [("down", 15), ("run, got TERM", supervise.DRAINS)])
def test_a_service_that_drains_is_waited_for(monkeypatch: pytest.MonkeyPatch, seen: str, seconds: float) -> None:
    waited: list[Any] = []
    monkeypatch.setattr(supervise, "tell", lambda *_: None)
    monkeypatch.setattr(supervise, "state", lambda *_: seen)
    monkeypatch.setattr(supervise, "wait", lambda *words, timeout: waited.append((words[-1], timeout)))
    supervise.start(cast("Sandbox", None), "control-plane", "kube-apiserver")
    assert waited == [("run", seconds)]


def test_a_program_that_a_script_waits_by_is_missed_aloud(tmp_path: Path) -> None:
    program = tmp_path / "kubectl"

    def run() -> subprocess.CompletedProcess[str]:
        lines = f"{supervise.present(str(program))}\necho waits"
        return subprocess.run(["bash", "-c", lines], capture_output=True, text=True, check=False)

    without = run()
    assert (without.returncode, f"expected: the program {program}; seen: none" in without.stdout) == (1, True)
    program.touch(mode=0o755)
    assert run().stdout == "waits\n"
