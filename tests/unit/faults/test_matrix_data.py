"""phase1.faults.yaml covers every promise, with faults, remedies and expressions that exist."""

from __future__ import annotations

import re

import pytest

from prove.matrix import PHASE1, RECOVERY, ROOT, Row, data, faultless, rows
from sandbox.faults import registry

PHASE2 = ROOT / "features" / "phase2.feature"


def test_every_promise_has_a_fault() -> None:
    missing = faultless()
    assert not missing, f"no fault turns these red; add a row to {data(PHASE1).name}: {missing}"


@pytest.mark.parametrize("row", [*rows(), *rows(PHASE2)], ids=lambda row: row.id)
def test_a_row_names_what_exists(row: Row) -> None:
    re.compile(row.red)
    ladder = {".".join(filter(None, rung)) for rung in row.criterion.ladder()}
    assert row.remedy in ladder | {"none", RECOVERY}, (
        f"{row.remedy} is no remedy of {row.criterion.id}: {sorted(ladder)}"
    )
    known = registry.known()
    for name, arguments in row.inject:
        if name == "restart":
            assert set(arguments) == {"namespace", "labels"}
            continue
        assert name in known, f"no fault {name}: {sorted(known)}"
        takes = {parameter.name: parameter for parameter in known[name].arguments}
        needs = {key for key, parameter in takes.items() if parameter.default is parameter.empty}
        assert needs <= set(arguments) <= set(takes), f"{name} takes {sorted(takes)}, not {sorted(arguments)}"


def test_some_of_them_run_in_ci() -> None:
    assert 3 <= sum(row.ci for row in rows()) <= 10


def test_an_edited_text_is_there_to_be_edited() -> None:
    for row in [*rows(), *rows(PHASE2)]:
        for name, arguments in row.inject:
            if name == "edit-text":
                files = list((ROOT / "installers").rglob(arguments["key"]))
                found = [file for file in files if re.search(arguments["find"], file.read_text(encoding="utf-8"))]
                assert found, f"{row.id}: no {arguments['key']} of an installer holds {arguments['find']!r}"
