"""A scenario set up apart from pytest's own: so that several can be judged at once, each in its own thread.

pytest sets one test up at a time: one stack of nodes, one value per fixture. A twin gets a stack, and fixtures, of its
own; pytest-bdd runs its steps as ever. What is wider than a scenario (a session's fixtures) is shared once it is there.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from _pytest.fixtures import FixtureDef, FuncFixtureInfo
from _pytest.runner import SetupState
from _pytest.scope import Scope

from roadworthy.item import CriterionItem

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Not called for what happens apart: allure-pytest keeps its books by the test that pytest is running.
_DEAF = ("allure_listener",)


class NotApart(Exception):
    """It needs a fixture that only pytest itself can set up."""


@contextmanager
def twin(item: CriterionItem, given: Mapping[str, Any]) -> Iterator[CriterionItem]:
    """Set a twin of the item up, and take it down again.

    Args:
        item: as pytest collected it.
        given: values of wide fixtures that nobody has asked for yet.

    """
    session: Any = _Session(item.session, given)
    info: FuncFixtureInfo = item._fixtureinfo  # noqa: SLF001 - the public constructor takes it
    defs: dict[str, Sequence[FixtureDef[Any]]] = {
        name: [session.of(each) for each in found] for name, found in info.name2fixturedefs.items()
    }
    apart = FuncFixtureInfo(info.argnames, info.initialnames, list(info.names_closure), defs)
    other = CriterionItem.of(item, item.criterion, fixtures=apart)
    other.session = session
    other.user_properties = []
    try:
        session._setupstate.setup(other)  # noqa: SLF001 - ours
        yield other
    finally:
        session._setupstate.teardown_exact(None)  # noqa: SLF001 - ours


class _Session:
    """pytest's session with a stack and fixtures of its own; everything else is the real one's."""

    def __init__(self, real: Any, given: Mapping[str, Any]) -> None:
        self._real, self._given = real, given
        self._setupstate = SetupState()
        self._defs: dict[int, FixtureDef[Any]] = {}
        self._hooks = _Hooks(real.config.pluginmanager)
        manager: Any = copy.copy(real._fixturemanager)  # noqa: SLF001 - pytest has no other way to look fixtures up
        # Whole copies of dictionaries are taken at one go; pytest's own thread may be writing to them.
        for name in ("_arg2node2fixturedefs", "_arg2nodeid2fixturedefs"):
            found = dict(getattr(manager, name))
            setattr(manager, name, {key: self._level(dict(level)) for key, level in found.items()})
        self._fixturemanager = manager

    def gethookproxy(self, path: Any) -> Any:
        """Return the hooks, as heard by those who don't mind."""
        del path
        return self._hooks

    def of(self, definition: FixtureDef[Any]) -> FixtureDef[Any]:
        """Return our own copy of a fixture's definition."""
        if id(definition) not in self._defs:
            self._defs[id(definition)] = self._copied(definition)
        return self._defs[id(definition)]

    def _level(self, level: dict[Any, list[FixtureDef[Any]]]) -> dict[Any, list[FixtureDef[Any]]]:
        return {node: [self.of(each) for each in list(found)] for node, found in level.items()}

    def _copied(self, definition: FixtureDef[Any]) -> FixtureDef[Any]:
        own: Any = copy.copy(definition)
        own._finalizers = []  # noqa: SLF001 - the copy's own
        if definition._scope is Scope.Function:  # noqa: SLF001 - `scope` is its name, as a text
            own.cached_result = None
        elif own.argname in self._given and own.cached_result is None:
            own.cached_result = (self._given[own.argname], None, None)
        elif own.cached_result is None:
            own.execute = _refused
        return own  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Hooks:
    """pytest's hooks without the plugins that must not hear of it."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._without = [plugin for name in _DEAF if (plugin := manager.get_plugin(name)) is not None]

    def __getattr__(self, name: str) -> Any:
        return self._manager.subset_hook_caller(name, self._without)


def _refused(request: Any) -> None:
    raise NotApart(f"the fixture {request.fixturename} of scope {request.scope}")
