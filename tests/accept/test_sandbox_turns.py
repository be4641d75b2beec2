"""Two that want the same sandbox take turns: each command ends as if it had been alone, and says for whom it waited."""

import io
import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from sandbox import layout, lock, machine, manage, provider, status
from sandbox.api import Api, path
from sandbox.layout import Sandbox
from sandbox.paths import run_root
from sandbox.progress import Lines, Silent
from tests.accept.sandboxes import ROOT, eventually, remains, roadworthy

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.geteuid() != 0, reason="the sandbox is made of namespaces: it needs root"),
]
NAME = "turns"
UP = ("up", "--name", NAME, "--nodes", "2")
DOWN = ("down", "--name", NAME)


@pytest.fixture(scope="module", autouse=True)
def gone_at_the_end() -> Iterator[None]:
    manage.down(NAME)
    yield
    manage.down(NAME)


def start(*words: str) -> subprocess.Popen[str]:
    """A command that holds the lock by the time this returns."""
    process = subprocess.Popen(
        roadworthy(*words), cwd=ROOT, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    eventually(lambda: holds(process))
    return process


def holds(process: subprocess.Popen[str]) -> bool:
    known = lock.holder(run_root() / f"{NAME}.lock")
    return known is not None and known.pid == process.pid


def run(*words: str) -> tuple[int, str]:
    done = subprocess.run(roadworthy(*words), cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    return done.returncode, done.stdout + done.stderr


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, err = process.communicate(timeout=180)
    return process.returncode, out + err


def known() -> Sandbox:
    found = layout.load(NAME)
    assert found is not None
    return found


def test_two_come_up_at_once() -> None:
    first = start(*UP)
    code, said = run(*UP)
    assert f"wait for process {first.pid} (" in said
    assert " at it since " in said
    assert code == 0, said
    assert ended(first)[0] == 0
    sandbox = known()
    assert status.read(sandbox)["healthy"]
    boots = {name: machine.boot_id(sandbox, name) for name in sandbox.machines}
    # The second found everything in order: it booted no machine again.
    assert all((sandbox.paths.machine(name) / "boot_id").stat().st_mtime < time.time() - 1 for name in boots)
    assert len(machine.inits(sandbox)) == len(sandbox.machines)


@pytest.mark.long
def test_one_comes_up_while_the_other_goes_down() -> None:
    manage.up(NAME, nodes=2, progress=Silent())
    going = start(*DOWN)
    code, said = run(*UP)
    assert code == 0, said
    assert f"wait for process {going.pid} (" in said
    assert ended(going)[0] == 0
    assert status.read(known())["healthy"]


@pytest.mark.long
def test_one_goes_down_while_the_other_comes_up() -> None:
    manage.down(NAME)
    coming = start(*UP)
    code, said = run(*DOWN)
    assert (code, ended(coming)[0]) == (0, 0), said
    assert f"wait for process {coming.pid} (" in said
    assert remains(NAME, "rw-none") == []
    assert layout.load(NAME) is None


@pytest.mark.long
def test_a_run_of_pytest_beside_one_that_goes_down() -> None:
    before = provider.provide({"name": NAME, "nodes": 2}, Silent())
    going, out = start(*DOWN), io.StringIO()
    told = provider.provide({"name": NAME, "nodes": 2}, Lines(out))
    assert ended(going)[0] == 0
    assert f"wait for process {going.pid} (" in out.getvalue()
    assert told["kube_system_uid"] != before["kube_system_uid"]
    sandbox = known()
    assert Api(sandbox).get(path("v1", "Namespace", name="kube-system"))["metadata"]["uid"] == told["kube_system_uid"]
    assert status.read(sandbox)["healthy"]


@pytest.mark.long
@pytest.mark.parametrize("after", [0.3, 2.0])
def test_who_is_interrupted_lets_the_next_one_go_on(after: float) -> None:
    manage.down(NAME)
    first = start(*UP)
    second = subprocess.Popen(roadworthy(*UP), cwd=ROOT, start_new_session=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    time.sleep(after)
    os.killpg(first.pid, signal.SIGINT)
    assert ended(first)[0] != 0
    out, _ = second.communicate(timeout=180)
    assert second.returncode == 0, out
    assert status.read(known())["healthy"]
