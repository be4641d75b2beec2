"""``pytest features/phase1.feature``: pytest collects feature files themselves, each as a module of scenarios.

pytest-bdd runs the steps; what it would get wrong while collecting is read from our own model instead (features.py):
a name that stands twice, Examples without rows, tags on Examples, tags that name nothing, steps that nobody defined.
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pytest_bdd import scenario
from pytest_bdd.feature import features as parsed_before
from pytest_bdd.feature import get_feature
from pytest_bdd.scenario import find_fixturedefs_for_step

from roadworthy import features
from roadworthy.criterion import Criterion, Problem
from roadworthy.item import CriterionItem

if TYPE_CHECKING:
    from roadworthy.catalogue import Catalogue


class FeatureModule(pytest.Module):
    """One feature file as pytest sees it."""

    catalogue: Catalogue

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path, catalogue: Catalogue) -> FeatureModule:
        """Build the node; nothing is read yet."""
        node: FeatureModule = cls.from_parent(parent, path=path)
        node.catalogue = catalogue
        return node

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Return the scenarios, or raise all that is wrong with the file, one line each."""
        file = features.read(self.path)
        self._refuse(file.problems)
        self._refuse(self.catalogue.problems(file))
        self._load_steps()
        self._file = file
        items = list(super().collect())
        self._refuse(list(self._undefined(items)))
        return items

    def istestfunction(self, obj: object, name: str) -> bool:
        """Everything in the module that we made is a scenario, whatever ``python_functions`` says."""
        return name.startswith("test_") and callable(obj)

    def _getobj(self) -> types.ModuleType:
        module = types.ModuleType(self.path.stem)
        module.__file__ = str(self.path)
        # pytest-bdd keeps parsed files for the life of the process; a file may have changed since.
        parsed_before.pop(str(self.path), None)
        feature = get_feature(str(self.path.parent), self.path.name)
        for template in feature.scenarios.values():
            for block in template.examples:
                block.tags = set()  # they are put on the rows as marks, from our model
        with self.catalogue.collecting():
            for criterion in (c for c in self._file.criteria if c.row <= 0):
                made = scenario(self.path.name, self._template(criterion), features_base_dir=str(self.path.parent))
                setattr(module, criterion.function, made(_nothing_more))
        return module

    def _template(self, criterion: Criterion) -> str:
        # pytest-bdd knows a scenario by its unfilled name.
        feature = get_feature(str(self.path.parent), self.path.name)
        return next(name for name in feature.scenarios if features.python_name(name) == criterion.function)

    def _genfunctions(self, name: str, funcobj: Any) -> Iterator[pytest.Function]:
        of_scenario = {c.row: c for c in self._file.criteria if c.function == name}
        for plain in super()._genfunctions(name, funcobj):
            callspec = getattr(plain, "callspec", None)
            row = callspec.indices["_pytest_bdd_example"] if callspec else -1
            yield CriterionItem.of(plain, of_scenario[row])

    def _load_steps(self) -> None:
        self.catalogue.rooms.importable()
        for name in self.catalogue.rooms.step_modules():
            try:
                _plugin(self.config, name)
            except Exception as error:
                raise self.CollectError(f"{name}: can't be imported: {type(error).__name__}: {error}") from error

    def _undefined(self, items: list[pytest.Item | pytest.Collector]) -> Iterator[Problem]:
        manager = self.session._fixturemanager  # noqa: SLF001 - pytest has no public way to list fixtures
        seen: dict[tuple[str, str], bool] = {}
        for item in items:
            if not isinstance(item, CriterionItem):
                continue
            for step in item.criterion.steps:
                key = step.kind, step.text
                if key not in seen:
                    wanted: Any = types.SimpleNamespace(type=step.kind, name=step.text)
                    seen[key] = any(True for _ in find_fixturedefs_for_step(wanted, manager, item))
                    if not seen[key]:
                        yield Problem(self.path, step.line, f'no step is defined for "{step.kind.title()} {step.text}"')

    def _refuse(self, problems: list[Problem]) -> None:
        if problems:
            raise self.CollectError("\n".join(str(problem) for problem in problems))


def _plugin(config: pytest.Config, name: str) -> None:
    if config.pluginmanager.has_plugin(name):
        return
    pytest.register_assert_rewrite(name)
    config.pluginmanager.register(importlib.import_module(name), name)


def _nothing_more() -> None:
    """Stand for the body that a scenario function has in pytest-bdd: the steps are all there is."""
