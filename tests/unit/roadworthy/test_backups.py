"""The profile's section on backups: the roadmap's promises where it says nothing, its own where it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy import backups, profile_loader, units
from roadworthy.errors import BadInput

DAY = 86400.0
CLUSTERS = Path(__file__).parents[3] / "clusters"


def test_a_profile_that_says_nothing_promises_what_the_roadmap_does() -> None:
    found = backups.load({})
    assert found.schedules["daily"] == backups.Schedule("0 2 * * *", 30 * DAY, ("kube-system",))
    assert found.schedules["weekly"] == backups.Schedule("0 3 * * 0", 90 * DAY)
    assert (found.etcd.cron, found.etcd.keep) == ("0 */6 * * *", 48)
    assert (found.bucket, found.incomplete_uploads) == ("velero-backups", 7 * DAY)


def test_what_a_profile_says_counts_and_the_rest_stays() -> None:
    said = {
        "bucket": "elsewhere",
        "lifecycle": {"incomplete_uploads": "2d"},
        "schedules": {"daily": {"cron": "5 4 * * *", "keep": "48h"}},
        "offsite": {"age": "3h"},
    }
    found = backups.load(said)
    assert (found.bucket, found.incomplete_uploads, found.offsite.age) == ("elsewhere", 2 * DAY, 10800.0)
    assert found.schedules["daily"] == backups.Schedule("5 4 * * *", 2 * DAY)
    assert found.schedules["weekly"] == backups.load({}).schedules["weekly"]


@pytest.mark.parametrize("name", ["pi", "sandbox"])
def test_the_projects_profiles_promise_the_roadmaps_times(name: str) -> None:
    found = profile_loader.load(CLUSTERS, name).backups
    assert (found.schedules, found.etcd, found.dumps) == (
        backups.Backups().schedules,
        backups.Snapshots(),
        backups.Dumps(),
    )


def test_words_are_what_velero_and_the_api_server_write() -> None:
    words = backups.words(backups.load({"quota": "3Gi"}))
    assert words["backups.schedules.daily.keep"] == "720h0m0s"
    assert words["backups.schedules.weekly.cron"] == "0 3 * * 0"
    assert (words["backups.quota_mib"], words["backups.incomplete_uploads_hours"]) == ("3072", "168")
    assert (words["backups.etcd.keep"], words["backups.dumps.keep_days"]) == ("48", "30")
    assert backups.lists(backups.Backups())["backups.schedules.daily.exclude"] == ["kube-system"]


@pytest.mark.parametrize(
    ("written", "bytes_"), [("500Gi", 500 * 1024**3), ("1.7TB", 1.7e12), ("64Mi", 64 * 1024**2), ("2G", 2e9)]
)
def test_sizes(written: str, bytes_: float) -> None:
    assert units.size(written) == pytest.approx(bytes_)


def test_a_size_has_a_unit() -> None:
    with pytest.raises(ValueError, match="500Gi"):
        units.size("12")


@pytest.mark.parametrize(
    ("said", "line", "expected"),
    [
        ("schedules: {hourly: {cron: '0 * * * *', keep: 1d}}", 3, "daily"),
        ("schedules: {daily: {cron: daily, keep: 1d}}", 3, "five fields"),
        ("schedules: {daily: {cron: '0 2 * * *', keep: 30}}", 3, "duration"),
        ("bucket: Not_A_Bucket", 3, "a bucket's name"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, said: str, line: int, expected: str) -> None:
    tmp_path.joinpath("toy.yaml").write_text(f"nodes: []\nbackups:\n  {said}\n")
    with pytest.raises(BadInput, match=expected) as error:
        profile_loader.load(tmp_path, "toy")
    assert f"toy.yaml:{line}" in str(error.value)
