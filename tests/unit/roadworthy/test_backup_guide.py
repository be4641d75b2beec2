"""The guide to the backups: the committed page is what the command prints, and every sort of cluster gets its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy import backup_guide, profile_loader
from roadworthy.profile import Profile

ROOT = Path(__file__).resolve().parents[3]


def test_the_committed_page_is_what_the_command_prints() -> None:
    profile = profile_loader.load(ROOT / "clusters", "pi")
    committed = (ROOT / "docs" / "backup-guide.md").read_text(encoding="utf-8")
    assert committed == backup_guide.page(profile), "roadworthy backup-guide pi > docs/backup-guide.md"


@pytest.mark.parametrize(
    ("distribution", "has", "has_not"), [("k3s", "cluster-reset", "etcdutl"), ("kubernetes", "etcdutl", "k3s")]
)
def test_each_distribution_gets_its_own(distribution: str, has: str, has_not: str) -> None:
    text = backup_guide.page(Profile("home", "clusters/home.yaml", distribution=distribution))
    assert has in text
    assert has_not not in text
    assert "@{" not in text
    assert "%%" not in text


def test_its_commands_are_found_with_how_they_may_be_tried() -> None:
    found = backup_guide.blocks(Profile("home", "clusters/home.yaml"))
    assert {"look", "act", "real", "by hand"} == {each.how for each in found}
    (real,) = [each for each in found if each.how == "real"]
    assert real.commands.startswith("INTO=restored\n"), "the scenario puts a name of its own there"


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 2 * * *", "every day at 02:00"),
        ("0 3 * * 0", "every Sunday at 03:00"),
        ("0 */6 * * *", "every 6 hours"),
        ("*/5 * * * *", "`*/5 * * * *`"),
        ("0 5 1 * *", "`0 5 1 * *`"),
    ],
)
def test_a_schedule_is_said_in_words(cron: str, words: str) -> None:
    assert backup_guide.when(cron) == words
