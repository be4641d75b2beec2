"""`prune` frees what can be had again, and nothing that a sandbox, running or to be started, is made of."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import builds, images, machine, manage
from sandbox.builds import binaries
from sandbox.paths import cache_root
from sandbox.pins import ADDON_IMAGES, CONTAINERD_UNIT, DEFAULT_KUBERNETES, RELEASES
from sandbox.progress import Silent
from tests.accept.sandboxes import ROOT, kubectl, roadworthy

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.geteuid() != 0, reason="the sandbox is made of namespaces: it needs root"),
]
NAME = "pruned"
UNITS = (CONTAINERD_UNIT, RELEASES[DEFAULT_KUBERNETES].unit)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache with all that a sandbox is started from, beside the real one and of its files: it takes no room."""
    for unit in UNITS:
        builds.ensure(unit)
    images.ensure(ADDON_IMAGES)
    real = cache_root()
    made = real.with_name(f"{real.name}-prune-test")
    shutil.rmtree(made, ignore_errors=True)
    (made / "bin").mkdir(parents=True)
    for unit in UNITS:
        linked(builds.folder(unit), made / "bin")
    linked(real / "deb", made)
    linked(real / "registry", made)
    monkeypatch.setenv("ROADWORTHY_CACHE", str(made))
    yield made
    manage.down(NAME)
    shutil.rmtree(made)


def linked(folder: Path, target: Path) -> None:
    subprocess.run(["cp", "-al", str(folder), str(target)], check=True)


def rubbish(path: Path, size: int = 3_000_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))
    return path


def prune() -> str:
    done = subprocess.run(roadworthy("prune"), cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_a_sandbox_runs_on_and_starts_again_without_a_build(cache: Path) -> None:
    sandbox = manage.up(NAME, nodes=1, progress=Silent()).sandbox
    former = rubbish(cache / "bin" / "kubernetes-1.30-0123456789ab" / "kubelet")
    module = rubbish(cache / "go" / "mod" / "example.org@v1" / "main.go")
    module.parent.chmod(0o555)  # as Go leaves its modules
    old = [
        former, module, rubbish(cache / "go" / "build" / "00" / "0a"), rubbish(cache / "npm" / "x" / "package.tgz"),
        rubbish(cache / "pypi" / "y" / "y.whl"),
        rubbish(cache / "registry" / "docker/registry/v2/blobs/sha256/00" / ("0" * 64) / "data"),
    ]  # fmt: skip
    told = prune()
    assert not [path for path in old if path.exists()]
    assert [line.split(":")[0] for line in told.splitlines()] == ["builds", "images"]
    supervised = machine.inits(sandbox)
    assert kubectl(sandbox, "get", "--raw", "/readyz") == "ok"
    assert manage.up(NAME, progress=Silent()).sandbox == sandbox
    assert machine.inits(sandbox) == supervised
    manage.down(NAME)
    shown = Shown()
    manage.up(NAME, nodes=1, progress=shown)
    assert not [task for task in shown.tasks if task.startswith(("build", "assemble"))]


@pytest.mark.long
def test_what_a_sandbox_runs_on_stays_until_it_is_down(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manage.up(NAME, nodes=1, progress=Silent())
    used = builds.folder(CONTAINERD_UNIT)
    # As after an upgrade of roadworthy: nobody would start one from these binaries today.
    monkeypatch.setattr(binaries, "names", lambda: [RELEASES[DEFAULT_KUBERNETES].unit])
    manage.prune()
    assert (used / "containerd").is_file()
    manage.down(NAME)
    manage.prune()
    assert not used.exists()
    assert builds.folder(RELEASES[DEFAULT_KUBERNETES].unit).is_dir()


class Shown(Silent):
    """Remembers what it was told of."""

    def __init__(self) -> None:
        self.tasks: list[str] = []

    def start(self, task: str, total_seconds: float) -> None:  # noqa: ARG002 - as everybody tells it
        self.tasks.append(task)
