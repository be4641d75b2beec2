"""Promise 13: the cluster that the profile means, by context and UID, at every Change; children know no other."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from roadworthy import private
from roadworthy.case import Case, Changes
from roadworthy.change import Change, HelmUpgrade, Patch, Target
from roadworthy.converge import Converged
from roadworthy.errors import BadInput
from roadworthy.profile import Profile
from roadworthy.verdict import Verdict
from tests.guarantees import toys
from tests.guarantees.field import Field
from tests.unit.roadworthy.apiserver import StandIn

pytestmark = [pytest.mark.guarantee(13), pytest.mark.short]
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def other(tmp_path: Path) -> Iterator[StandIn]:
    """Another cluster: what is sent to it is its own log's."""
    folder = tmp_path / "other"
    folder.mkdir()
    made = StandIn(folder)
    yield made
    made.close()


def written(other: StandIn) -> list[tuple[str, str]]:
    return [each for each in other.api.log if each[0] in WRITES]


def attempt(field: Field, profile: Profile, remedy: Any = toys.put_map) -> Converged:
    cluster = field.connect(profile)
    judge = toys.map_judge(cluster, field.home)
    return field.engine(cluster, {"remedy": remedy}).converge(field.case(cluster), [("remedy", "")], judge)


@pytest.mark.ci
def test_the_same_name_and_another_cluster(field: Field, other: StandIn) -> None:
    """A context of the right name leads to a cluster of another UID: refused when it is opened."""
    field.proxy.turn_to(other.address, None)
    with pytest.raises(BadInput, match=r"guard\.yaml.*choose the right --cluster"):
        field.connect(field.profile(field.proxied))
    assert written(other) == []


@pytest.mark.parametrize("missing", ["context", "kube_system_uid"])
def test_both_must_be_said(field: Field, missing: str) -> None:
    """A profile that names only one of them: judged, never repaired."""
    field.wrong()
    whole = field.profile()
    lacking = replace(whole, context="") if missing == "context" else replace(whole, kube_system_uid="")
    done = attempt(field, lacking)
    assert f"the profile says {missing}" in done.reason
    assert field.audit.writes() == []


@pytest.mark.ci
def test_swapped_before_the_first_change(field: Field, other: StandIn) -> None:
    """Between the remedy's look and the act the address leads elsewhere: nothing is written, there or here."""
    field.wrong()

    def remedy(case: Case) -> Changes:
        field.proxy.turn_to(other.address, None)
        yield from toys.put_map(case)

    done = attempt(field, field.profile(field.proxied), remedy)
    assert done.verdict is Verdict.FAILED
    assert "kube-system UID" in done.reason
    assert [each for each in written(other) if "leases" not in each[1]] == []
    assert field.audit.writes() == []


def test_swapped_between_two_changes(field: Field, other: StandIn) -> None:
    """The first Change is made, the second isn't sent to whoever answers now."""
    field.wrong()

    def remedy(case: Case) -> Changes:
        yield from toys.put_map(case)
        field.proxy.turn_to(other.address, None)
        yield Change("note", Target("ConfigMap", "wanted", field.home), Patch({"data": {"k": "2"}}), why="a toy")

    attempt(field, field.profile(field.proxied), remedy)
    assert len(field.audit.writes()) == 1
    assert [each for each in written(other) if "leases" not in each[1]] == []


def test_the_kubeconfig_is_rewritten_during_the_run(field: Field, other: StandIn) -> None:
    """After a 401 credentials are read anew, and with them the server's address: another cluster gets no write."""
    field.wrong()
    other.write_kubeconfig({"token": "x"})
    elsewhere = yaml.safe_load(other.kubeconfig.read_text())

    def remedy(case: Case) -> Changes:
        content = yaml.safe_load(field.proxied.read_text())
        content["clusters"][0]["cluster"] = elsewhere["clusters"][0]["cluster"]
        field.proxied.write_text(yaml.safe_dump(content))
        field.proxy.fail(lambda seen: "leases" not in seen.path, status=401)
        yield from toys.put_map(case)

    attempt(field, field.profile(field.proxied), remedy)
    assert [each for each in written(other) if "leases" not in each[1]] == []
    assert field.audit.writes() == []


def test_another_context_in_the_file(field: Field) -> None:
    """current-context is no choice: the profile's context is used, and one that isn't there is refused."""
    content = yaml.safe_load(field.kubeconfig.read_text())
    content["current-context"] = "production"
    field.kubeconfig.write_text(yaml.safe_dump(content))
    field.wrong()
    assert attempt(field, field.profile()).verdict is Verdict.CONVERGED
    with pytest.raises(BadInput, match="an entry 'production'"):
        field.connect(replace(field.profile(), context="production"))


SPY = """#!/bin/sh
# Not helm: notes what it was given.
umask 077
stat -c '%a' "$KUBECONFIG" "$(dirname "$KUBECONFIG")" "$(dirname "$(dirname "$KUBECONFIG")")" > NOTES.modes
cat "$KUBECONFIG" > NOTES.kubeconfig
env | grep -c -e '^KUBECONFIG=' -e '^HELM_' > NOTES.count
echo "$KUBECONFIG" > NOTES.path
[ "$1" = status ] && { echo "Error: release: not found" >&2; exit 1; }
exit 0
"""


def test_a_child_gets_a_private_minified_kubeconfig(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """One context, credentials inlined, 0600 in 0700; nothing of the caller's KUBECONFIG; swept at the end."""
    spy, notes = field.folder / "helm", field.folder / "notes"
    spy.write_text(SPY.replace("NOTES", str(notes)))
    spy.chmod(0o755)
    content = yaml.safe_load(field.kubeconfig.read_text())
    content["contexts"].append({"name": "production", "context": {"cluster": "p", "user": "p"}})
    content["clusters"].append({"name": "p", "cluster": {"server": "https://production"}})
    content["users"].append({"name": "p", "user": {"token": "production-token"}})
    field.kubeconfig.write_text(yaml.safe_dump(content))
    monkeypatch.setenv("KUBECONFIG", "/somewhere/else")
    monkeypatch.setenv("HELM_KUBECONTEXT", "production")
    field.wrong()
    cluster = field.connect()

    def remedy(_: Case) -> Changes:
        action = HelmUpgrade("chart", "", (), "d" * 40)
        yield Change("upgrade", Target("Release", "toy", field.home), action, why="a toy")

    judge = toys.map_judge(cluster, field.home)
    field.engine(cluster, {"remedy": remedy}, helm=str(spy)).converge(field.case(cluster), [("remedy", "")], judge)
    given = yaml.safe_load(notes.with_suffix(".kubeconfig").read_text())
    assert [each["name"] for each in given["contexts"]] == ["guard"] == [given["current-context"]]
    assert (len(given["clusters"]), len(given["users"])) == (1, 1)
    assert given["clusters"][0]["cluster"]["server"] == field.admin.server
    assert "production" not in notes.with_suffix(".kubeconfig").read_text()
    assert notes.with_suffix(".modes").read_text().split() == ["600", "700", "700"]
    path = Path(notes.with_suffix(".path").read_text().strip())
    assert path.is_relative_to(private.folder())
    assert not path.exists()
    assert stat.S_IMODE(private.folder().stat().st_mode) == 0o700
