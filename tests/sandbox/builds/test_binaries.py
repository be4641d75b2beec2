"""A unit is built when it is asked for, and appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.errors import BadInput
from sandbox import store
from sandbox.builds import binaries, toolchain


def test_a_ready_unit_is_returned_without_go(cache: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = binaries.folder("hello")
    assert not binaries.ready("hello")
    target.mkdir(parents=True)
    monkeypatch.setattr(binaries, "_build", lambda *_: pytest.fail("must not build"))
    assert binaries.ready("hello")
    assert binaries.ensure("hello") == target


def test_a_build_that_fails_leaves_nothing_behind(cache: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(toolchain, "obtain", lambda _: toolchain.Toolchain(Path("/bin/false"), "go1.26.8"))
    monkeypatch.setattr(binaries, "build", interrupted)
    with pytest.raises(KeyboardInterrupt):
        binaries.ensure("hello")
    assert not binaries.ready("hello")
    assert list((cache / "bin").iterdir()) == []
    assert [path.name for path in (cache / "go").iterdir()] == [".lock"]


def test_too_little_room_is_said_before_anything_is_made(
    cache: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny / "hello" / "unit.yaml"
    path.write_text(path.read_text().replace("disk_mb: 0", "disk_mb: 6000"))
    monkeypatch.setattr(store, "free", lambda _: 1_000_000_000)
    with pytest.raises(BadInput, match=r"6\.0 GB free; seen: 1\.0 GB.*roadworthy sandbox prune"):
        binaries.ensure("hello")
    assert not cache.exists()


def test_prune_keeps_the_binaries_of_today_only(cache: Path, tiny: Path) -> None:
    kept = binaries.folder("hello")
    kept.mkdir(parents=True)
    former = cache / "bin" / "hello-0123456789ab"
    former.mkdir()
    (cache / "go" / "build").mkdir(parents=True)
    binaries.prune()
    assert kept.is_dir()
    assert not former.exists()
    assert not (cache / "go" / "build").exists()


def test_a_missing_compiler_is_said_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(BadInput, match=r"C compiler.*no gcc.*as root: apt-get install .*gcc"):
        binaries._have_compiler()


def test_caches_are_cleared_before_a_build_that_would_outgrow_them(
    cache: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mod", "build"):
        (cache / "go" / name).mkdir(parents=True)
    sizes = iter([binaries.CACHE_AT_MOST + 1, binaries.CACHE_AT_MOST])
    monkeypatch.setattr(store, "size", lambda _: next(sizes))
    monkeypatch.setattr(toolchain, "obtain", lambda _: toolchain.Toolchain(Path("/bin/false"), "go1.26.8"))
    (cache / "go" / "mod" / "old.go").touch()
    archive = cache / "go" / "mod" / "cache" / "download" / "x.zip"

    def downloads(*_: object) -> None:
        archive.parent.mkdir(parents=True)
        archive.touch()

    monkeypatch.setattr(binaries, "build", downloads)
    binaries.ensure("hello")
    assert not list((cache / "go" / "mod").rglob("*.*"))
    assert (cache / "go" / "build").exists()
