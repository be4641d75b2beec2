"""Load clusters/NAME.yaml."""

from __future__ import annotations

from pathlib import Path

import yaml


def waiver_ids(folder: Path) -> frozenset[str]:
    """Return the ids of all waivers in all profiles of the folder."""
    found: set[str] = set()
    for file in sorted(folder.glob("*.yaml")):
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        waivers = data.get("waivers") if isinstance(data, dict) else None
        found |= {str(w["id"]) for w in waivers or [] if isinstance(w, dict) and "id" in w}
    return frozenset(found)
