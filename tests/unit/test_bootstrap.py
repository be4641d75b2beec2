"""`./bootstrap` on its short ways: nothing to do, nothing to do it with. (The long way is every fresh clone's.)"""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose environment is finished, as its stamp says."""
    for name in ("bootstrap", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to("/bin/true")
    lock, metadata = (
        hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("requirements.lock", "pyproject.toml")
    )
    (tmp_path / ".venv" / ".bootstrap").write_text(f"{tmp_path.resolve()} {lock}\n{metadata}\n")
    return tmp_path


def bootstrap(project: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(project / "bootstrap")],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_with_nothing_to_do_it_is_silent_and_quick(project: Path) -> None:
    times = []
    for _ in range(3):
        started = time.monotonic()
        done = bootstrap(project)
        times.append(time.monotonic() - started)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert min(times) < 0.2


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_file_is_noticed_and_the_stamp_goes_first(project: Path, changed: str) -> None:
    with (project / changed).open("a") as file:
        file.write("# changed\n")
    (project / ".venv" / "bin" / "python").unlink()
    (project / ".venv" / "bin" / "python").symlink_to("/bin/false")  # pip fails at once
    done = bootstrap(project)
    assert done.returncode == 1
    assert "pip could not install" in done.stderr
    assert not (project / ".venv" / ".bootstrap").exists()


def test_an_interpreter_that_is_no_good_is_refused(project: Path) -> None:
    (project / ".venv" / ".bootstrap").unlink()
    done = bootstrap(project, PYTHON="/bin/false")
    assert done.returncode == 1
    assert "PYTHON=/bin/false does not run, or is older than 3.11" in done.stderr
    assert (project / ".venv" / "bin" / "python").exists()


def test_ci_runs_the_readmes_command() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line.startswith("    ./bootstrap && ")]
    assert len(commands) == 2
    assert "--remediate" in commands[0]
    assert ".venv/bin/tox " in commands[1]
