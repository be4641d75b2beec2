"""pytest collects feature files, and refuses what would silently judge less than it says."""

from __future__ import annotations

import pytest

from tests.unit.roadworthy.toy import Toy

pytest_plugins = ["pytester"]

OUTLINE = """
Feature: F
  Scenario Outline: <node> is up
    Then <node> is fine

    Examples:
      | node   |
      | node-1 |
      | node-2 |
"""


def test_a_feature_file_is_collected_by_its_name(toy: Toy) -> None:
    toy.feature("Feature: F\n  Scenario: Loki's up!\n    Then loki is fine\n")
    result = toy.run("features/toy.feature", "-v")
    result.stdout.fnmatch_lines(["features/toy.feature::test_lokis_up PASSED*"])
    assert result.ret == 0


def test_every_row_is_a_test_of_its_own(toy: Toy) -> None:
    toy.feature(OUTLINE)
    toy.state(**{"node-2": "bad"})
    result = toy.run("features", "-v")
    result.stdout.fnmatch_lines(["*::test_node_is_up?node-1? PASSED*", "*::test_node_is_up?node-2? FAILED*"])
    assert toy.verdicts == {"node-is-up[node-1]": "passed", "node-is-up[node-2]": "failed"}


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["features", "-k", "node-2"], ["node-2"]),
        (["features/toy.feature::test_node_is_up[node-1]"], ["node-1"]),
        (["features", "-m", "slow"], []),
        (["features"], ["node-1", "node-2"]),
    ],
)
def test_selection_works_as_for_any_test(toy: Toy, arguments: list[str], names: list[str]) -> None:
    toy.feature(OUTLINE)
    result = toy.run(*arguments, "--collect-only", "-q")
    seen = [line.partition("[")[2].rstrip("]") for line in result.outlines if "::" in line]
    assert seen == names
    assert not (toy.root / "reports").exists()


def test_markers_are_the_tags_with_their_values(toy: Toy) -> None:
    toy.feature(
        "@needs:loki\nFeature: F\n  @remedy:install.loki\n  Scenario: a\n    Then a is fine\n"
        "  Scenario: b\n    Then b is fine\n"
    )
    result = toy.run("features", "-m", "remedy:install.loki and needs:loki", "--collect-only", "-q", "--strict-markers")
    assert "test_a" in result.stdout.str() or "Unknown marker" in result.stderr.str()
    result = toy.run("features", "-m", "remedy:install.loki and needs:loki", "--collect-only", "-q")
    assert [line for line in result.outlines if "::" in line] == ["features/toy.feature::test_a"]


def test_hole_1_two_scenarios_of_one_name(toy: Toy) -> None:
    toy.feature("Feature: F\n  Scenario: up\n    Then a is fine\n  Scenario: up\n    Then b is fine\n")
    result = toy.run()
    result.stdout.fnmatch_lines(['features/toy.feature:4: scenario "up" reads the same as that of line 2: *'])
    assert result.ret == 2


def test_hole_2_examples_with_a_header_only(toy: Toy) -> None:
    toy.feature("Feature: F\n  Scenario Outline: <x> up\n    Then <x> is fine\n    Examples:\n      | x |\n")
    result = toy.run()
    result.stdout.fnmatch_lines(['features/toy.feature:4: Examples of "<x> up" have no row: *'])
    assert result.ret == 2


def test_hole_3_tags_on_examples_are_checked_and_carried(toy: Toy) -> None:
    text = """
Feature: F
  Scenario Outline: <x> up
    Then <x> is fine
    @slow
    Examples:
      | x |
      | a |
    Examples: others
      | x |
      | b |
"""
    toy.feature(text)
    result = toy.run("features", "-m", "slow", "--collect-only", "-q")
    assert [line for line in result.outlines if "::" in line] == ["features/toy.feature::test_x_up[a]"]
    toy.feature(text.replace("@slow", "@slwo"))
    toy.run().stdout.fnmatch_lines(["features/toy.feature:5: unknown tag @slwo; did you mean 'slow'?"])


def test_hole_4_a_rendered_scenario_has_all_its_tags(toy: Toy) -> None:
    toy.feature("""
@slow
Feature: F
  @needs:loki
  Rule: R
    @remedy:mend.a
    Scenario Outline: <x> up
      Then <x> is fine
      @optional
      Examples:
        | x |
        | a |
""")
    toy.root.joinpath("conftest.py").open("a").write(
        "\ndef pytest_bdd_after_scenario(scenario):\n    print('TAGS', sorted(scenario.tags))\n"
    )
    shown = toy.run("features", "-s").stdout.str()
    assert "TAGS ['needs:loki', 'optional', 'remedy:mend.a', 'slow']" in shown
    assert toy.records["x-up[a]"]["tags"] == ["optional", "remedy:mend.a", "needs:loki", "slow"]


@pytest.mark.parametrize(
    ("tag", "line"),
    [
        ("@foo", "unknown tag @foo; there are: *"),
        ("@remedies:mend", "unknown tag @remedies:mend; did you mean 'remedy'?"),
        ("@remedy:mnd", "@remedy:mnd: no such remedy; did you mean 'mend'?"),
        ("@remedy:install.lki", "@remedy:install.lki: nothing to install by that name; did you mean 'loki'?"),
        ("@remedy:", "@remedy: names nothing: write @remedy:NAME"),
        ("@needs:lokki", "@needs:lokki: no such component; did you mean 'loki'?"),
        ("@waiver:w1", "@waiver:w1: no cluster profile has a waiver of that id; there is none yet"),
    ],
)
def test_a_tag_that_names_nothing_is_one_line(toy: Toy, tag: str, line: str) -> None:
    toy.feature(f"Feature: F\n\n  {tag}\n  Scenario: a\n    Then a is fine\n")
    result = toy.run()
    result.stdout.fnmatch_lines([f"features/toy.feature:3: {line}"])
    assert result.ret == 2


def test_a_component_may_be_judged_by_another_file(toy: Toy) -> None:
    toy.feature("Feature: A\n  @component:nodes\n  Scenario: a\n    Then a is fine\n", "a")
    toy.feature("Feature: B\n  @needs:nodes\n  Scenario: b\n    Then b is fine\n", "b")
    assert toy.run("features/b.feature").ret == 0


def test_components_in_a_circle_are_refused(toy: Toy) -> None:
    toy.feature("""Feature: F
  @component:a
  @needs:b
  Scenario: a
    Then a is fine
  @component:b @needs:a
  Scenario: b
    Then b is fine
""")
    toy.run().stdout.fnmatch_lines(["features/toy.feature:?: components need one another in a circle: a -> b -> a"])


def test_an_undefined_step_is_found_while_collecting(toy: Toy) -> None:
    toy.feature("Feature: F\n  Scenario: a\n    Given a note x\n    And nobody knows this\n    Then a is fine\n")
    result = toy.run("features", "--collect-only")
    result.stdout.fnmatch_lines(['features/toy.feature:4: no step is defined for "Given nobody knows this"'])
    assert result.ret == 2


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("Feature: F\n  Scenario: a\n", '2: scenario "a" has no step: *'),
        ("Feature: F\n  Scenario Outline: a <x>\n    Then <x> is fine\n", '2: outline "a <x>" has no Examples: *'),
        (
            "Feature: F\n  Scenario Outline: a\n    Then <x> is fine\n    Examples:\n      | y |\n      | 1 |\n",
            '6: Examples of "a" lack the column <x>',
        ),
        (
            "Feature: F\n  Scenario Outline: a\n    Then <x> is up\n    Examples:\n    | x |\n    | 1 |\n    | 1 |\n",
            '7: Examples of "a" hold the row of line 6 again',
        ),
        ("Feature: F\n", "1: holds no Scenario"),
        ("", "1: holds no Feature"),
        ("Feature: F\n  Scenario: a\n    Then a is fine\n  nonsense\n", "4: Gherkin: expected: *"),
    ],
)
def test_what_would_judge_nothing_is_refused(toy: Toy, content: str, line: str) -> None:
    toy.feature(content)
    result = toy.run()
    result.stdout.fnmatch_lines([f"features/toy.feature:{line}"])
    assert result.ret == 2


def test_a_step_module_that_does_not_import_is_one_line(toy: Toy) -> None:
    toy.feature(OUTLINE)
    toy.root.joinpath("toy_steps/worse.py").write_text("import nothing_of_that_name\n")
    toy.run().stdout.fnmatch_lines(["toy_steps.worse: can't be imported: ModuleNotFoundError: *nothing_of_that_name*"])


def test_plain_tests_and_plain_pytest_bdd_are_left_alone(toy: Toy) -> None:
    toy.feature("@mine\nFeature: F\n  Scenario: a\n    Then a is fine\n", "plain")
    toy.root.joinpath("features/plain.feature").rename(toy.root / "plain.feature_")
    toy.root.joinpath("test_plain.py").write_text(
        "from pytest_bdd import scenarios, then\n"
        "@then('a is fine')\ndef _(): pass\n"
        "scenarios('plain.feature_')\ndef test_x(request): pass\n"
        "def test_mark(): assert [m.name for m in test_a.pytestmark] == ['mine']\n"
    )
    result = toy.run("test_plain.py", cluster="")
    result.assert_outcomes(passed=3)
    assert not (toy.root / "reports").exists()
