"""What the tests of the builds share: a cache, and a unit that is one line of Go."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.builds import binaries, unit


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROADWORTHY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "go"
    (root / "hello").mkdir(parents=True)
    (root / "hello" / "go.mod").write_text("module example.invalid/hello\n\ngo 1.21\n")
    (root / "hello" / "go.sum").write_text("")
    (root / "hello" / "main.go").write_text("package main\n\nfunc main() {}\n")
    (root / "hello" / "unit.yaml").write_text(
        "version: '1'\nbinaries: {hi: example.invalid/hello}\ncpu_seconds: 10\ndisk_mb: 0\n"
    )
    monkeypatch.setattr(binaries, "load", lambda name: unit.load(name, root))
    monkeypatch.setattr(binaries, "names", lambda: ["hello"])
    return root
