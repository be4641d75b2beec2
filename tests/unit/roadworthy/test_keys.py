"""Whose a key is: its holder's until its time is over or its process is dead; never our own."""

from __future__ import annotations

import pytest

from roadworthy import keys, process

NOW = 1_800_000_000.0
HERE, PID, START = process.identity().rsplit("/", 2)


def thing(said: str | None) -> dict[str, object]:
    return {"metadata": {"name": "x", "annotations": {keys.KEY: said} if said else {}}}


@pytest.mark.parametrize(
    "said",
    [
        "anna",
        "anna, moving its disk until 2027-01-15T09:00:00Z",
        "anna until tomorrow",
        "anna until 99999-01-01T00:00:00Z",
        # Its name is the same in each worker of xdist.
        pytest.param(f"20270115t070000-aaaa@elsewhere/1-2/{PID}/{START} until 2027-01-15T09:00:00Z", id="elsewhere"),
        "until further notice",
    ],
)
def test_it_holds(said: str) -> None:
    assert keys.holder(thing(said), NOW) == said


@pytest.mark.parametrize(
    "said",
    [
        None,
        "anna until 2027-01-15T07:59:59Z",
        "anna, moving its disk, until 2027-01-15T07:59:59+00:00",
        pytest.param(f"20270115t070000-aaaa@{process.identity()} until 2027-01-15T09:00:00Z", id="ours"),
        pytest.param(f"20270115t070000-aaaa@{HERE}/{int(PID) + 10**7}/1 until 2027-01-15T09:00:00Z", id="a dead run's"),
    ],
)
def test_it_is_nobodys(said: str | None) -> None:
    assert keys.holder(thing(said), NOW) == ""


def test_what_is_written_is_read() -> None:
    said = keys.text("anna", NOW + 60)
    assert said == "anna until 2027-01-15T08:01:00Z"
    assert keys.holder(thing(said), NOW) == said
    assert keys.holder(thing(said), NOW + 61) == ""
