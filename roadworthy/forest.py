"""What ``roadworthy graph`` shows: components with the scenarios that judge them, and those that hang on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from roadworthy.criterion import Criterion

#: The card of scenarios that hang on nothing.
FREE = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One scenario: its name, whether it is its component's root, how many rows it has, what else it needs."""

    text: str
    root: bool
    rows: int = 1
    also: tuple[str, ...] = ()


@dataclass(slots=True)
class Card:
    """One component, or what hangs on none."""

    name: str
    installable: bool = False
    needs: set[str] = field(default_factory=set)
    requires: set[str] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)

    @property
    def before(self) -> set[str]:
        """The components that come before it."""
        return self.needs | self.requires


def cards(criteria: Sequence[Criterion], requires: Mapping[str, Sequence[str]]) -> dict[str, Card]:
    """Return the cards, those first that others hang on. A scenario stands on the last component that it needs."""
    named = {name for each in criteria for name in (*each.components, *each.needs)}
    wanted = _closure(named, requires)
    found = {
        name: Card(name, name in requires, requires=set(requires.get(name, ())) & wanted) for name in sorted(wanted)
    }
    for criterion in criteria:
        for name in criterion.components:
            found[name].needs |= {*criterion.needs} - {name}
    order = list(TopologicalSorter({name: sorted(card.before) for name, card in found.items()}).static_order())
    found[FREE] = Card(FREE)
    for criterion in (each for each in criteria if each.row <= 0):
        rows = sum((each.path, each.function) == (criterion.path, criterion.function) for each in criteria)
        homes = criterion.components or sorted(criterion.needs, key=order.index)[-1:] or (FREE,)
        for home in homes:
            also = tuple(sorted(set(criterion.needs) - {home} - found[home].before))
            found[home].lines.append(Line(criterion.scenario, home in criterion.components, rows, also))
    kept = [FREE, *order] if found[FREE].lines else order
    for name in order:
        found[name].lines.sort(key=lambda line: not line.root)
    return {name: found[name] for name in kept}


def edges(found: Mapping[str, Card]) -> dict[tuple[str, str], str]:
    """Return (before, after) -> ``needs`` or ``requires``, without what others imply."""
    every = {name: {each for each in card.before if each in found} for name, card in found.items()}
    kept: dict[tuple[str, str], str] = {}
    for name, before in every.items():
        implied = {far for near in before for far in _closure(every[near], every)}
        for each in sorted(before - implied):
            kept[each, name] = "requires" if each in found[name].requires else "needs"
    return kept


def _closure(names: Iterable[str], more: Mapping[str, Iterable[str]]) -> set[str]:
    seen: set[str] = set()
    queue = list(names)
    while queue:
        if (name := queue.pop()) not in seen:
            seen.add(name)
            queue += more.get(name, ())
    return seen
