"""The matrix of phase1.yaml: which fault turns which promise red, and what repairs it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from roadworthy import features
from roadworthy.criterion import Criterion

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DATA, SCHEMA = HERE / "phase1.yaml", HERE / "faults.schema.json"
FEATURE = ROOT / "features" / "phase1.feature"


@dataclass(frozen=True)
class Row:
    """One fault against one promise; `inject` holds (fault, arguments by name) in order."""

    id: str
    criterion: Criterion
    what: str
    inject: tuple[tuple[str, Mapping[str, Any]], ...]
    shapes: str
    red: str
    remedy: str
    unrepaired: str
    within: float
    ci: bool

    @property
    def node_id(self) -> str:
        """pytest's name of the criterion."""
        row = f"[{'-'.join(self.criterion.parameters.values())}]" if self.criterion.parameters else ""
        return f"{FEATURE.relative_to(ROOT)}::{self.criterion.function}{row}"

    def matches(self, reason: str) -> bool:
        """Whether a red message is the right one."""
        return re.search(self.red, reason, re.DOTALL) is not None


def said() -> list[dict[str, Any]]:
    """Return the data, checked against its schema."""
    content: list[dict[str, Any]] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    jsonschema.validate(content, json.loads(SCHEMA.read_text(encoding="utf-8")))
    return content


def criteria() -> list[Criterion]:
    """Return every criterion of the feature."""
    return list(features.read(FEATURE).criteria)


def rows() -> list[Row]:
    """Return the rows, each with the criterion that it is about."""
    known = criteria()
    found: list[Row] = []
    for entry in said():
        criterion = _criterion(known, entry["scenario"], entry.get("row"))
        slug = criterion.function.removeprefix("test_") + (f"[{entry['row']}]" if "row" in entry else "")
        again = sum(1 for each in found if each.id.partition("#")[0] == slug)
        found.append(
            Row(
                id=f"{slug}#{again + 1}" if again else slug,
                criterion=criterion,
                what=entry["what"],
                inject=tuple(next(iter(step.items())) for step in entry.get("inject", ())),
                shapes=entry.get("shapes", ""),
                red=entry["red"],
                remedy=entry["remedy"],
                unrepaired=entry.get("unrepaired", ""),
                within=float(entry.get("within", 120)),
                ci=entry.get("ci", False),
            )
        )
    return found


def _criterion(known: list[Criterion], scenario: str, row: str | None) -> Criterion:
    named = [each for each in known if each.scenario == scenario]
    if not named:
        raise LookupError(f"{DATA.name}: no scenario {scenario!r} in {FEATURE.name}")
    if row is None:
        return named[0]
    chosen = [each for each in named if row in each.parameters.values()]
    if not chosen:
        raise LookupError(f"{DATA.name}: no row {row!r} in {scenario!r}")
    return chosen[0]
