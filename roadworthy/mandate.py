"""What a run may do: judge only, plan, repair, or repair by a plan that somebody has read."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from roadworthy import permission, plan_file, redact
from roadworthy.errors import BadInput, Denied
from roadworthy.rungs import remedy_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from roadworthy.case import Remedy
    from roadworthy.cluster.access import Access
    from roadworthy.criterion import Criterion
    from roadworthy.profile import Profile
    from roadworthy.rights.lacking import Lacking
    from roadworthy.session import Run


class Mandate:
    """What one run was asked for, held against what there is."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @cached_property
    def plan(self) -> plan_file.PlanFile | None:
        """The plan that is followed, if one is."""
        path = self._run.config.getoption("from_plan")
        return plan_file.load(Path(path)) if path else None

    def check_input(self) -> None:
        """Check what can be checked before anything is contacted.

        Raises:
            BadInput: the profile, the plan or the journal can't be used; or the plan isn't for what is selected.

        """
        run = self._run
        stated = run.stated
        if self.plan:
            self.plan.fits(stated)
            self._selected(self.plan)
        if run.remediate:
            from roadworthy.converge.journal import verified

            verified(run.journals / f"{stated.name}.jsonl")

    def ready(self) -> None:
        """Check that there is a cluster, the one that was planned for, our rights, and an engine where one is wanted.

        And put right what dead runs left half-done: nothing is judged in the middle of that. Asked before the first
        criterion, and again before each: what has failed fails again.

        Raises:
            BadInput: it is another one, or it has changed since.
            Unknown: it can't be reached.

        """
        _ = self._run.cluster
        if self._run.remediate or self._run.plan:
            _ = self._run.convergence  # its journal is in order
        _ = self._as_planned
        _ = self._lacking
        _ = self._recovered

    def ladder(self, criterion: Criterion) -> list[tuple[str, str]]:
        """Return the remedies that may be tried for a criterion, lightest first."""
        if not (self._run.remediate or self._run.plan):
            return []
        rungs = criterion.ladder(self._run.rooms.last_remedy)
        return self.plan.ladder(criterion.id, rungs) if self.plan else rungs

    def left_out(self, criterion: Criterion) -> str:
        """Return why nothing is tried for a criterion although it has remedies; empty where that needs no words."""
        return "; it isn't in the plan, so it isn't repaired" if self.plan and criterion.values("remedy") else ""

    def remedy(self, name: str) -> Remedy:
        """Return a remedy, held to what this run may do."""
        found = self._run.rooms.remedy(name)
        found = self._lacking.kept(name, found) if self._lacking else found
        return self.plan.followed(name, found) if self.plan else found

    def held(self, name: str, rights: Iterable[str], remedy: Remedy) -> Remedy:
        """Return a remedy of the engine's own, which nobody selects: its rights are asked for when it works."""
        from roadworthy.rights.lacking import asked_first

        access: Access = self._run.cluster.access  # type: ignore[attr-defined]  # a stand-in of tests recovers nothing
        return asked_first(access, name, rights, remedy)

    def images(self, profile: Profile) -> Iterator[str]:
        """Yield the images that the remedies of what is selected may want, in the order of the criteria."""
        for rung in dict.fromkeys(rung for criterion in self._run.criteria for rung in self.ladder(criterion)):
            yield from self._run.rooms.images(*rung, profile)

    def grants(self, criterion: Criterion) -> bool:
        """Whether a criterion may be judged, as far as that can be told before what it needs has been judged."""
        try:
            self.may_judge(criterion)
        except Denied:
            return False
        return not permission.forbidden(self._run.stated, criterion)

    def may_judge(self, criterion: Criterion) -> None:
        """Raise Denied when judging a criterion would need a right that we don't have."""
        if self._lacking:
            self._lacking.for_judging(criterion)

    def may_repair(self) -> None:
        """Raise Refused when the engine lacks a right that it needs around every Change."""
        if self._lacking:
            self._lacking.for_repairing()

    @cached_property
    def _lacking(self) -> Lacking | None:
        """The rights that are missing; None where none is."""
        access = getattr(self._run.cluster, "access", None)
        if access is None:
            return None  # a stand-in of tests
        from roadworthy.rights.lacking import look

        return look(self._run, access)

    @cached_property
    def _recovered(self) -> bool:
        """Whether a dead run's half-done work was looked for; one that follows a plan does what is in it, no more."""
        run = self._run
        if run.remediate and not self.plan and run.board.once("recovered"):
            reports = run.convergence.recover()
            run.board.recovered([redact.data(remedy_data(each, helped=not each.error)) for each in reports])
        return True

    @cached_property
    def _as_planned(self) -> bool:
        """Whether the plan may be begun; asked once, for its own changes change the cluster."""
        if self.plan:
            self.plan.fits(self._run.profile)
            self.plan.unchanged(self._run.cluster)  # type: ignore[arg-type]  # a stand-in of tests has no plan
        return True

    def _selected(self, plan: plan_file.PlanFile) -> None:
        if not self._run.criteria:
            return  # nothing is collected yet: asked again afterwards
        if missing := sorted(plan.criteria - {criterion.id for criterion in self._run.criteria}):
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            todo = "name the features that it was made for"
            raise BadInput(
                "the plan's criteria are selected", seen=f"not {missing[0]}{more}", where=str(plan.path), todo=todo
            )
