"""The matrix as it was really run: a table for the terminal, a page for people, a picture for both."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from prove.picture import WIDTH, picture, told
from prove.results import Result

MARKS = {True: "✓", False: "✗", None: "-"}
HEAD = ("promise", "fault", "red", "repaired", "green", "by", "to red", "to green", "Changes")
_STYLE = f"""
:root {{ color-scheme: light dark }}
body {{ font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: {WIDTH}px; padding: 0 1rem }}
svg {{ max-width: 100%; height: auto }}
details {{ border-bottom: 1px solid #8884; padding: .35rem 0 }}
summary {{ cursor: pointer }}
dl {{ display: grid; grid-template-columns: 7rem 1fr; gap: .25rem .75rem; margin: .5rem 0 .75rem 1rem }}
dt {{ opacity: .65 }}
dd {{ margin: 0; overflow-wrap: anywhere }}
.bad {{ color: #c2372c }}
"""


def table(results: Sequence[Result]) -> str:
    """Return the matrix as text."""
    drawn = Table(*HEAD, title="promises x faults")
    for each in results:
        times = (f"{each.to_red:.0f} s", f"{each.to_green:.0f} s", str(each.changes))
        drawn.add_row(each.row.id, each.row.what, *(MARKS[mark] for mark in each.marks), each.by, *times)
    out = io.StringIO()
    Console(file=out, width=200, force_terminal=False).print(drawn)
    return out.getvalue()


def page(results: Sequence[Result], folder: Path) -> Path:
    """Write faults.html (the picture, then for each fault what was said and done) and faults.svg; return the page."""
    folder.mkdir(exist_ok=True)
    drawn, file = picture(results), folder / "faults.html"
    (folder / "faults.svg").write_text(drawn, encoding="utf-8")
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Promises x faults: {html.escape(told(results))}</title><style>{_STYLE}</style>"
        f'{drawn}<p><a href="faults.svg">this picture alone</a> · <a href="proof.json">its figures</a></p>'
        f"<h2>What was said and done</h2>{''.join(map(_details, results))}</html>\n"
    )
    file.write_text(text, encoding="utf-8")
    return file


def _details(result: Result) -> str:
    said = {
        "red": result.message,
        "cause": result.note,
        "by": f"{result.by}, {result.changes} Changes" if result.changes else result.by,
        "problem": result.problem,
    }
    items = "".join(f"<dt>{key}</dt><dd>{html.escape(text)}</dd>" for key, text in said.items() if text)
    style, mark = (' class="bad"', " open") if result.problem else ("", "")
    words = f"{MARKS[result.proven]} {result.row.id}: {result.row.what}"
    return f"<details{mark}><summary{style}>{html.escape(words)}</summary><dl>{items}</dl></details>"
