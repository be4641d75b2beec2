"""The matrix: which fault turns which promise of a feature red, and what repairs it."""

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
from roadworthy.errors import BadInput

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "features" / "faults.schema.json"
#: What is proven when nothing else is said.
PHASE1 = ROOT / "features" / "phase1.feature"
#: Stands for a remedy where a run puts right what a dead one left, before it judges: no tag asks for that.
RECOVERY = "recovery"


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
    wide: bool
    ci: bool

    @property
    def node_id(self) -> str:
        """Pytest's name of the criterion."""
        row = f"[{'-'.join(self.criterion.parameters.values())}]" if self.criterion.parameters else ""
        return f"{path(self.criterion.path)}::{self.criterion.function}{row}"

    def matches(self, reason: str) -> bool:
        """Whether a red message is the right one."""
        return re.search(self.red, reason, re.DOTALL) is not None


def path(feature: Path) -> str:
    """Return a feature as pytest is told it."""
    return str(feature.resolve().relative_to(ROOT))


def data(feature: Path) -> Path:
    """Return where the faults of a feature stand: beside it."""
    return feature.with_suffix(".faults.yaml")


def said(feature: Path) -> list[dict[str, Any]]:
    """Return the data.

    Raises:
        BadInput: there is none, or it isn't as the schema says.

    """
    where = data(feature)
    try:
        content: list[dict[str, Any]] = yaml.safe_load(where.read_text(encoding="utf-8"))
        jsonschema.validate(content, json.loads(SCHEMA.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise BadInput(f"the faults of {feature.name}", seen="no such file", where=str(where)) from error
    except (yaml.YAMLError, jsonschema.ValidationError) as error:
        raise BadInput(f"faults as {SCHEMA.name} says", seen=str(error), where=str(where)) from error
    return content


def criteria(feature: Path = PHASE1) -> list[Criterion]:
    """Return every criterion of the feature."""
    return list(features.read(feature).criteria)


def rows(feature: Path = PHASE1) -> list[Row]:
    """Return the rows, each with the criterion that it is about.

    Raises:
        BadInput: a row names no scenario of the feature.

    """
    known = criteria(feature)
    found: list[Row] = []
    for entry in said(feature):
        criterion = _criterion(known, data(feature), entry["scenario"], entry.get("row"))
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
                wide=entry.get("wide", False),
                ci=entry.get("ci", False),
            )
        )
    return found


def faultless(feature: Path = PHASE1) -> list[str]:
    """Return the promises that no row turns red, in the feature's order."""
    covered = {_promise(row.criterion) for row in rows(feature)}
    return [name for name in dict.fromkeys(map(_promise, criteria(feature))) if name not in covered]


def _promise(criterion: Criterion) -> str:
    """Return the scenario's name, with its row where rows promise different things (elsewhere they are the nodes)."""
    first = next(iter(criterion.parameters.values()), "")
    by_node = not criterion.parameters or re.fullmatch(r"node-\d+", first)
    return criterion.scenario if by_node else f"{criterion.scenario} [{first}]"


def _criterion(known: list[Criterion], where: Path, scenario: str, row: str | None) -> Criterion:
    named = [each for each in known if each.scenario == scenario]
    chosen = named if row is None else [each for each in named if row in each.parameters.values()]
    if not chosen:
        name = scenario if row is None else f"{scenario} [{row}]"
        raise BadInput("a scenario of the feature", seen=repr(name), where=str(where), todo="correct its name")
    return chosen[0]
