"""Each right of the derived role for repairing, taken away in turn: it is missed, and nothing that needs it is begun.

What misses it is the API server's own answer (SelfSubjectAccessReviews) to an account that has all the others. On the
guarantees' sandbox (``guard``, or $ROADWORTHY_GUARANTEES_SANDBOX).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from roadworthy import profile_loader
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Delete, Target
from roadworthy.cli_criteria import read
from roadworthy.cluster import connect
from roadworthy.errors import Refused
from roadworthy.rights import needs, roles
from roadworthy.rights.asking import Asker
from roadworthy.rights.lacking import Lacking
from roadworthy.rights.needs import engine
from roadworthy.rights.right import Right
from roadworthy.rights.survey import Survey
from roadworthy.rooms import Rooms
from sandbox.api import Api
from sandbox.layout import Sandbox
from tests.accept.audit import Audit
from tests.accept.sandboxes import ROOT
from tests.accept.test_rights import FEATURE, USER, Roles, account, own, profile, pytestmark

__all__ = ["account", "own", "pytestmark"]
ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles/test-roadworthy-repair"


def where(right: Right) -> tuple[str, str, str]:
    """Return what a ClusterRole makes of a right: it knows no namespaces."""
    return right.group, right.resource or right.url, right.name


def begun(case: Case) -> Changes:
    yield Change("begin", Target("Pod", case.criterion), Delete(), why="it may not")


def missed(asked: Callable[[], Asker], rights: Iterable[Right]) -> list[Right]:
    """Return what is missing of the rights; the API server needs a moment to see a role change."""
    deadline = time.monotonic() + 10
    while not asked().missing(rights) and time.monotonic() < deadline:
        time.sleep(0.05)
    return asked().missing(rights)  # once more: the change may have been seen in the middle of the questions


def test_each_right_of_the_role_for_repairing_is_missed_before_anything_is_begun(
    own: Sandbox, tmp_path: Path, account: Callable[[Sandbox, Roles], Path], record_property: Callable[[str, int], None]
) -> None:
    _, name, _, folder = profile(tmp_path, own.name)
    found = profile_loader.provided(profile_loader.load(Path(folder), name))
    rooms, criteria = Rooms.here(ROOT), read([ROOT / FEATURE])
    survey, derived = Survey(rooms, found, criteria), needs(rooms, found, criteria)
    everything = [right for rights in roles.roles(derived).values() for right in rights]
    head = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
    role = {**head, "metadata": {"name": roles.REPAIR}, "rules": roles.rules(everything)}
    kubeconfig = account(own, [role])
    cluster = connect(replace(found, kubeconfig=str(kubeconfig), context="account"))
    repairing, api, audit = list(roles.roles(derived)[roles.REPAIR]), Api(own), Audit(own, USER)
    rungs = {rung for each in criteria for rung in each.ladder(rooms.last_remedy)}
    case = Case(SimpleNamespace(), "id", "m", "", {})
    assert Asker(cluster.access).missing(repairing) == []
    taken = sorted({(*where(right), right.verb) for right in repairing})
    for *place, verb in taken:
        gone = [right for right in repairing if (*where(right), right.verb) == (*place, verb)]
        near = [right for right in repairing if where(right)[:2] == tuple(place[:2])]
        rules = roles.rules(right for right in everything if (*where(right), right.verb) != (*place, verb))
        api.call("PUT", ROLE, {"metadata": {"name": ROLE.rpartition("/")[2]}, "rules": rules})
        missing = missed(lambda: Asker(cluster.access), gone)
        assert set(missing) == set(gone) or place[2], f"{verb} {place}: {missing}"
        assert set(Asker(cluster.access).missing(near)) == set(missing), f"{verb} {place}"
        lacking = Lacking(survey, set(missing))
        needing = [rung for rung in rungs if survey.remedy(*rung) & set(missing)]
        assert needing or engine() & set(missing) or not missing, f"nothing needs {verb} {place}"
        for remedy, argument in needing:
            with pytest.raises(Refused, match="every right that"):
                next(lacking.kept(remedy, begun)(replace(case, argument=argument)))
        if engine() & set(missing):
            with pytest.raises(Refused, match="every right that the engine needs"):
                lacking.for_repairing()
    cluster.close()
    assert audit.written() == []
    assert len(taken) > 40
    record_property("rights taken away", len(taken))
