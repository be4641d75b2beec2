"""Promise 11: what passed before passes after, or the Change is rolled back and the ladder ends."""

from __future__ import annotations

import pytest

from tests.guarantees.field import Field
from tests.guarantees.project import Project

pytestmark = [pytest.mark.guarantee(11), pytest.mark.short]
FEATURE = """
Feature: Two things of one component
  @component:toy
  Scenario: the neighbour is well
    Then neighbour says right in HOME
  @needs:toy @remedy:lifted @remedy:put_map
  Scenario Outline: wanted is right
    Then wanted says right in <home>
    Examples:
      | home |
      | HOME |
"""


def prepare(field: Field, remedy: str) -> Project:
    field.wrong()
    field.wrong("neighbour", "right")
    project = Project(field)
    project.profile(field.kubeconfig)
    project.write(
        "pyproject.toml",
        project.root.joinpath("pyproject.toml").read_text() + 'roadworthy_components = "guard_installers"\n',
    )
    project.write("guard_installers/toy/component.yaml", "requires: []\n")
    project.remedy("lifted", f"from tests.guarantees.toys import {remedy} as remedy")
    project.feature(FEATURE)
    return project


@pytest.mark.parametrize(
    ("remedy", "written", "told"),
    [
        pytest.param("lifted", ("wanted", "neighbour"), "taken back", id="it helps"),
        pytest.param("amiss", ("neighbour",), "not repaired, and then failed", id="it helps nothing"),
    ],
)
@pytest.mark.ci
def test_what_breaks_something_else_is_rolled_back_and_the_ladder_ends(
    field: Field, remedy: str, written: tuple[str, ...], told: str
) -> None:
    """Both objects are as they were, by the API server; the next rung isn't climbed; both facts are told."""
    project = prepare(field, remedy)
    ran = project.run("--remediate")
    wanted = ran.criteria[f"wanted-is-right[{field.home}]"]
    assert wanted["verdict"] == "failed", ran.said[-4000:]
    assert field.admin.map(field.home, "wanted") == {"k": "wrong"}
    assert field.admin.map(field.home, "neighbour") == {"k": "right"}
    assert [(each.verb, each.name, each.code) for each in field.audit.writes()] == [
        *(("patch", name, 200) for name in written),
        *(("update", name, 200) for name in reversed(written)),
    ]
    kinds = [entry["kind"] for entry in project.journal()]
    assert kinds == ["intent", "result"] * len(written) + ["undo", "undone"] * len(written)
    assert [each["name"] for each in wanted["remedies"]] == ["lifted"]
    report = str(ran.report) + ran.said
    assert "the-neighbour-is-well" in report
    assert told in report


def test_a_fix_that_breaks_nothing_stays(field: Field) -> None:
    """The control: the same, without the harm."""
    ran = prepare(field, "put_map").run("--remediate")
    assert ran.verdicts[f"wanted-is-right[{field.home}]"] == "converged", ran.said[-4000:]
    assert field.right()
    assert len(field.audit.writes()) == 1


def test_somebody_elses_later_edit_is_not_taken_back_with_it(field: Field) -> None:
    """What was touched by another hand since isn't put back over it unseen: the audit log shows no blind update."""
    from roadworthy.change import Apply, Change, Target
    from roadworthy.converge.act import act
    from tests.guarantees import toys

    field.wrong()
    cluster = field.connect(field.profile(field.proxied))
    engine = field.engine(cluster)
    engine._lease.acquire()
    manifest = Apply(toys.manifest(field.home), force=True)
    done = act(engine._tools, Change("apply", Target("ConfigMap", "wanted", field.home), manifest, why="a toy"))
    field.proxy.fail(
        lambda seen: seen.method == "PUT" and "configmaps" in seen.path, then=lambda: field.wrong(value="mine")
    )
    words = engine._climber.take_back(done)
    assert "failed" in words
    assert field.admin.map(field.home, "wanted") == {"k": "mine"}
    assert [each.code for each in field.audit.writes()] == [200, 409]
