"""The matrix as it was really run: a table for the terminal, and a page with a picture for the report."""

from __future__ import annotations

import html
import io
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from prove.bench import Judged
from prove.matrix import Row

MARKS = {True: "✓", False: "✗", None: "-"}


@dataclass
class Result:
    """What one row came to. Times in seconds: from the fault until it was red, and of the run that repaired it."""

    row: Row
    seen_red: bool | None = None
    seen_repaired: bool | None = None
    seen_green: bool | None = None
    message: str = ""
    to_red: float = 0.0
    to_green: float = 0.0
    remedies: str = ""
    changes: int = 0
    note: str = ""
    problem: str = ""

    def red(self, seen: Judged, seconds: float) -> None:
        """Note the run that was judged after the fault."""
        self.to_red = seconds
        self.message = seen.only["reason"]
        self.seen_red = seen.only["verdict"] == "failed" and self.row.matches(self.message)

    def repaired(self, seen: Judged) -> None:
        """Note the run with --remediate."""
        self.to_green, self.changes = seen.seconds, len(seen.changes)
        self.remedies = ", ".join(dict.fromkeys(name for name, _ in seen.changes))
        wanted = "failed" if self.row.remedy == "none" else "converged"
        self.seen_repaired = seen.only["verdict"] == wanted
        self.note = "; ".join(dict.fromkeys(change["why"] for _, change in seen.changes))

    def undone(self, seen: Judged) -> None:
        """Note the run after the fault was undone."""
        self.seen_green = seen.only["verdict"] == "passed"

    @property
    def data(self) -> dict[str, object]:
        """What is kept of it in proof.json; times in seconds."""
        return {
            "row": self.row.id,
            "criterion": self.row.criterion.id,
            "fault": self.row.what,
            "seen_red": self.seen_red,
            "seen_repaired": self.seen_repaired,
            "seen_green": self.seen_green,
            "to_red": round(self.to_red, 1),
            "to_green": round(self.to_green, 1),
            "remedies": self.remedies,
            "changes": self.changes,
            "message": self.message,
            "cause": self.note,
            "problem": self.problem,
        }

    @property
    def cells(self) -> list[str]:
        """What a table shows of it."""
        marks = [MARKS[each] for each in (self.seen_red, self.seen_repaired, self.seen_green)]
        what = self.remedies or ("nothing, rightly" if self.row.remedy == "none" and self.seen_repaired else "")
        return [
            self.row.id,
            self.row.what,
            *marks,
            what,
            f"{self.to_red:.0f} s",
            f"{self.to_green:.0f} s",
            str(self.changes),
        ]


HEAD = ("promise", "fault", "red", "repaired", "green", "by", "to red", "to green", "Changes")


def table(results: list[Result]) -> str:
    """Return the matrix as text."""
    drawn = Table(*HEAD, title="promises x faults")
    for result in results:
        drawn.add_row(*result.cells)
    out = io.StringIO()
    Console(file=out, width=200, force_terminal=False).print(drawn)
    return out.getvalue()


def page(results: list[Result], folder: Path) -> Path:
    """Write reports/faults.html: the picture, then a row for each fault with the messages; return the file."""
    folder.mkdir(exist_ok=True)
    file = folder / "faults.html"
    rows = "\n".join(_html_row(result) for result in results)
    heads = "".join(f"<th>{html.escape(head)}</th>" for head in HEAD)
    style = (
        "body{font:14px/1.4 system-ui,sans-serif;margin:2rem}td,th{padding:.3rem .6rem;text-align:left;"
        "vertical-align:top;border-bottom:1px solid #ddd}small{color:#555}.n{color:#a00}.y{color:#070}"
    )
    text = (
        f'<!doctype html><meta charset="utf-8"><title>Promises x faults</title><style>{style}</style>'
        f"<h1>Promises x faults</h1>{_picture(results)}<table><tr>{heads}</tr>{rows}</table>\n"
    )
    file.write_text(text, encoding="utf-8")
    return file


def _html_row(result: Result) -> str:
    cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in result.cells)
    words = html.escape(f"red: {result.message}" if result.message else "")
    cause = html.escape(f"cause: {result.note}" if result.note else "")
    cause += html.escape(f" problem: {result.problem}" if result.problem else "")
    return f'<tr>{cells}</tr><tr><td colspan="{len(HEAD)}"><small>{words}<br>{cause}</small></td></tr>'


def _picture(results: list[Result]) -> str:
    """Return an SVG: a line for each fault, a field each for red, repaired, green."""
    colours = {True: "#2a9d5c", False: "#c8372d", None: "#d5d5d5"}
    size, height = 18, len(results) * 18 + 22
    words = "".join(
        f'<text x="{index * size + 4}" y="14" font-size="9">{letter}</text>' for index, letter in enumerate("RFG")
    )
    fields = "".join(
        f'<rect x="{column * size}" y="{line * size + 20}" width="16" height="16" fill="{colours[mark]}"/>'
        for line, result in enumerate(results)
        for column, mark in enumerate((result.seen_red, result.seen_repaired, result.seen_green))
    )
    names = "".join(
        f'<text x="62" y="{line * size + 32}" font-size="11">{html.escape(result.row.id)}: '
        f"{html.escape(result.row.what)}</text>"
        for line, result in enumerate(results)
    )
    legend = "<p><small>R: seen red with the right message · F: repaired (or rightly not) · G: green after</small></p>"
    return f'<svg width="1100" height="{height}" role="img" aria-label="matrix">{words}{fields}{names}</svg>{legend}'
