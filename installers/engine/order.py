"""What must be installed before what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from installers.engine.component import Component
from roadworthy.errors import BadInput


def resolve(names: Iterable[str], components: Mapping[str, Component]) -> list[Component]:
    """Return the components and all that they require, each once, what is required before what requires it.

    Raises:
        BadInput: a name that is no component, or components that require each other.

    """
    done: dict[str, Component] = {}
    for name in names:
        _visit(name, components, done, (), where="")
    return list(done.values())


def _visit(
    name: str, components: Mapping[str, Component], done: dict[str, Component], above: tuple[str, ...], where: str
) -> None:
    if name in done:
        return
    if name in above:
        circle = " -> ".join((*above[above.index(name) :], name))
        raise BadInput("requirements without a circle", seen=circle, where=where)
    if name not in components:
        known = ", ".join(components)
        raise BadInput(f"a component: {known}", seen=name, where=where or "the remedy's argument")
    component = components[name]
    for requirement in component.requires:
        _visit(requirement, components, done, (*above, name), component.where["requires"])
    done[name] = component
