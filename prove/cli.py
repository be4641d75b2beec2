"""`roadworthy prove`: every promise is seen red, and seen repaired, or it is told which one isn't."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from prove import drawing, matrix
from prove.bench import Bench
from prove.proof import Ground, prove
from prove.results import Result
from roadworthy.errors import NotApplicable
from sandbox import faults, manage
from sandbox.progress import for_stream

REPORTS = matrix.ROOT / "reports"


@click.command("prove")
@click.argument("feature", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=matrix.PHASE1)
@click.option("--only", multiple=True, metavar="TEXT", help="Only rows with TEXT in their name; may be repeated.")
@click.option("--name", default="sandbox", show_default=True, help="The sandbox to break.")
@click.option("--list", "listed", is_flag=True, help="Show the rows, and break nothing.")
def main(feature: Path, only: tuple[str, ...], name: str, *, listed: bool) -> None:
    """Break a sandbox in every registered way, and see each promise of FEATURE red, then repaired, then green.

    First the whole feature is repaired, and in the end judged once more: nothing may be left broken.

    Ends with 1 when a promise has no fault that turns it red, or when one was not seen red or not seen repaired, or is
    red in the end. The matrix goes to reports/faults.html (with a picture) and reports/proof.json. Takes about a minute
    a row.
    """
    rows = [row for row in matrix.rows(feature) if not only or any(text in row.id for text in only)]
    if listed:
        click.echo("\n".join(f"{row.id}: {row.what}" for row in rows))
        return
    results: list[Result] = []
    there = manage.up(name, progress=for_stream()).sandbox
    for undone in faults.undo(there):
        click.echo(f"undone, from a run that was killed: {undone}")
    with tempfile.TemporaryDirectory(prefix="roadworthy-prove-") as folder:
        bench = Bench(name, Path(folder)).set_up()
        ground = None if only else Ground(bench, feature)
        for row in rows:
            results.append(_one(row, bench, ground))
            _save(results)
            click.echo(f"[{len(results)}/{len(rows)}] {_told(results[-1])}")
        left = ground.left() if ground else []
    click.echo(drawing.table(results))
    click.echo(f"the matrix as a page: {drawing.page(results, REPORTS)}")
    without = matrix.faultless(feature) if not only else []
    for promise in without:
        click.echo(f"no fault turns this red: {promise} (add a row to {matrix.data(feature)})", err=True)
    for broken in left:
        click.echo(f"left broken: {broken}", err=True)
    if without or left or any(result.problem for result in results):
        raise SystemExit(1)


def _one(row: matrix.Row, bench: Bench, ground: Ground | None) -> Result:
    result = Result(row)
    if row.shapes:  # can't run on a sandbox: proven with objects of their real shape
        result.note = f"proven by {row.shapes}"
        return result
    try:
        prove(row, bench, result, ground)
    except NotApplicable as error:
        result.note = f"not applicable: {error}"
    except Exception as error:  # noqa: BLE001 - whatever goes wrong with one row, the others are still to be seen
        result.problem = str(error) or repr(error)
    return result


def _told(result: Result) -> str:
    by = result.remedies or "nobody, rightly"
    came = result.problem or (f"red, repaired by {by}, green" if result.seen_green else result.note)
    return f"{result.row.id}: {came.partition(chr(10))[0][:200]}"


def _save(results: list[Result]) -> None:
    REPORTS.mkdir(exist_ok=True)
    content = {"version": 1, "rows": [result.data for result in results]}
    (REPORTS / "proof.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
