"""Where the content is: the engine knows the content rooms by these settings only and imports none of them by name.

[tool.pytest.ini_options]
roadworthy_steps = ["steps"]           # packages whose modules define the Gherkin steps
roadworthy_remedies = "remediation"    # a module per @remedy:<name>
roadworthy_components = "installers"   # a folder with a component.yaml per component
roadworthy_last_remedy = "install"     # the heaviest remedy: always the last rung of a ladder
"""

from __future__ import annotations

import functools
import importlib
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadworthy.case import Remedy

if TYPE_CHECKING:
    from roadworthy.profile import Profile

SETTINGS: dict[str, tuple[str, str, str]] = {
    "roadworthy_steps": ("args", "", "packages whose modules define the Gherkin steps"),
    "roadworthy_remedies": ("string", "", "the package that has a module per @remedy:<name>"),
    "roadworthy_components": ("string", "", "the folder that has a folder with component.yaml per component"),
    "roadworthy_last_remedy": ("string", "install", "the remedy that is always the last rung"),
    "roadworthy_profiles": ("string", "clusters", "the folder of the cluster profiles"),
    "roadworthy_reports": ("string", "reports", "the folder that verdicts, evidence and the journal go to"),
}


@dataclass(frozen=True)
class Rooms:
    """The content rooms, all below ``root`` (pytest's rootdir)."""

    root: Path
    steps: tuple[str, ...] = ()
    remedies: str = ""
    installers: str = ""
    last_remedy: str = "install"
    profiles: str = "clusters"
    reports: str = "reports"

    @classmethod
    def of(cls, root: Path, setting: Callable[[str], Any]) -> Rooms:
        """Build from a function that answers for the names in ``SETTINGS``."""
        steps: str | Sequence[str] = setting("roadworthy_steps") or ()
        return cls(
            root=root,
            steps=tuple(steps.split() if isinstance(steps, str) else steps),
            remedies=setting("roadworthy_remedies"),
            installers=setting("roadworthy_components"),
            last_remedy=setting("roadworthy_last_remedy"),
            profiles=setting("roadworthy_profiles"),
            reports=setting("roadworthy_reports"),
        )

    @classmethod
    def here(cls, start: Path | None = None) -> Rooms:
        """Find the project that the working directory is in, without pytest; without pyproject.toml all is default."""
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            file = folder / "pyproject.toml"
            if file.is_file():
                pytest = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("pytest", {})
                ini = {**pytest, **pytest.get("ini_options", {})}
                return cls.of(folder, {name: ini.get(name, SETTINGS[name][1]) for name in SETTINGS}.__getitem__)
        return cls(start)

    def step_modules(self) -> list[str]:
        """Return the dotted names of all modules that define steps, in order."""
        return [f"{room}.{name}" for room in self.steps for name in self._modules(room)]

    @functools.cached_property
    def remedy_modules(self) -> frozenset[str]:
        """The remedies there are: the modules of the room, by file name."""
        return frozenset(self._modules(self.remedies))

    @functools.cached_property
    def components(self) -> dict[str, tuple[str, ...]]:
        """The components that can be installed, each with what it requires."""
        import yaml

        found = {}
        for file in sorted(self.root.joinpath(self.installers).glob("*/component.yaml")) if self.installers else ():
            try:
                data = yaml.safe_load(file.read_text(encoding="utf-8"))
            except yaml.YAMLError:
                data = None  # The installer says what is wrong with it, in its own words and with the line.
            requires = data.get("requires") if isinstance(data, dict) else None
            found[file.parent.name] = tuple(requires) if isinstance(requires, list) else ()
        return found

    def remedy(self, name: str) -> Remedy:
        """Return the remedy of a name, which ``remedy_modules`` has."""
        self.importable()
        found: Remedy = importlib.import_module(f"{self.remedies}.{name}").remedy
        return found

    def images(self, name: str, argument: str, profile: Profile) -> Iterator[str]:
        """Yield the images that a remedy would have pulled: what its module's ``images`` says, where it has one."""
        self.importable()
        said = getattr(importlib.import_module(f"{self.remedies}.{name}"), "images", None)
        yield from said(profile, argument) if said is not None else ()

    def importable(self) -> None:
        """See to it that the rooms can be imported, wherever the project is."""
        if str(self.root) not in sys.path:
            sys.path.insert(0, str(self.root))

    def _modules(self, package: str) -> list[str]:
        folder = self.root.joinpath(*package.split("."))
        return sorted(file.stem for file in folder.glob("*.py") if not file.stem.startswith("_")) if package else []
