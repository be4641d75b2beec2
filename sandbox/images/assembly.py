"""From a recipe to an image in the registry's storage."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

from sandbox.images import layer, sources
from sandbox.images.recipe import Recipe
from sandbox.images.registry import CONFIG, INDEX, LAYER, MANIFEST, Blob, Storage
from sandbox.progress import Progress, Silent
from sandbox.pypi import architecture

CREATED = "2020-01-01T00:00:00Z"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def assemble(recipe: Recipe, storage: Storage, report: Progress | None = None) -> Blob:
    """Assemble the image of ``recipe`` and publish it under its name; return the blob of its index.

    The same recipe and the same binaries give the same digest, whenever and wherever it is done.
    """
    layers = [_layer(part, storage, report or Silent()) for part in recipe.lineage() if part.files]
    config = storage.store_json(_config(recipe, layers))
    manifest = storage.store_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor(CONFIG),
            "layers": [one.descriptor(LAYER) for one in layers],
        }
    )
    platform = {"architecture": architecture(), "os": "linux"}
    entry = manifest.descriptor(MANIFEST) | {"platform": platform}
    index = storage.store_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]})
    storage.publish(recipe.repository, recipe.tag, index)
    return index


def _layer(recipe: Recipe, storage: Storage, report: Progress) -> Blob:
    folders = {name: sources.folder(source, report) for name, source in recipe.sources.items()}
    content = layer.entries(recipe.files, folders)
    return storage.store(lambda out: layer.write(content, out))


def _inherited(recipe: Recipe, name: str) -> Any:
    """Return the value that the recipe, or else the nearest base, gives ``name``."""
    for part in reversed(list(recipe.lineage())):
        if name in part.content:
            return part.content[name]
    return None


def _config(recipe: Recipe, layers: list[Blob]) -> dict[str, Any]:
    env: dict[str, str] = {}
    labels: dict[str, str] = {}
    for part in recipe.lineage():
        env |= part.content.get("env", {})
    labels |= {
        "org.opencontainers.image.title": recipe.repository,
        "org.opencontainers.image.version": recipe.tag,
        "org.opencontainers.image.description": recipe.content["description"],
        "sandbox.sources": "; ".join(sources.described(source) for source in recipe.sources.values()),
    }
    labels |= recipe.content.get("labels", {})
    wanted = {
        "User": _inherited(recipe, "user"),
        "WorkingDir": _inherited(recipe, "workdir"),
        "Entrypoint": recipe.content.get("entrypoint"),
        "Cmd": recipe.content.get("cmd"),
        "ExposedPorts": {port: {} for port in recipe.content.get("ports", ())},
        "Env": ([] if "PATH" in env else [_PATH]) + [f"{name}={value}" for name, value in sorted(env.items())],
        "Labels": labels,
    }
    return {
        "architecture": architecture(),
        "os": "linux",
        "created": CREATED,
        "config": {name: value for name, value in wanted.items() if value},
        "rootfs": {"type": "layers", "diff_ids": [one.digest for one in layers]},
        "history": [{"created": CREATED, "created_by": part.name} for part in recipe.lineage() if part.files],
    }


def unpack(storage: Storage, index: str, folder: Path) -> dict[str, Any]:
    """Unpack an image's layers into ``folder``, as a runtime would; return its configuration."""
    manifest = storage.read_json(storage.read_json(index)["manifests"][0]["digest"])
    for one in manifest["layers"]:
        with tarfile.open(storage.path(one["digest"])) as tar:
            tar.extractall(folder, filter="fully_trusted", numeric_owner=True)  # noqa: S202  # layers of our own
    config: dict[str, Any] = storage.read_json(manifest["config"]["digest"])["config"]
    return config
