"""Runs the benchmarks that are named, or all; ends with 1 when a figure is not what was promised."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure


def names() -> list[str]:
    """Return the benchmarks there are: the modules with a function `measure`, by their file names."""
    here = Path(__file__).parent
    return sorted(file.stem for file in here.glob("*.py") if "def measure" in file.read_text(encoding="utf-8"))


def main(wanted: list[str]) -> int:
    """Run and print; return the exit code."""
    known = [name for name in names() if name != "__main__"]
    if unknown := sorted(set(wanted) - set(known)):
        Console(stderr=True).print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}")
        return 2
    figures: list[Figure] = []
    for name in wanted or known:
        found: list[Figure] = import_module(f"benchmarks.{name}").measure()
        table = Table("what", "measured", "promised", "", box=None, title=name, title_justify="left")
        for each in found:
            table.add_row(each.what, each.shown(each.value), each.shown(each.most), "" if each.kept else "NOT KEPT")
        Console().print(table)
        figures += found
    return 0 if all(each.kept for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
