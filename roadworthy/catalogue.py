"""What tags may name, as known while features are collected."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from roadworthy import features, graph, profile_loader, tags
from roadworthy.criterion import Criterion, Problem
from roadworthy.features import FeatureFile
from roadworthy.rooms import Rooms

#: Whether one of our modules is being built right now. pytest-bdd then must not turn tags into marks, and its hook for
#: that is given no config to ask.
BUILDING: ContextVar[bool] = ContextVar("building", default=False)


@dataclass
class Catalogue:
    """The rooms, the names that exist in them, and the files read so far.

    Attributes:
        rooms: where the content is.
        markers: pytest markers that are registered: tags of the project's own.
        profiles: the folder whose profiles' waivers may be named.

    """

    rooms: Rooms
    markers: frozenset[str] = frozenset()
    profiles: Path = Path("clusters")
    files: dict[Path, FeatureFile] = field(default_factory=dict)
    _folders: dict[Path, frozenset[str]] = field(default_factory=dict)

    @contextlib.contextmanager
    def collecting(self) -> Iterator[None]:
        """Mark the time in which pytest-bdd's own treatment of tags is off."""
        token = BUILDING.set(True)
        try:
            yield
        finally:
            BUILDING.reset(token)

    def problems(self, file: FeatureFile) -> list[Problem]:
        """Return what is wrong with the names in a file, given everything that exists."""
        self.files[file.path] = file
        found = tags.problems(file.criteria, self._names(file.path.parent))
        criteria = [c for other in self.files.values() for c in other.criteria]
        if not found and (circle := graph.cycle_problem(criteria, self.rooms.components)):
            found.append(circle)
        return found

    def order(self, criteria: list[Criterion]) -> list[int]:
        """Return the indices in the order to judge."""
        return graph.ordered(criteria, self.rooms.components)

    @functools.cached_property
    def waivers(self) -> frozenset[str]:
        """The ids of all waivers in all profiles: a tag may name one that only another cluster has."""
        return profile_loader.waiver_ids(self.profiles)

    def _names(self, folder: Path) -> tags.Names:
        return tags.Names(
            remedies=self.rooms.remedy_modules,
            components=self._judged(folder) | set(self.rooms.components),
            installable=self.rooms.components,
            last_remedy=self.rooms.last_remedy,
            waivers=self.waivers,
            markers=self.markers,
        )

    def _judged(self, folder: Path) -> frozenset[str]:
        """Return the components that any feature file of the folder judges: a file may need what another one judges."""
        if folder not in self._folders:
            files = [features.read(path) for path in sorted(folder.glob("*.feature"))]
            self._folders[folder] = frozenset(name for file in files for c in file.criteria for name in c.components)
        return self._folders[folder]
