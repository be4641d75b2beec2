"""One criterion as a pytest item: its ``runtest`` is the loop judge -> remedy -> judge, not one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from roadworthy.criterion import Criterion

if TYPE_CHECKING:
    from roadworthy.session import Run

RUN: pytest.StashKey[Run] = pytest.StashKey()


class CriterionItem(pytest.Function):
    """A scenario, or one row of an outline."""

    criterion: Criterion

    @classmethod
    def of(cls, plain: pytest.Function, criterion: Criterion) -> CriterionItem:
        """Build from what pytest and pytest-bdd made, with the criterion's tags as marks."""
        item: CriterionItem = cls.from_parent(
            plain.parent,
            name=plain.name,
            originalname=plain.originalname,
            callspec=getattr(plain, "callspec", None),
            fixtureinfo=plain._fixtureinfo,  # noqa: SLF001 - the public constructor takes it, and has no name for it
        )
        item.criterion = criterion
        for tag in criterion.tags:
            # Not by pytest.mark: a name like remedy:install.loki can't be registered, and strict markers refuse it.
            item.add_marker(pytest.MarkDecorator(pytest.Mark(tag.name, (), {}, _ispytest=True), _ispytest=True))
        return item

    def again(self) -> CriterionItem:
        """Return a twin: a node of its own, so that no fixture of one attempt is seen by the next."""
        return CriterionItem.of(self, self.criterion)

    def judge_once(self) -> None:
        """Run the steps, once. Raises what the failing step raised."""
        super().runtest()

    def runtest(self) -> None:
        """Judge, repair where that is asked for, and raise the verdict as pytest's outcome."""
        self.config.stash[RUN].judge(self)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Return where the criterion is written (the row's line for an outline), counted from zero as pytest does."""
        return self.path, self.criterion.line - 1, self.name
