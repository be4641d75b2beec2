"""phase1.yaml covers every promise, with faults, remedies and expressions that exist."""

from __future__ import annotations

import re

import pytest

from roadworthy.criterion import Criterion
from sandbox.faults import registry
from tests.faults.matrix import DATA, ROOT, Row, criteria, rows

#: Outlines whose rows promise different things: each row wants its own fault. Elsewhere the rows are the nodes.
EACH_ROW = {"No pod stays in a state that it should leave"}


def named(criterion: Criterion) -> str:
    first = next(iter(criterion.parameters.values()), "")
    return f"{criterion.scenario} [{first}]" if criterion.scenario in EACH_ROW else criterion.scenario


def test_every_promise_has_a_fault() -> None:
    missing = {named(each) for each in criteria()} - {named(row.criterion) for row in rows()}
    assert not missing, f"no fault turns these red; add a row to {DATA.name}: {sorted(missing)}"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_a_row_names_what_exists(row: Row) -> None:
    re.compile(row.red)
    ladder = {".".join(filter(None, rung)) for rung in row.criterion.ladder()}
    assert row.remedy in ladder | {"none"}, f"{row.remedy} is no remedy of {row.criterion.id}: {sorted(ladder)}"
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
    for row in rows():
        for name, arguments in row.inject:
            if name == "edit-text":
                files = list((ROOT / "installers").rglob(arguments["key"]))
                found = [file for file in files if re.search(arguments["find"], file.read_text(encoding="utf-8"))]
                assert found, f"{row.id}: no {arguments['key']} of an installer holds {arguments['find']!r}"
