"""Tags that name nothing are refused at collection, each in one line, with the nearest name that exists."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from roadworthy.criterion import Criterion, Problem, Tag

#: Tags that stand alone, and what they say.
PLAIN = {
    "writes": "puts its own markers into the system and takes them away",
    "drill": "disturbs a live service; only where the profile allows drills",
    "slow": "takes minutes",
    "alone": "is judged while nothing else is: what it measures must not be slowed by others",
    "optional": "nice to have",
}
#: Tags that name something.
KEYED = {"remedy", "needs", "component", "waiver"}


@dataclass(frozen=True)
class Names:
    """Everything a tag may name."""

    remedies: Collection[str]
    components: Collection[str]
    installable: Collection[str]
    last_remedy: str
    waivers: Collection[str]
    markers: Collection[str] = ()


def problems(criteria: list[Criterion], names: Names) -> list[Problem]:
    """Return one problem per tag that names nothing, each tag once, in the order of the file."""
    found = {(tag.line, tag.name): (c, tag) for c in criteria for tag in c.tags}
    out = []
    for _, (criterion, tag) in sorted(found.items()):
        out += [Problem(criterion.path, tag.line, text) for text in _wrong(tag, names)]
    return out


def nearest(name: str, known: Collection[str]) -> str:
    """Return ``; did you mean 'x'?`` or what there is, or that there is none."""
    if close := difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5):
        return f"; did you mean '{close[0]}'?"
    return f"; there are: {', '.join(sorted(known))}" if known else "; there is none yet"


def _wrong(tag: Tag, names: Names) -> Iterator[str]:
    if ":" not in tag.name:
        if tag.name not in PLAIN and tag.name not in names.markers:
            hint = nearest(tag.name, [*PLAIN, *names.markers, *(f"{key}:…" for key in sorted(KEYED))])
            yield f"unknown tag @{tag.name}{hint}"
    elif tag.key not in KEYED:
        yield f"unknown tag @{tag.name}{nearest(tag.key, KEYED)}"
    elif not tag.value:
        yield f"@{tag.name} names nothing: write @{tag.key}:NAME"
    elif tag.key == "remedy":
        yield from _remedy(tag, names)
    elif tag.key == "needs" and tag.value not in names.components:
        yield f"@{tag.name}: no such component{nearest(tag.value, names.components)}"
    elif tag.key == "waiver" and tag.value not in names.waivers:
        yield f"@{tag.name}: no cluster profile has a waiver of that id{nearest(tag.value, names.waivers)}"


def _remedy(tag: Tag, names: Names) -> Iterator[str]:
    module, _, argument = tag.value.partition(".")
    if module not in names.remedies:
        yield f"@{tag.name}: no such remedy{nearest(module, names.remedies)}"
    elif module == names.last_remedy and argument not in names.installable:
        yield f"@{tag.name}: nothing to install by that name{nearest(argument, names.installable)}"
