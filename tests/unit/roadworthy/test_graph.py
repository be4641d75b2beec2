"""What hangs on what: circles and unknown names are refused at collection, and what is drawn is what there is."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from roadworthy import diagram, features, forest, svg
from roadworthy.cli import main
from roadworthy.rooms import Rooms
from tests.unit.roadworthy.toy import Toy

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[3]

SHOP = """
Feature: Shop
  @component:db
  Scenario: The database is up
    Then it is
  @component:web @needs:db
  Scenario: The shop is up
    Then it is
  @needs:web @needs:db
  Scenario Outline: <who> can buy & pay
    Then it is
    Examples:
      | who |
      | Ann |
      | Bob |
  @needs:db
  Scenario: A row survives
    Then it is
  Scenario: It stands alone
    Then it is
"""


@pytest.fixture
def cards(tmp_path: Path) -> dict[str, forest.Card]:
    path = tmp_path / "shop.feature"
    path.write_text(SHOP)
    return forest.cards(features.read(path).criteria, {"web": ["cache"], "cache": ["db"], "unused": []})


def test_scenarios_stand_on_the_last_component_that_they_need(cards: dict[str, forest.Card]) -> None:
    assert list(cards) == ["", "db", "cache", "web"]
    assert [(line.text, line.root, line.rows) for line in cards["db"].lines] == [
        ("The database is up", True, 1),
        ("A row survives", False, 1),
    ]
    assert [(line.root, line.rows) for line in cards["web"].lines] == [(True, 1), (False, 2)]
    assert [line.text for line in cards[""].lines] == ["It stands alone"]


def test_edges_leave_out_what_others_imply(cards: dict[str, forest.Card]) -> None:
    assert forest.edges(cards) == {("db", "cache"): "requires", ("cache", "web"): "requires"}


def test_the_drawing_is_whole_and_its_cards_do_not_overlap(cards: dict[str, forest.Card]) -> None:
    drawn = svg.svg(cards, forest.edges(cards))
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    names = [each.text for each in root.iter() if each.get("class") == "title"]
    assert names == ["hang on nothing", "db", "cache", "web"]
    assert "can buy &amp; pay" in drawn
    assert (
        len([each for each in root.iter() if (each.get("class") or "").startswith("edge")]) == 2 + 2
    )  # and the legend's


def overlapping(placed: diagram.Layout) -> list[tuple[str | None, str | None]]:
    spots = [spot for route in placed.routes.values() for spot in route] + list(placed.cards.values())
    single = list({id(spot): spot for spot in spots}.values())
    return [
        (a.key, b.key)
        for a, b in itertools.combinations(single, 2)
        if a.x == b.x and a.y < b.y + b.height and b.y < a.y + a.height
    ]


@pytest.mark.parametrize("many", [1, 7, 30])
def test_no_two_cards_share_a_place(many: int) -> None:
    names = [f"c{number}" for number in range(many)]
    edges = [(a, b) for a, b in itertools.combinations(names, 2) if (len(a) * 7 + int(a[1:]) * int(b[1:])) % 5 == 1]
    placed = diagram.layout({name: 40.0 + 19 * (int(name[1:]) % 6) for name in names}, edges)
    assert not overlapping(placed)
    for (first, then), route in placed.routes.items():
        assert placed.cards[first].x < placed.cards[then].x
        assert [spot.layer for spot in route] == list(range(route[0].layer, route[-1].layer + 1))


def test_the_command_shows_the_projects_own_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    file = tmp_path / "graph.svg"
    done = CliRunner().invoke(main, ["graph", "--svg", str(file)])
    assert done.exit_code == 0, done.output
    assert "prometheus  (requires node-exporter)" in done.output
    assert "see above" in done.output
    ET.parse(file)  # noqa: S314 - our own
    every = features.read(ROOT / "features" / "phase1.feature").criteria
    found = forest.cards(every, Rooms.here(ROOT).components)
    assert {line.text for card in found.values() for line in card.lines} == {each.scenario for each in every}


def test_a_circle_fails_collection_and_the_command(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.feature(
        "Feature: F\n  @component:loki @needs:grafana\n  Scenario: a\n    Then loki is fine\n"
        "  @component:grafana @needs:loki\n  Scenario: b\n    Then grafana is fine\n"
    )
    result = toy.run()
    assert result.ret != 0
    result.stdout.fnmatch_lines(
        ["*toy.feature:2: components need one another in a circle: grafana -> loki -> grafana*"]
    )
    monkeypatch.chdir(toy.root)
    done = CliRunner().invoke(main, ["graph"])
    assert done.exit_code == 1
    assert "toy.feature:2" in done.output
    assert "\n" not in done.output.strip()


def test_a_circle_of_installers_fails_collection(toy: Toy) -> None:
    toy.root.joinpath("toy_installers/loki/component.yaml").write_text("requires: [grafana]\n")
    toy.feature("Feature: F\n  @component:loki\n  Scenario: a\n    Then loki is fine\n")
    result = toy.run()
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*circle: grafana -> loki -> grafana (by the requires of their component.yaml)*"])


@pytest.mark.parametrize("tag", ["needs:lokki", "remedy:mendd", "remedy:install.lokki", "waiver:none"])
def test_a_name_that_does_not_exist_fails_collection(toy: Toy, tag: str) -> None:
    toy.feature(f"Feature: F\n  @{tag}\n  Scenario: a\n    Then loki is fine\n")
    result = toy.run()
    assert result.ret != 0
    result.stdout.fnmatch_lines([f"*toy.feature:2: @{tag}: *"])
