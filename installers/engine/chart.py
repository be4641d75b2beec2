"""A component's chart on this machine: a folder of ours, or a packed one that was found to be the pinned one."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from installers.engine import values
from installers.engine.component import Component, Edition
from roadworthy import programs
from roadworthy.cluster import Obj
from roadworthy.errors import BadInput
from roadworthy.profile import Profile

_SECONDS = 120.0
_TODO = "grant its installer cluster-admin (deploy/remediate/install-rbac.yaml), or leave it out"


def rendered(component: Component, profile: Profile) -> list[Obj]:
    """Return the objects of a component's chart, custom resource definitions included, as Helm renders them here.

    Raises:
        BadInput: it can't be fetched, is not the pinned one, or can't be rendered; the message says why.

    """
    edition, written = component.edition(profile), values.render(component, profile)
    words = ["template", component.name, fetched(edition, written.chart), "-n", component.namespace]
    said = _helm(
        [*words, "-f", str(written.values), "--include-crds"], f"the chart of {component.name} can be rendered"
    )
    found: list[Any] = [each for each in yaml.load_all(said, Loader=yaml.CSafeLoader) if each]
    return [item for each in found for item in (each.get("items") or [] if each["kind"] == "List" else [each])]


def fetched(edition: Edition, chart: str) -> str:
    """Return a folder as it is; of a packed chart a copy, kept in the cache by its digest.

    Raises:
        BadInput: it can't be fetched, or other bytes than the pinned ones came.

    """
    if "://" not in chart:
        return chart
    kept = values.cache().parent / "charts" / f"{edition.digest.rpartition(':')[2]}.tgz"
    if kept.is_file() and _digest(kept) == edition.digest:
        return str(kept)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="chart-", dir=kept.parent) as folder:
        version = ["--version", edition.version] if edition.version else []
        _helm(["pull", chart, "--destination", folder, *version], f"the chart {chart} can be fetched")
        packed = next(Path(folder).glob("*.tgz"))
        if _digest(packed) != edition.digest:
            todo = "find out who replaced it before you correct the digest"
            raise BadInput(f"the chart {chart} is {edition.digest}", seen=_digest(packed), where=chart, todo=todo)
        shutil.move(packed, kept)
    return str(kept)


def _digest(packed: Path) -> str:
    return "sha256:" + hashlib.sha256(packed.read_bytes()).hexdigest()


def _helm(words: list[str], expected: str) -> str:
    """Run helm without a cluster, in a home of its own; return what it said."""
    with tempfile.TemporaryDirectory(prefix="roadworthy-render-") as home:
        try:
            done = subprocess.run(
                [programs.find("helm"), *words],
                env={**_environment(), **{f"HELM_{each}_HOME": str(Path(home) / each.lower()) for each in _HOMES}},
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BadInput(expected, seen=str(error)) from error
    if done.returncode:
        raise BadInput(expected, seen=done.stderr.strip()[-300:], where=words[2], todo=_TODO)
    return done.stdout


_HOMES = ("CACHE", "CONFIG", "DATA")


def _environment() -> Mapping[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("HELM_", "KUBE"))}
