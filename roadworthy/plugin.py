"""The pytest plugin: options, hooks, fixtures. What they do is next door: collect, item, session, summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from roadworthy import tags
from roadworthy.catalogue import BUILDING, Catalogue
from roadworthy.item import RUN, CriterionItem
from roadworthy.rooms import SETTINGS, Rooms
from roadworthy.session import Run

CATALOGUE: pytest.StashKey[Catalogue] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options and settings."""
    group = parser.getgroup("roadworthy", "judge the promises of a cluster, and repair it")
    group.addoption(
        "--cluster", metavar="NAME", default="sandbox", help="judge clusters/NAME.yaml (default: the sandbox)"
    )
    group.addoption(
        "--remediate", action="store_true", help="repair what fails, by its remedies, within the profile's limits"
    )
    group.addoption("--plan", action="store_true", help="show what the remedies would change, and change nothing")
    group.addoption("--profile-dir", metavar="DIR", help="where the cluster profiles are (default: clusters)")
    group.addoption("--reports", metavar="DIR", help="where verdicts, evidence and journal go (default: reports)")
    for name, (kind, default, what) in SETTINGS.items():
        parser.addini(name, what, type=kind, default=default)  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    """Find the rooms. Nothing is read or started before a feature file is collected."""
    rooms = Rooms.of(config.rootpath, config.getini)
    markers = frozenset(line.partition(":")[0].partition("(")[0].strip() for line in config.getini("markers"))
    for tag, what in tags.PLAIN.items():
        config.addinivalue_line("markers", f"{tag}: {what}")
    profiles = Path(config.getoption("profile_dir") or config.rootpath / rooms.profiles)
    config.stash[CATALOGUE] = Catalogue(rooms, markers, profiles)
    config.stash[RUN] = Run(config, rooms, profiles)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect feature files themselves."""
    if file_path.suffix != ".feature":
        return None
    from roadworthy.collect import FeatureModule

    return FeatureModule.of(parent, file_path, parent.config.stash[CATALOGUE])


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_apply_tag(tag: str, function: Any) -> bool | None:
    """Keep pytest-bdd from turning tags into marks in our modules: the items carry them already, in order."""
    del tag, function
    return True if BUILDING.get() else None


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    """Judge a component's roots before what needs it; everything else stays as it stands."""
    slots = [index for index, item in enumerate(items) if isinstance(item, CriterionItem)]
    ours = [item for item in items if isinstance(item, CriterionItem)]
    order = config.stash[CATALOGUE].order([item.criterion for item in ours])
    for slot, index in zip(slots, order, strict=True):
        items[slot] = ours[index]
