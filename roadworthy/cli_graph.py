"""``roadworthy graph``: what hangs on what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from roadworthy import forest, graph
from roadworthy.cli_criteria import read
from roadworthy.errors import BadInput
from roadworthy.rooms import Rooms

if TYPE_CHECKING:
    from rich.tree import Tree


@click.command("graph")
@click.argument("features", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--svg", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Draw it into this file, too."
)
def draw(features: tuple[Path, ...], svg: Path | None) -> None:
    """Show which components and scenarios hang on which: the order of judging and repairing.

    A root that fails is reported once, and repaired first; what hangs on it is blocked until then.

    FEATURES are files or folders; default: the project's features/.
    """
    from roadworthy import svg as drawing
    from roadworthy import terminal

    rooms = Rooms.here()
    criteria = read(list(features) or [rooms.root / "features"])
    if problem := graph.cycle_problem(criteria, rooms.components):
        raise BadInput(
            "components that need one another in no circle", seen=problem.text, where=str(problem).split(": ")[0]
        )
    found = forest.cards(criteria, rooms.components)
    edges = forest.edges(found)
    console, shown = terminal.console(), set[str]()
    for name, card in found.items():
        if not any(name == after for _, after in edges):
            console.print(tree(card, found, edges, shown))
    scenarios = sum(len(card.lines) for card in found.values())
    console.print(f"{len(found.keys() - {forest.FREE})} components, {scenarios} scenarios, {len(edges)} edges")
    if svg:
        svg.write_text(drawing.svg(found, edges), encoding="utf-8")
        console.print(f"drawn: {svg}")


def tree(
    card: forest.Card, found: Mapping[str, forest.Card], edges: Mapping[tuple[str, str], str], shown: set[str]
) -> Tree:
    """Return a component with its scenarios and all that hangs on it, but for what was ``shown`` before."""
    from rich.text import Text
    from rich.tree import Tree

    after: defaultdict[str, list[str]] = defaultdict(list)
    for first, then in edges:
        after[first].append(then)

    def grow(name: str, above: str) -> Tree:
        this = found[name]
        how = edges.get((above, name), "")
        title = Text.assemble((name or "on nothing", "bold cyan"), (f"  ({how} {above})" if how else "", "dim"))
        branch = Tree(title, guide_style="dim")
        if name in shown:
            title.append("  see above", "dim")
            return branch
        shown.add(name)
        for line in this.lines:
            rows = f"  ({line.rows} rows)" if line.rows > 1 else ""
            also = f"  also needs {', '.join(line.also)}" if line.also else ""
            mark = ("● ", "green") if line.root else ("○ ", "")
            branch.add(Text.assemble(mark, line.text, (rows + also, "dim")))
        for each in after[name]:
            branch.children.append(grow(each, name))
        return branch

    return grow(card.name, "")
