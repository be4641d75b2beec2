"""One run: its profile, its cluster, its results; opened at the first criterion, closed at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.item import CriterionItem
from roadworthy.rooms import Rooms


class Run:
    """What the criteria of one pytest process share."""

    def __init__(self, config: pytest.Config, rooms: Rooms, profiles: Path) -> None:
        self.config, self.rooms, self.profiles = config, rooms, profiles

    def judge(self, item: CriterionItem) -> None:
        """Judge one criterion."""
        item.judge_once()
