"""A criterion as its feature file words it: one scenario, or one Examples row of an outline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file; ``str()`` is the one line that is shown."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        """Return ``file:line: text``, the file as seen from the working directory where that is shorter."""
        path = self.path.relative_to(Path.cwd()) if self.path.is_relative_to(Path.cwd()) else self.path
        return f"{path}:{self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag without its ``@``, and the line where it is written."""

    name: str
    line: int

    @property
    def key(self) -> str:
        """What stands before the colon: ``remedy`` in ``remedy:install.loki``; the whole name where there is none."""
        return self.name.partition(":")[0]

    @property
    def value(self) -> str:
        """What stands behind the colon; empty where there is none."""
        return self.name.partition(":")[2]


@dataclass(frozen=True, slots=True)
class StepLine:
    """One Gherkin step as it will run: ``kind`` is given, when or then (an ``And`` is what it continues)."""

    kind: str
    keyword: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Criterion:
    """One promise that can be judged.

    Attributes:
        id: ``<file stem>/<scenario as a slug>[<row>]``; stable as long as the wording is.
        function: the test's name in pytest, without the row.
        row: index over all Examples rows of the scenario; -1 where there are none.
        tags: nearest first: Examples block, scenario, rule, feature; each in the order it is written, once.

    """

    id: str
    path: Path
    line: int
    feature: str
    rule: str
    scenario: str
    function: str
    row: int
    parameters: Mapping[str, str]
    tags: tuple[Tag, ...]
    steps: tuple[StepLine, ...]

    def values(self, key: str) -> tuple[str, ...]:
        """Return what ``@key:value`` tags name, nearest first."""
        return tuple(tag.value for tag in self.tags if tag.key == key and tag.value)

    def has(self, name: str) -> bool:
        """Whether it carries the plain tag."""
        return any(tag.name == name for tag in self.tags)

    @property
    def components(self) -> tuple[str, ...]:
        """The components whose being up at all this criterion judges."""
        return self.values("component")

    @property
    def needs(self) -> tuple[str, ...]:
        """The components it hangs on; a component's own root does not hang on itself (a Feature may say it for all)."""
        return tuple(name for name in self.values("needs") if name not in self.components)

    def ladder(self, last: str = "install") -> list[tuple[str, str]]:
        """Return its remedies as (module, argument) in escalation order.

        As written, the scenario's own before its rule's before its feature's; the installer (``last``) after all
        others, because re-installing is the heaviest remedy wherever its tag stands.
        """
        rungs = [(module, argument) for module, _, argument in (v.partition(".") for v in self.values("remedy"))]
        return sorted(rungs, key=lambda rung: rung[0] == last)
