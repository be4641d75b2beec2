"""One layer: a tar whose bytes depend on nothing but the files in it."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, BinaryIO

from roadworthy.errors import BadInput
from sandbox.pypi import architecture

MTIME = 1_577_836_800
"""Every file's time: 2020-01-01, so that the digest does not move with the clock."""


@dataclass(frozen=True)
class Entry:
    """One path in the image: a file on this machine, bytes, a link, or (none of these) a folder."""

    path: str
    mode: int
    owner: tuple[int, int] = (0, 0)
    source: Path | None = None
    content: bytes | None = None
    link: str | None = None


def entries(files: Iterable[Mapping[str, Any]], folders: Mapping[str, Path]) -> list[Entry]:
    """Return what a recipe's ``files`` put into the image, sorted by path; of two for one path the later one wins.

    Args:
        files: as in the recipe.
        folders: source name -> its folder.

    Raises:
        BadInput: a path or pattern matches nothing.

    """
    found: dict[str, Entry] = {}
    for file in files:
        if file.get("only", architecture()) == architecture():
            found |= {entry.path: entry for entry in _entries(file, folders)}
    for path in list(found):
        for parent in Path(path).parents:
            if str(parent) != ".":
                found.setdefault(str(parent), Entry(str(parent), 0o755))
    return [found[path] for path in sorted(found)]


def _entries(file: Mapping[str, Any], folders: Mapping[str, Path]) -> Iterator[Entry]:
    target = file["to"].strip("/")
    owner = tuple(int(part) for part in file.get("owner", "0:0").split(":"))
    mode = int(file["mode"], 8) if "mode" in file else None
    ids = (owner[0], owner[1])
    if "content" in file:
        yield Entry(target, mode or 0o644, ids, content=file["content"].encode())
    elif "folder" in file:
        yield Entry(target, mode or 0o755, ids)
    elif "link" in file:
        yield Entry(target, 0o777, link=file["link"])
    elif "links" in file:
        for name in file["names"]:
            yield Entry(f"{target}/{name}", 0o777, link=file["links"])
    else:
        yield from _copied(file, folders[file["from"]], target, mode, ids)


def _copied(
    file: Mapping[str, Any], root: Path, target: str, mode: int | None, owner: tuple[int, int]
) -> Iterator[Entry]:
    matches = [root] if file["path"] == "." else sorted(root.glob(file["path"]))
    if not matches:
        raise BadInput(f"{file['path']} in the source {file['from']}", seen="no such file", where=str(root))
    if file.get("join"):
        joined = b"".join(match.read_bytes().rstrip(b"\n") + b"\n" for match in matches)
        yield Entry(target, mode or 0o644, owner, content=joined)
        return
    single = len(matches) == 1 and "*" not in file["path"]
    for match in matches:
        if match.is_dir() and not match.is_symlink():
            inside = target if single else f"{target}/{match.name}"
            yield from _tree(match, inside, owner, file.get("except", ()))
        else:
            yield _leaf(match, target if single else f"{target}/{match.name}", mode, owner)


def _tree(root: Path, target: str, owner: tuple[int, int], without: Iterable[str]) -> Iterator[Entry]:
    for folder, folders, names in os.walk(root):
        folders.sort()
        here = Path(folder).relative_to(root)
        for name in sorted(names) + [name for name in folders if (Path(folder) / name).is_symlink()]:
            inside = here / name
            if not any(fnmatch(str(inside), pattern) for pattern in without):
                yield _leaf(Path(folder) / name, f"{target}/{inside}", None, owner)


def _leaf(path: Path, target: str, mode: int | None, owner: tuple[int, int]) -> Entry:
    if path.is_symlink():
        return Entry(target, 0o777, owner, link=str(path.readlink()))
    executable = path.stat().st_mode & stat.S_IXUSR
    return Entry(target, mode or (0o755 if executable else 0o644), owner, source=path)


def write(content: Iterable[Entry], out: BinaryIO) -> None:
    """Write the layer's tar to ``out``."""
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in content:
            info = tarfile.TarInfo(entry.path)
            info.mode, info.mtime, (info.uid, info.gid) = entry.mode, MTIME, entry.owner
            if entry.link is not None:
                info.type, info.linkname = tarfile.SYMTYPE, entry.link
                tar.addfile(info)
            elif entry.source is not None:
                info.size = entry.source.stat().st_size
                with entry.source.open("rb") as data:
                    tar.addfile(info, data)
            elif entry.content is not None:
                info.size = len(entry.content)
                tar.addfile(info, io.BytesIO(entry.content))
            else:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
