"""Missing rights as a table: which verb on what, for which role, and who asks for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from rich.table import Table

from roadworthy.rights.right import Right

_NAMED = 3


def table(missing: Mapping[str, Mapping[Right, Iterable[str]]]) -> Table:
    """Return the table; one row per resource and role."""
    rows: defaultdict[tuple[str, str], list[Right]] = defaultdict(list)
    for role, rights in missing.items():
        for right in rights:
            rows[role, _resource(right)].append(right)
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("missing verbs", "on", "granted by", "asked for by"):
        shown.add_column(column, overflow="fold")
    for (role, resource), those in sorted(rows.items()):
        names = sorted({name for right in those for name in missing[role][right]})
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        shown.add_row(", ".join(right.verb for right in those), resource, role, ", ".join(names[:_NAMED]) + more)
    return shown


def told(missing: Iterable[Right], most: int = 6) -> str:
    """Return rights in one line, those on one resource together."""
    verbs: defaultdict[str, list[str]] = defaultdict(list)
    for right in missing:
        verbs[_resource(right)].append(right.verb)
    parts = [f"{','.join(several)} {resource}" for resource, several in verbs.items()]
    return "; ".join(parts[:most]) + (f"; and {len(parts) - most} more" if len(parts) > most else "")


def _resource(right: Right) -> str:
    return str(right).partition(" ")[2]
