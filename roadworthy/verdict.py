"""The seven verdicts, and how an exception becomes one (design: section 5)."""

from __future__ import annotations

from enum import StrEnum

from roadworthy.errors import Blocked, NotApplicable


class Verdict(StrEnum):
    """What a criterion came to. The value is the word that reports show."""

    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    BLOCKED = "blocked"
    WAIVED = "waived"
    NOT_APPLICABLE = "not applicable"
    CONVERGED = "converged"

    @property
    def good(self) -> bool:
        """Whether a run may end with exit code 0 with this verdict in it."""
        return self in {Verdict.PASSED, Verdict.CONVERGED, Verdict.WAIVED, Verdict.NOT_APPLICABLE}


def classify(error: BaseException | None) -> Verdict:
    """Return the verdict of one judgement that ended with ``error`` (``None``: nothing was raised)."""
    if error is None:
        return Verdict.PASSED
    if isinstance(error, NotApplicable):
        return Verdict.NOT_APPLICABLE
    if isinstance(error, Blocked):
        return Verdict.BLOCKED
    if isinstance(error, AssertionError):
        return Verdict.FAILED
    return Verdict.BROKEN
