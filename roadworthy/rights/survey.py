"""Derives from the project's code what judging a criterion reads, and what a remedy would read and write."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from functools import cached_property

from roadworthy.change import KEPT
from roadworthy.criterion import Criterion
from roadworthy.errors import BadInput
from roadworthy.profile import Profile
from roadworthy.rights import calls, steps, ways
from roadworthy.rights.code import Code, Place
from roadworthy.rights.right import Right, parse
from roadworthy.rooms import Rooms

Rights = frozenset[Right]

#: What every run asks: which cluster this is. (Which kinds there are, and its version, everybody may ask.)
ALWAYS = ("get namespaces named kube-system",)
_CHANGING = {"create", "update", "patch", "delete", "deletecollection"}
#: Opened by a create, and read through.
_OPENED = {"pods/portforward", "selfsubjectaccessreviews"}
_INTO = {("pods/exec", "get"), ("pods/exec", "create"), ("services/proxy", "create")}
#: What goes with a write: the engine looks before, and puts back afterwards where a repair did harm.
_WITH = {
    "patch": ("get", "update"),
    "delete": ("get",),
    "create": ("get", "patch", "update", "delete"),
    "apply": ("get", "create", "patch", "update", "delete"),
}


class Survey:
    """Derives rights for one cluster's profile from the project's code."""

    def __init__(
        self, rooms: Rooms, profile: Profile, criteria: Iterable[Criterion], *, installing: bool = True
    ) -> None:
        self._rooms, self._profile, self._criteria = rooms, profile, list(criteria)
        self._may_install = installing
        self._code = Code(rooms.root)
        self._known: dict[object, Rights] = {}

    @cached_property
    def always(self) -> Rights:
        """What every run needs, its evidence of failures included."""
        evidence = self._asks({("roadworthy.gather", "about")})
        return frozenset(right for words in ALWAYS for right in parse(words)) | evidence

    def judging(self, criterion: Criterion) -> Rights:
        """Return what judging one criterion reads."""
        asked = self._asks(self._steps(criterion))
        return self.always | (asked - _reaching_in(asked) if _writes(criterion) else asked)

    def markers(self, criterion: Criterion) -> Rights:
        """Return what a criterion makes of its own and takes away again; nothing for one that only reads."""
        if not _writes(criterion):
            return frozenset()
        places = self._steps(criterion)
        asked = calls.asked(self._code, self._code.reached(places))
        return ways.markers(asked.made, drills=asked.drills, taken=asked.taken) | _reaching_in(self._asks(places))

    def remedy(self, name: str, argument: str) -> Rights:
        """Return what a remedy needs, the engine's own part left out.

        Raises:
            BadInput: it can't be told, with the reason.

        """
        if (name, argument) not in self._known:
            self._known[name, argument] = self._of_remedy(name, argument)
        return self._known[name, argument]

    def _of_remedy(self, name: str, argument: str) -> Rights:
        room, last = self._rooms.remedies, self._rooms.last_remedy
        places = self._code.reached({(f"{room}.{name}", "remedy")})
        words = calls.declared(self._code, self._within(room, places))
        found = self._asks_of(places) | _written(each for each in words if each != last)
        if (f"{room}.{last}", "remedy") in places or last in words:
            if not self._may_install:
                raise BadInput("a remedy that installs nothing", seen=f"{name} may run a component's installer")
            names = [argument] if name == last else sorted(self._components)
            found |= {right for each in names for right in self._installing(each)}
        return frozenset(found)

    def _installing(self, component: str) -> Rights:
        """Return what the installer says that a component takes; it knows its charts, we don't."""
        if component not in self._known:
            self._rooms.importable()
            module = importlib.import_module(f"{self._rooms.remedies}.{self._rooms.last_remedy}")
            rights = getattr(module, "rights", None)
            if rights is None:
                raise BadInput(f"{module.__name__} has a function rights", seen="none", where=str(module.__file__))
            self._known[component] = frozenset(rights(self._profile, component))
        return self._known[component]

    @cached_property
    def _components(self) -> set[str]:
        """The components that the selected criteria are about, with all that these require."""
        there: Mapping[str, tuple[str, ...]] = self._rooms.components
        about = {name for c in self._criteria for name in (*c.components, *c.needs, *(arg for _, arg in c.ladder()))}
        queue, found = sorted(about & there.keys()), set[str]()
        while queue:
            if (name := queue.pop()) not in found:
                found.add(name)
                queue += [each for each in there[name] if each in there]
        return found

    def _steps(self, criterion: Criterion) -> frozenset[Place]:
        return steps.places(self._rooms, criterion)

    def _asks(self, places: Iterable[Place]) -> Rights:
        key = frozenset(places)
        if key not in self._known:
            self._known[key] = frozenset(self._asks_of(self._code.reached(key)))
        return self._known[key]

    def _asks_of(self, places: set[Place]) -> set[Right]:
        """Return what these definitions read; what their modules declare counts where it is not a remedy's."""
        asked = calls.asked(self._code, places)
        outside = {place for place in places if not place[0].startswith(f"{self._rooms.remedies}.")}
        words = calls.declared(self._code, outside)
        return {
            *asked.rights,
            *(right for each in words for right in ways.words(self._profile, each)),
            *(right for how, service in asked.services for right in ways.service(self._profile, how, service)),
            *(ways.credentials(self._profile) if asked.secrets else ()),
        }

    def _within(self, room: str, places: set[Place]) -> set[Place]:
        return {place for place in places if place[0].startswith(f"{room}.")}


def _writes(criterion: Criterion) -> bool:
    return criterion.has("writes") or criterion.has("drill")


def _reaching_in(rights: Rights) -> Rights:
    """Return those that let one change something: an object, or what is inside a pod or behind a service."""
    return frozenset(
        each
        for each in rights
        if (each.resource, each.verb) in _INTO or (each.verb in _CHANGING and each.resource not in _OPENED)
    )


def _written(words: Iterable[str]) -> set[Right]:
    """Return what remedies declare, with what the engine does beside each write."""
    found: set[Right] = set()
    for right in (right for each in words for right in parse(each)):
        kind, _, sub = right.resource.partition("/")
        beside = {"get"} if sub else {*_WITH.get(right.verb, ())} - ({"delete"} if kind in KEPT.values() else set())
        found |= set() if right.verb == "apply" else {right}
        found |= {Right(right.group, kind, verb, right.name if sub else "", right.namespace) for verb in beside}
    return found
