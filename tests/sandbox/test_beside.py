"""Units are built behind whoever wants them later."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from roadworthy.errors import BadInput
from sandbox.builds import beside
from sandbox.progress import Progress, Silent


class Builder:
    """Builds when its gate opens; what is called `broken` it can't."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = threading.Event()

    def ensure(self, unit: str, *, report: Progress) -> Path:
        assert isinstance(report, Silent)
        assert self.gate.wait(10)
        self.asked.append(unit)
        if unit == "broken":
            raise BadInput("a unit that compiles", seen=unit)
        return Path(unit)


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Builder:
    builder = Builder()
    monkeypatch.setattr(beside, "ensure", builder.ensure)
    monkeypatch.setattr(beside, "ready", lambda unit: unit == "ready")
    return builder


def test_what_is_missing_is_built_in_order_while_others_work(builder: Builder) -> None:
    with beside.Beside(["ready", "b", "a", "b"], Silent()) as units:
        assert not units.builds(["ready"])
        assert units.builds(["ready", "a"])
        units.wait(["ready"])
        assert builder.asked == []
        builder.gate.set()
        units.wait(["b", "a"])
    assert builder.asked == ["b", "a"]


def test_one_that_cannot_be_built_holds_up_no_other(builder: Builder) -> None:
    builder.gate.set()
    with beside.Beside(["broken", "a"], Silent()) as units:
        units.wait(["broken", "a"])
    assert builder.asked == ["broken", "a"]


def test_after_the_end_no_other_is_begun(builder: Builder) -> None:
    with beside.Beside(["a", "b"], Silent()) as units:
        pass
    builder.gate.set()
    units.wait(["a", "b"])
    assert builder.asked in (["a"], [])
