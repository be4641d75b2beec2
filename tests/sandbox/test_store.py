"""Folders that appear whole or not at all, locks, and packages verified."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from roadworthy.errors import BadInput
from sandbox import debian, npm, pypi, store


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def half() -> None:
        with store.whole(tmp_path / "a") as fresh:
            (fresh / "half").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert list(tmp_path.iterdir()) == []
    with store.whole(tmp_path / "a") as fresh:
        (fresh / "done").touch()
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a" / "done").is_file()


def test_what_a_killed_run_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".a.leftover").mkdir()
    with store.whole(tmp_path / "a"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_second_one_waits_for_the_lock(tmp_path: Path) -> None:
    order: list[str] = []
    inside, waiting = threading.Event(), threading.Event()

    def second() -> None:
        inside.wait()
        with store.locked(tmp_path / "lock", waiting.set):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with store.locked(tmp_path / "lock"):
        inside.set()
        assert waiting.wait(5)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_folders_without_the_write_bit_are_removed_too(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "file").touch()
    folder.chmod(0o500)
    store.remove(tmp_path / "a")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("version", "plain"),
    [("2.42.0+ds-5+deb12u1", "2.42.0+ds"), ("1:1.35.0-4+deb12u1+b1", "1.35.0"), ("2.36-9+deb12u14", "2.36")],
)
def test_debians_revision_is_told_from_upstreams_version(version: str, plain: str) -> None:
    assert debian.upstream(version) == plain


def _archive(monkeypatch: pytest.MonkeyPatch, offered: dict[str, str], candidate: str | None) -> None:
    def fetch(what: str, folder: Path) -> Path | str:
        if what not in offered:
            return f"E: Version for {what} was not found"
        (folder / "x.deb").write_text(offered[what])
        return folder / "x.deb"

    monkeypatch.setattr(debian, "_fetch", fetch)
    monkeypatch.setattr(debian, "_candidate", lambda _: candidate)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")


def test_a_package_with_another_content_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _archive(monkeypatch, {"x=1.0-1": "evil"}, "1.0-1")
    with pytest.raises(BadInput, match="with checksum 00"):
        debian._download(debian.Package("x", "1.0-1", {"all": "00"}), tmp_path)


def test_a_security_build_stands_in_for_the_pinned_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _archive(monkeypatch, {"x=1.0-1+deb12u1": "fixed"}, "1.0-1+deb12u1")
    assert debian._download(debian.Package("x", "1.0-1", {"all": "00"}), tmp_path).read_text() == "fixed"


def test_another_upstream_version_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _archive(monkeypatch, {"x=2.0-1": "new"}, "2.0-1")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(BadInput, match=r"x 1\.0-1 or a later build of it; seen: 2\.0-1"):
        debian._download(debian.Package("x", "1.0-1"), tmp_path)


def test_npm_content_is_held_against_its_integrity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "npm"
    fake.write_text("#!/bin/sh\necho evil > x.tgz\n")
    fake.chmod(0o755)
    monkeypatch.setattr(npm, "command", lambda: ([str(fake)], {}))
    with pytest.raises(BadInput, match="with integrity sha512-good"):
        npm._pack(npm.Package("@a/b", "1.0.0", "sha512-good"), tmp_path)


def test_a_wheel_without_a_pin_for_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    with pytest.raises(BadInput, match=r"x 1 for arm64; seen: pins for amd64"):
        pypi.Pin("x", "1", {"amd64": "00"}).checksum()


def test_a_machine_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(BadInput, match="x86_64, aarch64; seen: riscv64"):
        pypi.architecture()
