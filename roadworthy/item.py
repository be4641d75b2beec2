"""One criterion as a pytest item: its ``runtest`` is the loop judge -> remedy -> judge, not one call."""

from __future__ import annotations

import os
from typing import Any

import pytest

from roadworthy import redact
from roadworthy.criterion import Criterion
from roadworthy.record import Record
from roadworthy.session import RUN
from roadworthy.shown import Unjudged, Unmet, is_bug


class CriterionItem(pytest.Function):
    """A scenario, or one row of an outline."""

    criterion: Criterion
    record: Record | None = None
    failed_step = ""

    @classmethod
    def of(cls, plain: pytest.Function, criterion: Criterion, fixtures: Any = None) -> CriterionItem:
        """Build from what pytest and pytest-bdd made (or with these fixtures), with the criterion's tags as marks."""
        item: CriterionItem = cls.from_parent(
            plain.parent,
            name=plain.name,
            originalname=plain.originalname,
            callspec=getattr(plain, "callspec", None),
            fixtureinfo=fixtures or plain._fixtureinfo,  # noqa: SLF001 - the public constructor takes it, and has no name for it
        )
        item.criterion = criterion
        for tag in criterion.tags:
            # Not by pytest.mark: a name like remedy:install.loki can't be registered, and strict markers refuse it.
            item.add_marker(pytest.MarkDecorator(pytest.Mark(tag.name, (), {}, _ispytest=True), _ispytest=True))
        return item

    def again(self) -> CriterionItem:
        """Return a twin: a node of its own, so that no fixture of one attempt is seen by the next."""
        twin = CriterionItem.of(self, self.criterion)
        self.user_properties.clear()  # what the last attempt notes counts
        twin.user_properties = self.user_properties
        return twin

    def judge_once(self) -> None:
        """Run the steps, once. Raises what the failing step raised."""
        super().runtest()

    def runtest(self) -> None:
        """Judge, repair where that is asked for, and raise the verdict as pytest's outcome."""
        self.config.hook.pytest_roadworthy_judge(item=self)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **kwargs: Any) -> Any:
        """Return the step that failed and why; with a traceback for a bug, or on request (``-v``)."""
        if not isinstance(excinfo.value, Unmet | Unjudged):
            return redact.text(str(super().repr_failure(excinfo, *args, **kwargs)))
        record = self.record
        lines = str(excinfo.value).splitlines()
        lines += [f"at: {record.step}"] if record and record.step else []
        if record and record.evidence:
            files = self.config.stash[RUN].reports / record.evidence[-1]
            lines.append(f"evidence: {os.path.relpath(files.parent)}")
        cause = excinfo.value.__cause__
        if cause is not None and (is_bug(cause) or self.config.get_verbosity() > 0):
            trace = pytest.ExceptionInfo.from_exception(cause)
            lines.append(redact.text(str(trace.getrepr(style="short", abspath=False, chain=False))))
        return "\n".join(lines)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Return where the criterion is written (the row's line for an outline), counted from zero as pytest does."""
        return self.path, self.criterion.line - 1, self.name
