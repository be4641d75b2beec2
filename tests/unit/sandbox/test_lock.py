"""Two that work on one sandbox: the second waits, is told for whom, and goes on whatever became of the first."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from roadworthy.errors import Refused
from sandbox import lock
from sandbox.paths import run_root
from sandbox.progress import Lines

ROOT = Path(__file__).resolve().parents[3]
HOLD = """
import sys, time
from sandbox import lock
with lock.held("one"):
    print("held", flush=True)
    time.sleep(float(sys.argv[1]))
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADWORTHY_RUN", str(tmp_path / "run"))


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock for as long as the test lets it live."""
    file = tmp_path / "roadworthy"
    file.write_text(HOLD)
    with subprocess.Popen(
        [sys.executable, str(file), "60"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_holder_that_is_ended_lets_go(other: subprocess.Popen[str], how: signal.Signals) -> None:
    out, now = io.StringIO(), time.time()
    threading.Timer(0.4, other.send_signal, (how,)).start()
    started = time.monotonic()
    with lock.held("one", progress=Lines(out)):
        waited = time.monotonic() - started
        mine = lock.holder(run_root() / "one.lock")
    assert 0.4 <= waited < 5
    assert mine is not None
    assert mine.pid == os.getpid()
    said = out.getvalue().splitlines()
    assert said[0].startswith(f"wait for process {other.pid} (`roadworthy 60`), at it since ")
    assert abs(mine.since - now) < 10
    assert ": took " in said[-1]
    assert not run_root().exists(), "the lock left something behind"


def test_a_wait_too_long_names_the_holder(other: subprocess.Popen[str]) -> None:
    with (
        pytest.raises(Refused, match=rf"process {other.pid} \(`roadworthy 60`\).*kill {other.pid}"),
        lock.held("one", seconds=0.2),
    ):
        raise AssertionError("two hold one lock")
    assert other.poll() is None
    with lock.held("two", seconds=0):
        pass


def test_who_waits_longer_than_ten_seconds_is_told_so(other: subprocess.Popen[str], tmp_path: Path) -> None:
    out, clock = io.StringIO(), [0.0]

    def tick() -> float:
        clock[0] += 3.0
        return clock[0]

    with pytest.raises(Refused), lock.held("one", seconds=3.0, progress=Lines(out, clock=tick)):
        raise AssertionError("two hold one lock")
    assert any(" s so far (Ctrl-C leaves it alone)" in line for line in out.getvalue().splitlines()[1:-1])


def test_many_at_once_take_turns() -> None:
    inside, most, done = [0], [0], [0]

    def one() -> None:
        with lock.held("one"):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.01)
            inside[0] -= 1
            done[0] += 1

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert (most, done) == ([1], [12])
