"""Faults of architecture: an image without the node's platform, and one that says it has it but lies."""

from __future__ import annotations

import platform
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

from roadworthy.errors import BadInput
from sandbox.faults.edits import locate
from sandbox.faults.objects import containers, get, remember, restore
from sandbox.faults.registry import Memory, Site, fault
from sandbox.images import layer, registry
from sandbox.layout import REGISTRY_NAME
from sandbox.paths import registry_storage

#: Go's name of a machine -> its number in a program's header (ELF's e_machine).
MACHINES = {"amd64": 62, "arm64": 183}
OURS = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
OTHER = next(name for name in MACHINES if name != OURS)


@fault("wrong-platform")
def wrong_platform(site: Site, reference: str) -> Iterator[Memory]:
    """Set an image that exists for another architecture only on a workload's first container."""
    yield from _set_image(site, reference, f"for-{OTHER}", architecture=OTHER)


@fault("wrong-program")
def wrong_program(site: Site, reference: str) -> Iterator[Memory]:
    """Set an image whose program is made for another architecture than it says: `exec format error`."""
    yield from _set_image(site, reference, f"program-of-{OTHER}", architecture=OURS, program=_program())


def _program() -> bytes:
    """Return the header of a program for the other machine: as much as a kernel looks at before it refuses."""
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    return ident + struct.pack("<HHIQQQIHHHHHH", 2, MACHINES[OTHER], 1, 0x400000, 64, 0, 0, 64, 56, 0, 0, 0, 0)


def _set_image(site: Site, reference: str, suffix: str, *, architecture: str, program: bytes = b"") -> Iterator[Memory]:
    where = locate(reference)
    item = get(site, where)
    container = containers(item)[0]
    repository, _, tag = container["image"].removeprefix(f"{REGISTRY_NAME}/").partition(":")
    storage = registry.Storage(registry_storage())
    index = storage.tagged(repository, tag)
    if index is None:
        raise BadInput("an image of the sandbox's registry", seen=container["image"], where=reference)
    yield remember(item, where)
    _publish(storage, index, repository, f"{tag}-{suffix}", architecture, program)
    image = f"{REGISTRY_NAME}/{repository}:{tag}-{suffix}"
    changed: dict[str, Any] = {"name": container["name"], "image": image}
    if program:
        changed |= {"command": ["/program-of-another-machine"], "args": []}
    body = {"spec": {"template": {"spec": {"containers": [changed]}}}}
    form = "application/strategic-merge-patch+json"
    site.api.call("PATCH", where, body, content_type=form, fieldManager="roadworthy-fault")


def _publish(
    storage: registry.Storage, index: str, repository: str, tag: str, architecture: str, program: bytes
) -> None:
    """Store a variant of an image: for another architecture, or with one more layer that holds a program."""
    entry = storage.read_json(index)["manifests"][0]
    manifest = storage.read_json(entry["digest"])
    config = storage.read_json(manifest["config"]["digest"])
    config["architecture"] = architecture
    if program:

        def fill(out: BinaryIO) -> None:
            layer.write([layer.Entry("program-of-another-machine", 0o755, content=program)], out)

        extra = storage.store(fill)
        manifest["layers"] = [*manifest["layers"], extra.descriptor(registry.LAYER)]
        config["rootfs"]["diff_ids"] = [*config["rootfs"]["diff_ids"], extra.digest]
        config.pop("history", None)
    manifest["config"] = storage.store_json(config).descriptor(registry.CONFIG)
    variant = storage.store_json(manifest).descriptor(registry.MANIFEST)
    variant["platform"] = {"os": "linux", "architecture": architecture}
    whole = {"schemaVersion": 2, "mediaType": registry.INDEX, "manifests": [variant]}
    storage.publish(repository, tag, storage.store_json(whole))


wrong_platform.undo(restore)
wrong_program.undo(restore)
