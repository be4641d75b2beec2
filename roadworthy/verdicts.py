"""reports/verdicts.json: what a run came to, for programs. Its shape is in reports/verdicts.schema.json."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from roadworthy import redact

#: Raised when something is removed or means something else; additions leave it as it is.
VERSION = 1
_PACKAGES = ("roadworthy", "pytest", "pytest-bdd", "allure-pytest", "kubernetes")


def document(
    run: str,
    cluster: dict[str, Any],
    criteria: list[dict[str, Any]],
    recovered: list[dict[str, Any]],
    *,
    started: float,
    exit_code: int,
) -> dict[str, Any]:
    """Return the whole document.

    ``criteria`` are ``Record.data()``, in the order to show them; ``recovered`` is what was put right before them
    (``rungs.remedy_data``).
    """
    ended = datetime.now(UTC)
    counts: dict[str, int] = {}
    for criterion in criteria:
        counts[criterion["verdict"]] = counts.get(criterion["verdict"], 0) + 1
    remedies = [*recovered, *(remedy for criterion in criteria for remedy in criterion["remedies"])]
    made = [change for remedy in remedies for change in remedy["changes"]]
    return {
        "version": VERSION,
        "run": run,
        "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="milliseconds"),
        "seconds": round(ended.timestamp() - started, 3),
        "exit_code": exit_code,
        "cluster": redact.data(cluster),
        "versions": {"python": platform.python_version(), **_versions()},
        "counts": counts,
        "changes": sum(change["done"] for change in made),
        "recovered": recovered,
        "criteria": criteria,
    }


def write(path: Path, content: dict[str, Any]) -> None:
    """Write it whole or not at all: whoever reads meanwhile sees the run before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=2, ensure_ascii=False, default=str)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
