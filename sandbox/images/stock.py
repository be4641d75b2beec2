"""Which images there are, and how the registry comes to hold those that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sandbox import builds, paths, pypi, store
from sandbox.images.assembly import assemble
from sandbox.images.recipe import Recipe, find, load, stems
from sandbox.images.registry import Storage
from sandbox.pins import RELEASES
from sandbox.progress import Progress, Silent, Told

ROOM = 2 * store.GB
"""Free space that assembling wants, binaries aside: those are checked when they are built."""


def available() -> list[Recipe]:
    """Return every recipe, by stem."""
    return [load(stem) for stem in stems()]


def _marker(recipe: Recipe) -> str:
    return f"{recipe.stem}-{recipe.key()}"


def _present(recipe: Recipe, storage: Storage) -> str | None:
    """Return the digest of the image when the registry holds it as the recipe is today."""
    marker = storage.root / "recipes" / _marker(recipe)
    digest = storage.tagged(recipe.repository, recipe.tag) if marker.is_file() else None
    return digest if digest is not None and marker.read_text().strip() == digest else None


def ensure(names: Iterable[str], report: Progress | None = None) -> dict[str, str]:
    """Assemble what the registry does not hold yet, one image at a time; return name as asked -> digest.

    Binaries that are missing are built meanwhile, one unit at a time.

    Raises:
        BadInput: no such recipe, too little room, or a package that can't be had; what was there stays as it was.

    """
    report = report or Silent()
    storage = Storage(paths.registry_storage())
    wanted = {name: find(name) for name in names}
    digests = {name: _present(recipe, storage) for name, recipe in wanted.items()}
    missing = [name for name, digest in digests.items() if digest is None]
    if missing:
        store.require_room(storage.root, ROOM, f"assembling {', '.join(missing)}")
    units = {name: wanted[name].units() for name in missing}
    # Assembling keeps one core busy, and so do downloads and linkers: what needs no compiler goes beside it.
    with builds.Beside([unit for each in units.values() for unit in each], report) as beside:
        for name in sorted(missing, key=lambda name: beside.builds(units[name])):
            beside.wait(units[name])
            digests[name] = _assembled(wanted[name], storage, report)
    return {name: digest for name, digest in digests.items() if digest is not None}


def supply(names: Iterable[str], tell: Callable[[str], None]) -> None:
    """Do as ``ensure`` for the engine, which shows on its own terminal what it is told (roadworthy/images.py)."""
    ensure(names, Told(tell=tell))


def _assembled(recipe: Recipe, storage: Storage, report: Progress) -> str:
    task = f"assemble {recipe.name}"
    report.start(task, 0)
    try:
        with store.locked(storage.root / ".lock", lambda: report.update(task, 0.0, "waits for another run")):
            digest = _present(recipe, storage)
            if digest is None:
                digest = assemble(recipe, storage, report).digest
                marker = storage.root / "recipes" / _marker(recipe)
                marker.parent.mkdir(parents=True, exist_ok=True)
                for former in marker.parent.glob(f"{recipe.stem}-????????????"):
                    former.unlink()
                marker.write_text(digest + "\n")
    finally:
        report.done(task)
    return digest


def prune() -> int:
    """Remove downloads from npm and PyPI (kubectl stays), and blobs of former recipes; return the bytes freed."""
    cache = paths.cache_root()
    storage = Storage(paths.registry_storage())
    before = store.free(cache)
    kept_wheels = {pypi.home(release.kubectl) for release in RELEASES.values() if release.kubectl}
    for folder in ("pypi", "npm"):
        lock = cache / folder / ".lock"
        if lock.parent.is_dir():
            with store.locked(lock):
                for path in lock.parent.iterdir():
                    if path not in {lock, *kept_wheels}:
                        store.remove(path)
    if storage.root.is_dir():
        with store.locked(storage.root / ".lock"):
            present = (_present(recipe, storage) for recipe in available())
            kept = {storage.path(part) for digest in present if digest is not None for part in storage.parts(digest)}
            for blob in storage.root.glob("docker/registry/v2/blobs/sha256/*/*/data"):
                if blob not in kept:
                    store.remove(blob.parent)
            for leftover in storage.root.glob(".blob-*"):
                store.remove(leftover)
    return max(store.free(cache) - before, 0)
