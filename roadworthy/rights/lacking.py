"""The rights that a run lacks: told once as a table, and refused where they are needed, before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from roadworthy import terminal
from roadworthy.case import Case, Changes, Remedy
from roadworthy.criterion import Criterion
from roadworthy.errors import BadInput, Denied, Refused
from roadworthy.rights import needs, roles
from roadworthy.rights.asking import Asker
from roadworthy.rights.needs import engine
from roadworthy.rights.right import Right, parse
from roadworthy.rights.survey import Survey
from roadworthy.rights.table import table, told

if TYPE_CHECKING:
    from roadworthy.cluster.access import Access
    from roadworthy.session import Run

_TODO = "grant them: roadworthy rbac prints the roles"


def look(run: Run, access: Access) -> Lacking | None:
    """Ask for every right that the selected criteria need, and show those that are missing; None: all are there.

    Raises:
        Unknown: the API server doesn't say.

    """
    asker = Asker(access)
    if asker.everything():
        return None
    wanted = roles.roles(needs(run.rooms, run.profile, run.criteria))
    if not (run.remediate or run.plan):
        wanted.pop(roles.REPAIR)
    missing = {role: {right: rights[right] for right in asker.missing(rights)} for role, rights in wanted.items()}
    if not any(missing.values()):
        return None
    _show(run, missing)
    survey = Survey(run.rooms, run.profile, run.criteria)
    return Lacking(survey, {right for those in missing.values() for right in those})


def _show(run: Run, missing: Mapping[str, Mapping[Right, Iterable[str]]]) -> None:
    count = sum(map(len, missing.values()))
    many = "1 right is" if count == 1 else f"{count} rights are"
    run.tell(f"{many} missing; what needs them is broken, or isn't repaired ({_TODO}):")
    for line in terminal.lines(lambda console: console.print(table(missing)), colour=False, width=116):
        run.tell(line)


def asked_first(access: Access, name: str, words: Iterable[str], remedy: Remedy) -> Remedy:
    """Return the remedy, which now asks for these rights before its first Change, and refuses when it lacks one."""

    def held(case: Case) -> Changes:
        _granted(name, Asker(access).missing(right for each in words for right in parse(each)))
        return (yield from remedy(case))

    return held


class Lacking:
    """What isn't allowed, held against what is about to be done."""

    def __init__(self, survey: Survey, missing: set[Right]) -> None:
        self._survey, self._missing = survey, missing

    def for_judging(self, criterion: Criterion) -> None:
        """Raise Denied when judging a criterion would need one of them."""
        if lacks := self._lacks(self._survey.judging(criterion) | self._survey.markers(criterion)):
            raise Denied("every right that judging this needs", seen=f"not: {told(lacks)}", todo=_TODO)

    def for_repairing(self) -> None:
        """Raise Refused when the engine itself would need one of them."""
        if lacks := self._lacks(engine()):
            raise Refused("every right that the engine needs", seen=f"not: {told(lacks)}", todo=_TODO)

    def kept(self, name: str, remedy: Remedy) -> Remedy:
        """Return the remedy, which now refuses before its first Change when it lacks a right: nothing is half-done."""

        def held(case: Case) -> Changes:
            try:
                lacks = self._lacks(self._survey.remedy(name, case.argument))
            except BadInput as error:
                raise Refused("what the remedy needs can be told", seen=error.render(), todo=_TODO) from error
            _granted(name, lacks)
            return (yield from remedy(case))

        return held

    def _lacks(self, rights: Iterable[Right]) -> list[Right]:
        return sorted(self._missing.intersection(rights))


def _granted(name: str, lacks: Iterable[Right]) -> None:
    if lacks := list(lacks):
        raise Refused(f"every right that {name} needs", seen=f"not: {told(lacks)}", todo=_TODO)
