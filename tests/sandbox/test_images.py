"""Recipes, the images made of them, and the registry's storage."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from roadworthy.errors import BadInput
from sandbox import images, progress, pypi
from sandbox.images import assembly, layer, recipe, registry, sources, stock
from sandbox.pins import RELEASES

RECIPE = """
name: sandbox.local/hello:1.0
description: a greeting and nothing else
base: ground
sources:
  greeting:
    deb: hello
    version: "1.0-1"
    sha256: {all: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}
files:
  - {to: /bin/hello, from: greeting, path: usr/bin/hello, mode: "0755"}
  - {to: /share, from: greeting, path: usr/share, except: ["doc/*"]}
  - {to: /etc/motd, content: "hello\\n"}
  - {to: /data, folder: true, owner: "70:70", mode: "0700"}
  - {to: /bin/hi, link: hello}
  - {to: /all, from: greeting, path: "usr/share/*/*.txt", join: true}
user: "70:70"
env: {B: "2", A: "1"}
entrypoint: [/bin/hello]
ports: [80/tcp]
labels: {x: y}
"""
GROUND = (
    "name: sandbox.local/ground:1\ndescription: what lies beneath\nfiles: [{to: /tmp, folder: true, mode: '1777'}]\n"
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two recipes, and a package that needs no network."""
    package = tmp_path / "package"
    for name, text in (
        ("bin/hello", "#!/bin/sh\n"),
        ("share/a/one.txt", "1\n"),
        ("share/b/two.txt", "2"),
        ("share/doc/x", ""),
    ):
        path = package / "usr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "hello.yaml").write_text(RECIPE)
    (tmp_path / "recipes" / "ground.yaml").write_text(GROUND)
    monkeypatch.setattr(sources, "folder", lambda *_: package)
    return tmp_path / "recipes"


@pytest.mark.parametrize("stem", recipe.stems())
def test_every_recipe_can_be_read_and_is_named_for_what_it_is(stem: str) -> None:
    loaded = images.load(stem)
    assert loaded.name.startswith("sandbox.local/")
    assert loaded.repository == stem
    assert images.find(loaded.name) == loaded


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("name: sandbox.local/hello:1.0", "name: hello"), r"name.*hello\.yaml:2"),
        (("entrypoint: [/bin/hello]", "entrypoint: /bin/hello"), r"entrypoint.*hello\.yaml:\d+"),
        (('user: "70:70"', "user: postgres"), r"user.*hello\.yaml"),
        (("from: greeting, path: usr/bin", "from: nobody, path: usr/bin"), r"greeting; seen: nobody"),
        (("base: ground", "base: hello"), r"hello -> hello"),
        (("base: ground", "base: sky"), r"ground, hello; seen: sky"),
        (("to: /etc/motd", "to: /../motd"), r"inside the image"),
        (("sha256: {all: aa", "sha256: {all: xx"), r"hello\.yaml"),
    ],
)
def test_a_wrong_recipe_is_refused_by_file_and_line(root: Path, change: tuple[str, str], message: str) -> None:
    path = root / "hello.yaml"
    assert change[0] in path.read_text()
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(BadInput, match=message):
        recipe.load("hello", root)


def _tar(root: Path) -> dict[str, tarfile.TarInfo]:
    loaded = recipe.load("hello", root)
    out = io.BytesIO()
    layer.write(layer.entries(loaded.files, {"greeting": sources.folder({}, progress.Silent())}), out)
    out.seek(0)
    with tarfile.open(fileobj=out) as tar:
        return {member.name: member for member in tar}


def test_a_layer_holds_what_the_recipe_says(root: Path) -> None:
    members = _tar(root)
    assert list(members) == sorted(members)
    assert (members["bin/hello"].mode, members["bin/hello"].uid) == (0o755, 0)
    assert members["bin/hi"].linkname == "hello"
    assert (members["data"].uid, members["data"].gid, members["data"].mode) == (70, 70, 0o700)
    assert members["all"].size == len("1\n2\n")
    assert "share/a/one.txt" in members
    assert "share/doc/x" not in members
    assert {member.mtime for member in members.values()} == {layer.MTIME}


def test_a_path_that_matches_nothing_is_named(root: Path) -> None:
    path = root / "hello.yaml"
    path.write_text(path.read_text().replace("path: usr/bin/hello", "path: usr/bin/gone"))
    with pytest.raises(BadInput, match="usr/bin/gone in the source greeting"):
        _tar(root)


def test_the_digest_does_not_move_with_time_or_place(root: Path, tmp_path: Path) -> None:
    loaded = recipe.load("hello", root)
    first = assembly.assemble(loaded, registry.Storage(tmp_path / "one"))
    for path in (tmp_path / "package").rglob("*"):
        path.touch()
    time.sleep(0.01)
    second = assembly.assemble(loaded, registry.Storage(tmp_path / "two"))
    assert first == second


def test_the_registry_finds_every_part_by_its_own_layout(root: Path, tmp_path: Path) -> None:
    storage = registry.Storage(tmp_path / "registry")
    index = assembly.assemble(recipe.load("hello", root), storage)
    v2 = tmp_path / "registry/docker/registry/v2"
    tag = v2 / "repositories/hello/_manifests/tags/1.0"
    plain = index.digest.removeprefix("sha256:")
    assert (tag / "current/link").read_text() == index.digest
    assert (tag / "index/sha256" / plain / "link").read_text() == index.digest
    parts = list(storage.parts(index.digest))
    assert len(parts) == 5  # index, manifest, configuration, two layers
    for digest in parts:
        data = storage.path(digest).read_bytes()
        assert "sha256:" + hashlib.sha256(data).hexdigest() == digest
        kind = "_manifests/revisions" if digest in parts[:2] else "_layers"
        assert (v2 / "repositories/hello" / kind / "sha256" / digest[7:] / "link").read_text() == digest
    manifest = storage.read_json(parts[1])
    config = storage.read_json(parts[2])
    assert [one["digest"] for one in manifest["layers"]] == config["rootfs"]["diff_ids"]
    assert storage.read_json(index.digest)["manifests"][0]["platform"]["os"] == "linux"


def test_the_configuration_is_the_recipes(root: Path, tmp_path: Path) -> None:
    storage = registry.Storage(tmp_path / "registry")
    index = assembly.assemble(recipe.load("hello", root), storage)
    config: dict[str, Any] = assembly.unpack(storage, index.digest, tmp_path / "rootfs")
    assert config["User"] == "70:70"
    assert config["Entrypoint"] == ["/bin/hello"]
    assert config["ExposedPorts"] == {"80/tcp": {}}
    assert config["Env"][1:] == ["A=1", "B=2"]
    assert config["Labels"]["sandbox.sources"] == "hello 1.0-1 (deb)"
    assert (tmp_path / "rootfs/etc/motd").read_text() == "hello\n"


def test_what_is_there_is_not_assembled_again(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADWORTHY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(stock, "find", lambda name: recipe.find(name, root))
    monkeypatch.setattr(stock, "ROOM", 0)
    first = stock.ensure(["hello"])
    monkeypatch.setattr(stock, "assemble", lambda *_: pytest.fail("must not assemble"))
    assert stock.ensure(["sandbox.local/hello:1.0"]) == {"sandbox.local/hello:1.0": first["hello"]}


@pytest.mark.parametrize("broken", ["blob", "recipe"])
def test_a_lost_blob_or_a_changed_recipe_is_assembled_again(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setenv("ROADWORTHY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(stock, "find", lambda name: recipe.find(name, root))
    monkeypatch.setattr(stock, "ROOM", 0)
    first = stock.ensure(["hello"])["hello"]
    storage = registry.Storage(tmp_path / "cache" / "registry")
    if broken == "blob":
        storage.path(list(storage.parts(first))[-1]).unlink()
    else:
        path = root / "hello.yaml"
        path.write_text(path.read_text().replace('content: "hello', 'content: "goodbye'))
    again = stock.ensure(["hello"])["hello"]
    assert (again == first) == (broken == "blob")
    assert all(storage.has(part) for part in storage.parts(again))


def test_prune_removes_blobs_that_no_image_is_made_of(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADWORTHY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(stock, "find", lambda name: recipe.find(name, root))
    monkeypatch.setattr(stock, "available", lambda: [recipe.load(stem, root) for stem in recipe.stems(root)])
    monkeypatch.setattr(stock, "ROOM", 0)
    kept = stock.ensure(["hello"])["hello"]
    storage = registry.Storage(tmp_path / "cache" / "registry")
    stray = storage.store_json({"stray": True})
    kubectl = next(release.kubectl for release in RELEASES.values() if release.kubectl)
    for wheel in (pypi.home(kubectl), tmp_path / "cache" / "pypi" / "other"):
        wheel.mkdir(parents=True)
    stock.prune()
    assert [path.name for path in (tmp_path / "cache" / "pypi").iterdir() if path.is_dir()] == [pypi.home(kubectl).name]
    assert not storage.has(stray.digest)
    assert all(storage.has(part) for part in storage.parts(kept))


def test_the_schema_is_one() -> None:
    json.loads(recipe.SCHEMA.read_text())
