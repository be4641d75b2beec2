"""Writes images where Debian's docker-registry reads them: its file system storage, no push, no server.

    docker/registry/v2/blobs/sha256/<first two digits>/<digest>/data
    docker/registry/v2/repositories/<name>/_layers/sha256/<digest>/link
    docker/registry/v2/repositories/<name>/_manifests/revisions/sha256/<digest>/link
    docker/registry/v2/repositories/<name>/_manifests/tags/<tag>/current/link
    docker/registry/v2/repositories/<name>/_manifests/tags/<tag>/index/sha256/<digest>/link

Every file appears whole (written beside, then renamed), blobs before links, the tag last: a reader sees an image that
is complete, or none.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class Blob:
    """A stored blob: ``digest`` is ``sha256:<hex>``, ``size`` is in bytes."""

    digest: str
    size: int

    def descriptor(self, media_type: str) -> dict[str, Any]:
        """Return how a manifest refers to it."""
        return {"mediaType": media_type, "digest": self.digest, "size": self.size}


class _Hashed:
    """A file for writing that hashes what goes through."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._sha, self.size = out, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self._sha.update(data)
        self.size += len(data)
        return self._out.write(data)

    def tell(self) -> int:
        return self.size

    @property
    def digest(self) -> str:
        return f"sha256:{self._sha.hexdigest()}"


@dataclass(frozen=True)
class Storage:
    """The registry's storage folder."""

    root: Path

    @property
    def _v2(self) -> Path:
        return self.root / "docker" / "registry" / "v2"

    def path(self, digest: str) -> Path:
        """Return where the content of a blob lies, or would lie."""
        plain = digest.removeprefix("sha256:")
        return self._v2 / "blobs" / "sha256" / plain[:2] / plain / "data"

    def has(self, digest: str) -> bool:
        """Return whether a blob is there."""
        return self.path(digest).is_file()

    def store(self, fill: Callable[[BinaryIO], None]) -> Blob:
        """Store what ``fill`` writes, under its own digest."""
        self.root.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".blob-", dir=self.root)
        try:
            with os.fdopen(handle, "wb") as out:
                hashed = _Hashed(out)
                fill(hashed)  # type: ignore[arg-type]  # tarfile needs write and tell, no more
            target = self.path(hashed.digest)
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(target)
        finally:
            Path(temporary).unlink(missing_ok=True)
        return Blob(hashed.digest, hashed.size)

    def store_json(self, content: dict[str, Any]) -> Blob:
        """Store a JSON document, always the same bytes for the same content."""
        data = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()

        def fill(out: BinaryIO) -> None:
            out.write(data)

        return self.store(fill)

    def read_json(self, digest: str) -> dict[str, Any]:
        """Return a stored JSON document."""
        content: dict[str, Any] = json.loads(self.path(digest).read_bytes())
        return content

    def publish(self, repository: str, tag: str, index: Blob) -> None:
        """Make the image whose index is stored known as ``repository:tag``, its parts included."""
        folder = self._v2 / "repositories" / repository
        manifests = [entry["digest"] for entry in self.read_json(index.digest)["manifests"]]
        for manifest in manifests:
            content = self.read_json(manifest)
            for part in (content["config"], *content["layers"]):
                self._link(folder / "_layers", part["digest"])
        for digest in (*manifests, index.digest):
            self._link(folder / "_manifests" / "revisions", digest)
        self._link(folder / "_manifests" / "tags" / tag / "index", index.digest)
        _written(folder / "_manifests" / "tags" / tag / "current" / "link", index.digest)

    def tagged(self, repository: str, tag: str) -> str | None:
        """Return the digest that ``repository:tag`` stands for, None when there is no such image or it is not whole."""
        link = self._v2 / "repositories" / repository / "_manifests" / "tags" / tag / "current" / "link"
        if not link.is_file():
            return None
        digest = link.read_text().strip()
        return digest if all(self.has(part) for part in self.parts(digest)) else None

    def parts(self, index: str) -> Iterator[str]:
        """Yield the digests that an image is made of, its index first; stops at what is not there."""
        yield index
        if not self.has(index):
            return
        for manifest in self.read_json(index)["manifests"]:
            yield manifest["digest"]
            if self.has(manifest["digest"]):
                content = self.read_json(manifest["digest"])
                yield content["config"]["digest"]
                yield from (layer["digest"] for layer in content["layers"])

    def _link(self, folder: Path, digest: str) -> None:
        _written(folder / "sha256" / digest.removeprefix("sha256:") / "link", digest)


def _written(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.replace(path)
