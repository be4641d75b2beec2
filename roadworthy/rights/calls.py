"""What a function asks of the cluster: each call of the facade in its source, as rights.

A kind that isn't written down where it is asked for (``cluster.get(kind, …)``) can't be seen from here: the module
then declares it, in ``RIGHTS`` on its top level. ``unseen`` finds the calls for which nobody did.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from roadworthy.rights import kinds
from roadworthy.rights.code import Code, Place, walk
from roadworthy.rights.right import WATCH, Right

#: How modules call the cluster that they are given.
_NAMES = {"cluster", "_cluster"}
_WATCHED, _READ = {"list", "get"}, {"fresh"}
_PLAIN = {
    "logs": frozenset({Right("", "pods/log", "get")}),
    "execute": frozenset({Right("", "pods/exec", "get"), Right("", "pods/exec", "create")}),
}
_DECLARED = "RIGHTS"
_PROXY = re.compile(r"/api/v1(?:/namespaces/[^/]+)?/(nodes|pods|services)/[^/]+/proxy(?:/.*)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a set of functions asks for.

    Attributes:
        rights: on the API server's own resources.
        services: (how, service of the profile): ``http``, ``post``, ``sql``, ``s3``; no service: any of them.
        made: kinds that scenarios make as their own markers.
        taken: kinds of which scenarios take away what came of their own doing.
        drills: whether a live service's pods are deleted.
        secrets: whether credentials that the profile names are read.
        unseen: ``file:line`` of calls whose kind isn't written there, in modules that don't declare it.

    """

    rights: frozenset[Right]
    services: frozenset[tuple[str, str]]
    made: frozenset[str]
    taken: frozenset[str]
    drills: bool
    secrets: bool
    unseen: tuple[str, ...]


def asked(code: Code, places: set[Place]) -> Asked:
    """Return what these definitions ask of the cluster."""
    readers = [_Reader(code, place, node) for place in sorted(places) if (node := code.node(place))]
    for reader in readers:
        reader.read()
    return Asked(
        frozenset(right for reader in readers for right in reader.rights),
        frozenset(each for reader in readers for each in reader.services),
        frozenset(kind for reader in readers for kind in reader.made),
        frozenset(kind for reader in readers for kind in reader.taken),
        any(reader.drills for reader in readers),
        any(reader.secrets for reader in readers),
        tuple(each for reader in readers for each in reader.unseen),
    )


def declared(code: Code, places: set[Place]) -> list[str]:
    """Return what the modules of these functions declare."""
    modules = sorted({where for where, name in places if isinstance(code.node((where, name)), ast.FunctionDef)})
    found = (code.constant(module, _DECLARED) for module in modules)
    return [str(words) for each in found if isinstance(each, tuple | list) for words in each]


class _Reader:
    """Reads one definition."""

    def __init__(self, code: Code, place: Place, node: ast.stmt) -> None:
        self._code, self._module, self._node = code, place[0], node
        self.rights: set[Right] = set()
        self.services: set[tuple[str, str]] = set()
        self.made: set[str] = set()
        self.taken: set[str] = set()
        self.unseen: list[str] = []
        self.drills = self.secrets = False
        self._gets: list[ast.Call] = []

    def read(self) -> None:
        """Look at each call."""
        for each in walk(self._node):
            if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
                self._call(each, each.func)
            elif isinstance(each, ast.Dict):
                self.made |= set(self._manifest(each))

    def _call(self, call: ast.Call, func: ast.Attribute) -> None:
        if func.attr == "get" and isinstance(func.value, ast.Call) and _is_call_of(func.value, "http"):
            self._gets.append(func.value)  # walked from the outside: seen before the call of http itself
        self.drills |= func.attr == "restart" and _is_call_of(func.value, "markers")
        if func.attr == "delete" and _is_call_of(func.value, "markers") and call.args:
            self.taken |= set(self._values(call.args[0]))
        if not _is_cluster(func.value):
            return
        first = call.args[0] if call.args else None
        if func.attr in _WATCHED | _READ and first is not None:
            self._objects(call, first, ("get",) if func.attr in _READ else WATCH)
        elif func.attr == "until":
            named = next((word.value for word in call.keywords if word.arg == "kinds"), None)
            self._objects(call, named, WATCH) if named is not None else None
        elif func.attr == "raw" and first is not None:
            self._path(call, first)
        elif func.attr in {"http", "sql", "s3"}:
            how = "post" if func.attr == "http" and call not in self._gets else func.attr
            self.services.add((how, str(self._value(first) or "")))
        else:
            self.secrets |= func.attr == "secret"
            self.rights |= _PLAIN.get(func.attr, frozenset())

    def _objects(self, call: ast.Call, kind: ast.expr, verbs: tuple[str, ...]) -> None:
        known = self._values(kind)
        if not known:
            self._not_seen(call)
        for each in known:
            if found := kinds.resource(each):
                self.rights |= {Right(found[0], found[1], verb) for verb in verbs}
            else:
                self._not_seen(call)

    def _path(self, call: ast.Call, path: ast.expr) -> None:
        said = self._text(path)
        proxied = _PROXY.fullmatch(said)
        if proxied:
            self.rights.add(Right("", f"{proxied[1]}/proxy", "get"))
        elif said.startswith(("/api/", "/apis/")) or not said:
            self._not_seen(call)
        else:
            self.rights.add(Right("", "", "get", url=said.partition("?")[0]))

    def _not_seen(self, call: ast.Call) -> None:
        if self._code.constant(self._module, _DECLARED) is None:
            self.unseen.append(f"{self._module}:{call.lineno}")

    def _manifest(self, made: ast.Dict) -> Iterator[str]:
        words = {
            key.value: value for key, value in zip(made.keys, made.values, strict=True) if isinstance(key, ast.Constant)
        }
        if "kind" in words and "apiVersion" in words and isinstance(words["kind"], ast.Constant):
            kind, version = str(words["kind"].value), str(self._value(words["apiVersion"]) or "")
            yield f"{version}/{kind}" if "." in version else kind

    def _value(self, node: ast.expr | None) -> object:
        if isinstance(node, ast.Constant):
            return node.value
        return self._code.constant(self._module, node.id) if isinstance(node, ast.Name) else None

    def _values(self, node: ast.expr) -> list[str]:
        """Return the kinds that an expression stands for: itself, a constant, the variable of a loop over constants."""
        if isinstance(node, ast.Tuple | ast.List):
            return [kind for each in node.elts for kind in self._values(each)]
        found = self._value(node)
        if found is None and isinstance(node, ast.Name):
            loops = (each for each in walk(self._node) if isinstance(each, ast.For | ast.comprehension))
            over = [each.iter for each in loops if isinstance(each.target, ast.Name) and each.target.id == node.id]
            return [kind for each in over for kind in self._values(each)]
        return [found] if isinstance(found, str) else [str(each) for each in found] if isinstance(found, tuple) else []

    def _text(self, node: ast.expr) -> str:
        """Return a path with a word for each part that isn't written there; empty when nothing is."""
        if isinstance(node, ast.JoinedStr):
            parts = [str(each.value) if isinstance(each, ast.Constant) else "X" for each in node.values]
            return "".join(parts)
        if isinstance(node, ast.Name):
            local = [
                each.value
                for each in walk(self._node)
                if isinstance(each, ast.Assign)
                and any(isinstance(t, ast.Name) and t.id == node.id for t in each.targets)
            ]
            return self._text(local[0]) if local else str(self._value(node) or "")
        return str(self._value(node) or "")


def _is_cluster(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id in _NAMES) or (
        isinstance(node, ast.Attribute) and node.attr in _NAMES
    )


def _is_call_of(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name
