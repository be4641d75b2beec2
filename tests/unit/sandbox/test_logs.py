"""A machine's logs stay small, whoever writes them, and their newest lines are there."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import logs

MOST = 20_000


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """It looks once at its start, and after that when it is told."""
    file = tmp_path / "run"
    file.write_text(logs.keeper(str(tmp_path), MOST, every=600))
    file.chmod(0o755)
    (tmp_path / "quiet.log").write_text("one line\n")
    with subprocess.Popen([str(file)]) as process:
        time.sleep(0.5)
        yield process
        process.kill()


def writes(path: Path, size: int) -> list[str]:
    """A service's way to write: it has the file open to append, and keeps it so."""
    lines = [f"line {number:06}" for number in range(size // 12)]
    with path.open("a") as stream:
        stream.write("".join(f"{line}\n" for line in lines))
    return lines


def look(process: subprocess.Popen[bytes], path: Path) -> None:
    process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 10
    while path.stat().st_size and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_log_that_grew_is_cut_and_its_newest_lines_kept(keeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    log = tmp_path / "kubelet.log"
    with log.open("a") as stream:  # opened before, as by a service
        for _ in range(3):
            lines = writes(log, 3 * MOST)
            look(keeper, log)
            assert log.stat().st_size == 0
            kept = (tmp_path / "kubelet.log.1").read_text()
            assert len(kept) == MOST
            assert kept.splitlines()[-100:] == lines[-100:]
        stream.write("after\n")
    assert log.read_text() == "after\n", "the service's next line is not at the file's start"
    assert sum(each.stat().st_size for each in tmp_path.glob("kubelet.log*")) <= 2 * MOST
    assert keeper.poll() is None


def test_small_ones_and_the_audit_log_are_left_alone(keeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    audit, log = tmp_path / "audit.log", tmp_path / "etcd.log"
    writes(audit, 2 * MOST)
    writes(log, 2 * MOST)
    look(keeper, log)
    assert (tmp_path / "quiet.log").read_text() == "one line\n"
    assert not (tmp_path / "quiet.log.1").exists()
    assert audit.stat().st_size > MOST
    assert not (tmp_path / "audit.log.1").exists()


def test_it_starts_no_process_while_it_waits(keeper: subprocess.Popen[bytes]) -> None:
    assert Path(f"/proc/{keeper.pid}/task/{keeper.pid}/children").read_text() == ""
