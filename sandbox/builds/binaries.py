"""The store of ready binaries: there at once when they exist, else built, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path

from roadworthy.errors import BadInput
from sandbox import packages, paths, store
from sandbox.builds import toolchain
from sandbox.builds.compile import build
from sandbox.builds.patch import module_folder
from sandbox.builds.run import Runner
from sandbox.builds.unit import Unit, load, names
from sandbox.progress import Progress, Silent

MB = 1_000_000
CACHE_AT_MOST = 15 * store.GB
"""The whole cache may take this much, at the height of a build too."""


def folder(unit: str | Unit) -> Path:
    """Return where the binaries of ``unit`` are, or will be."""
    unit = load(unit) if isinstance(unit, str) else unit
    version, _ = toolchain.choose(toolchain.needed(unit.module))
    return paths.cache_root() / "bin" / f"{unit.name}-{unit.key(version)}"


def ready(unit: str) -> bool:
    """Return whether the binaries of ``unit`` are there already."""
    return folder(unit).is_dir()


def ensure(unit: str, *, report: Progress | None = None) -> Path:
    """Return the folder with the binaries of ``unit``, building them first when they are not there.

    Safe to interrupt at any moment, and to call from several processes: one builds, the others wait.

    Raises:
        BadInput: no such unit, no Go, too little room, or no registry; nothing has been changed.
        BuildError: Go refused.

    """
    wanted = load(unit)
    target = folder(wanted)
    if target.is_dir():
        return target
    report = report or Silent()
    task = f"build {wanted.name}"
    cache = paths.cache_root()
    store.require_room(cache, wanted.disk_mb * MB, task)
    if wanted.cgo:
        _have_compiler()
    report.start(task, wanted.cpu_seconds / (os.cpu_count() or 1))
    try:
        with store.locked(cache / "go" / ".lock", lambda: report.update(task, 0.0, "waits for another build")):
            if not target.is_dir():
                _build(wanted, target, task, report)
    finally:
        report.done(task)
    return target


def _have_compiler() -> None:
    """Have a C compiler and the C library's headers, installing Debian's when root.

    Raises:
        BadInput: they are missing and can't be installed; the message has the command.

    """
    wanted = {"gcc": shutil.which("gcc") is not None, "libc6-dev": Path("/usr/include/stdio.h").is_file()}
    missing = [package for package, found in wanted.items() if not found]
    if missing and os.geteuid() != 0:
        todo = "as root: " + " ".join(packages.command(missing))
        raise BadInput("a C compiler and the C library's headers", seen=f"no {', '.join(missing)}", todo=todo)
    packages.install(missing)


def _build(unit: Unit, target: Path, task: str, report: Progress) -> None:
    report.update(task, 0.0, "downloads modules")
    go = toolchain.obtain(toolchain.needed(unit.module))
    home = paths.cache_root() / "go"
    for leftover in home.glob("tmp-*"):
        store.remove(leftover)
    for part in ("mod", "build"):  # a download comes back in seconds, what was compiled in minutes
        if store.size(paths.cache_root()) + unit.disk_mb * MB <= CACHE_AT_MOST:
            break
        store.remove(home / part)
    # What a killed compiler is still writing may stay: the next build removes it.
    scratches = tempfile.TemporaryDirectory(prefix="tmp-", dir=home, ignore_cleanup_errors=True)
    with scratches as scratch, store.whole(target) as fresh:
        runner = Runner(unit, go, Path(scratch))
        build(runner, fresh, lambda fraction, package: report.update(task, fraction, package))
        for copy in unit.copies:
            source = module_folder(runner, copy.module) / copy.source
            shutil.copytree(source, fresh / copy.target, dirs_exist_ok=True)
        for archive in (home / "mod" / "cache" / "download").rglob("*.zip"):
            archive.unlink()  # a fifth of what modules take, and Go reads what it has unpacked
        facts = {"unit": unit.name, "version": unit.version, "go": go.version, "cpu_seconds": round(runner.cpu_seconds)}
        (fresh / "build.json").write_text(json.dumps(facts) + "\n")


def prune(in_use: Collection[tuple[int, int]] = ()) -> int:
    """Remove what can be had again and is not in use: Go's caches, binaries of former pins. Return the bytes freed.

    Args:
        in_use: folders of binaries that stay although their pins are former ones, by device and inode.

    """
    cache = paths.cache_root()
    before = store.free(cache)
    lock = cache / "go" / ".lock"
    with store.locked(lock):
        for path in (cache / "go").glob("*"):
            if path != lock:  # who waits for it would wait for a file that nobody else sees
                store.remove(path)
        current = {folder(name) for name in names()}
        if (cache / "bin").is_dir():
            for found in (cache / "bin").iterdir():
                if found not in current and (found.stat().st_dev, found.stat().st_ino) not in in_use:
                    store.remove(found)
    return max(store.free(cache) - before, 0)
