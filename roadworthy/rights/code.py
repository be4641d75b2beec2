"""What can be reached from a function: the functions, classes and constants that its code names, and theirs in turn.

Read from the source, nothing is run: of our own package and of the project's rooms. A name that is handed around as
a value counts as used; what is only imported doesn't.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

#: (module, name of a definition on its top level)
Place = tuple[str, str]
_OURS = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Module:
    """One source file: its definitions, and what its imports mean. ``(module, "")`` is a module as a whole."""

    name: str
    path: Path
    definitions: dict[str, ast.stmt] = field(default_factory=dict)
    imports: dict[str, Place] = field(default_factory=dict)


class Code:
    """The source of the project at ``root``, and of this package."""

    def __init__(self, root: Path) -> None:
        self._roots = list(dict.fromkeys([root.resolve(), _OURS]))
        self._modules: dict[str, Module | None] = {}

    def module(self, name: str) -> Module | None:
        """Return a module of ours, or None for somebody else's."""
        if name not in self._modules:
            path = self._path(name)
            self._modules[name] = _read(name, path) if path else None
        return self._modules[name]

    def reached(self, start: Iterable[Place]) -> set[Place]:
        """Return every definition that the code of these can come to, themselves included."""
        seen: set[Place] = set()
        queue = list(start)
        while queue:
            place = self._defined(*queue.pop())
            if place is None or place in seen:
                continue
            seen.add(place)
            queue += self._named(place)
        return seen

    def node(self, place: Place) -> ast.stmt | None:
        """Return the source of a definition."""
        module = self.module(place[0])
        return module.definitions.get(place[1]) if module else None

    def constant(self, module: str, name: str) -> object:
        """Return the value of a name that stands for a plain constant; None for anything else."""
        place = self._defined(module, name)
        node = self.node(place) if place else None
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        try:
            return ast.literal_eval(value) if value is not None else None
        except ValueError:
            return None

    def _named(self, place: Place) -> Iterator[Place]:
        node, module = self.node(place), self.module(place[0])
        if node is None or module is None:
            return
        for each in walk(node):
            chain = _chain(each)
            if chain:
                yield from self._meant(module, chain)

    def _meant(self, module: Module, chain: list[str]) -> Iterator[Place]:
        first, *rest = chain
        if first in module.definitions:
            yield module.name, first
        elif first in module.imports:
            where, name = module.imports[first]
            while True:
                if name and not self._has(where, name) and self.module(f"{where}.{name}"):
                    where, name = f"{where}.{name}", ""  # a module of a package
                if name or not rest:
                    break
                name = rest.pop(0)
            if name:
                yield where, name

    def _has(self, module: str, name: str) -> bool:
        found = self.module(module)
        return found is not None and (name in found.definitions or name in found.imports)

    def _defined(self, where: str, name: str) -> Place | None:
        """Return where a name is defined, through whatever packages hand it on."""
        for _ in range(8):
            module = self.module(where)
            if module is None:
                return None
            if name in module.definitions:
                return where, name
            if name not in module.imports:
                return None
            where, name = module.imports[name]
        return None

    def _path(self, name: str) -> Path | None:
        for root in self._roots:
            base = root.joinpath(*name.split("."))
            for path in (base.with_suffix(".py"), base / "__init__.py"):
                if path.is_file():
                    return path
        return None


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it, but for annotations: to be named as a type is not to be used."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns"}:
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.AST):
                yield from walk(each)


@cache
def _read(name: str, path: Path) -> Module:
    module = Module(name, path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            module.definitions[statement.name] = statement
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            module.definitions.update({each.id: statement for each in targets if isinstance(each, ast.Name)})
    for statement in (each for each in ast.walk(tree) if isinstance(each, ast.Import | ast.ImportFrom)):
        module.imports.update(_imported(statement, package))
    return module


def _imported(statement: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, Place]]:
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            yield (
                alias.asname or alias.name.partition(".")[0],
                (alias.name if alias.asname else alias.name.partition(".")[0], ""),
            )
        return
    above = package.split(".")[: len(package.split(".")) - statement.level + 1] if statement.level else []
    base = ".".join([*above, *filter(None, [statement.module])])
    for alias in statement.names:
        yield alias.asname or alias.name, (base, alias.name)


def _chain(node: ast.AST) -> list[str]:
    """Return ``["probes", "nodes", "states"]`` of an expression that reads so; empty for any other."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) else []
