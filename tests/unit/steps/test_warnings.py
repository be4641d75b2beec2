"""What holds with a reservation says so, in its record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probes import postgres, shipper
from roadworthy import notices
from steps import databases, logs


@pytest.mark.parametrize(("kind", "warned"), [(shipper.KINDS["promtail"], True), (shipper.OTEL, False)])
def test_a_shipper_without_a_maintainer_holds_with_a_warning(
    kind: shipper.Kind,
    warned: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shipper, "kind", lambda _: replace(kind))
    with notices.kept() as told:
        logs.maintained(None)  # type: ignore[arg-type]
    assert bool(told) is warned
    if warned:
        assert told == ["Promtail has no maintainer since 2 March 2026: move to a log shipper that has one"]


@pytest.mark.parametrize(("let_in", "rules"), [(False, []), (True, []), (True, ["host all all all"])])
def test_who_trusts_his_own_pod_only_is_shut_with_a_warning(
    let_in: bool,  # noqa: FBT001
    rules: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the official image does by default; what lets anybody in from elsewhere is no such thing."""
    monkeypatch.setattr(postgres, "lets_in", lambda *_: let_in)
    monkeypatch.setattr(postgres, "open_rules", lambda _: rules)
    with notices.kept() as told:
        if rules:
            with pytest.raises(AssertionError, match="let in, from anywhere: host all all all"):
                databases.shut(None)  # type: ignore[arg-type]
        else:
            databases.shut(None)  # type: ignore[arg-type]
    assert bool(told) is (let_in and not rules)


def test_outside_of_a_criterion_it_is_a_warning_of_pythons() -> None:
    with pytest.warns(UserWarning, match="left for the next run"):
        notices.warn("a row is left for the next run to sweep")
