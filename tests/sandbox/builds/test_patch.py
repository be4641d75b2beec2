"""Files of ours stand in the place of a module's."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.errors import BadInput
from sandbox.builds import patch, run, toolchain, unit


def test_a_file_of_ours_stands_for_one_file_or_for_a_whole_package(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tiny.parent / "module"
    for name in ("top.go", "cloud/one.go", "cloud/two.go", "cloud/inner/three.go"):
        (module / name).parent.mkdir(parents=True, exist_ok=True)
        (module / name).write_text("package theirs\n")
    (tiny / "hello" / "ours.txt").write_text("package ours\n")
    path = tiny / "hello" / "unit.yaml"
    overlay = "overlay: {example.invalid/big//top.go: ours.txt, example.invalid/big//cloud/: ours.txt}\n"
    path.write_text(path.read_text() + overlay)
    monkeypatch.setattr(patch, "module_folder", lambda *_: module)
    work = tiny.parent / "work"
    work.mkdir()
    go = toolchain.Toolchain(Path("go"), "go1.26.8")
    flags = patch.Patch(run.Runner(unit.load("hello", tiny), go, work)).flags()
    assert flags == [f"-modfile={work / 'go.mod'}"]
    assert f"replace example.invalid/big => {work / 'module-0'}\n" in (work / "go.mod").read_text()
    there = {str(found.relative_to(work / "module-0")): found.read_text() for found in work.rglob("*.go")}
    ours, theirs = "package ours\n", "package theirs\n"
    assert there == {"top.go": ours, "cloud/stand_in.go": ours, "cloud/inner/three.go": theirs}
    assert (module / "cloud" / "one.go").read_text() == theirs, "the module cache itself is left alone"


@pytest.mark.parametrize("inside", ["gone/", "gone/one.go"])
def test_a_file_of_ours_for_a_package_that_is_not_there_is_refused(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    (tiny.parent / "module").mkdir()
    (tiny / "hello" / "ours.txt").write_text("package ours\n")
    path = tiny / "hello" / "unit.yaml"
    path.write_text(path.read_text() + f"overlay: {{example.invalid/big//{inside}: ours.txt}}\n")
    monkeypatch.setattr(patch, "module_folder", lambda *_: tiny.parent / "module")
    go = toolchain.Toolchain(Path("go"), "go1.26.8")
    with pytest.raises(
        BadInput, match=rf"example\.invalid/big at gone; seen: none.*overlay example\.invalid/big//{inside}"
    ):
        patch.Patch(run.Runner(unit.load("hello", tiny), go, tiny.parent)).flags()
