"""The matrix's page and picture: whole, readable by programs, and plain about what went wrong."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from prove import drawing, picture
from prove.matrix import rows
from prove.results import Result

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def results() -> list[Result]:
    found = [Result(row, message=f"no {row.what}; seen: <none>", to_red=3.0, to_green=40.0) for row in rows()]
    for each in found:
        each.seen_red = each.seen_repaired = each.seen_green = None if each.row.shapes else True
    found[3].seen_repaired, found[3].seen_green, found[3].problem = False, None, "<b>it</b> made no Change"
    return found


def drawn(svg: str, sort: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(f"{SVG}{sort}"))  # noqa: S314 - ours


def marks(results: list[Result]) -> list[str | None]:
    return [each.get("class") for each in drawn(picture.picture(results), "circle")]


def test_every_row_is_drawn_and_nothing_overlaps(results: list[Result]) -> None:
    svg = picture.picture(results)
    said = [each.text or "" for each in drawn(svg, "text")]
    assert all(any(result.row.what.startswith(text.rstrip("…")) for text in said if text) for result in results)
    seen: dict[tuple[str, str], str] = {}
    for each in drawn(svg, "text"):
        place = (each.attrib["x"], each.attrib["y"])
        assert place not in seen, f"{each.text!r} is drawn over {seen[place]!r}"
        seen[place] = each.text or ""
    bars = [each for each in drawn(svg, "rect") if each.get("class") == "mended"]
    assert max(float(each.attrib["x"]) + float(each.attrib["width"]) for each in bars) <= picture.WIDTH - 60


def test_it_tells_what_was_not_proven(results: list[Result]) -> None:
    other = sum(bool(each.row.shapes) for each in results)
    told = picture.told(results)
    assert told.startswith(f"{len(results) - other - 1} of {len(results)} faults")
    assert "1 not as their rows say" in told
    assert f"{other} that can't be on this sandbox" in told
    # Red was seen, the repair wasn't, and what came after that was never judged: that isn't green.
    assert marks(results)[9:12] == ["good", "bad", "open"]


def test_the_page_holds_the_picture_and_each_fault_with_its_words(results: list[Result], tmp_path: Path) -> None:
    page = drawing.page(results, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert (tmp_path / "faults.svg").read_text(encoding="utf-8") in text
    assert text.count("<details") == len(results)
    assert text.count("<details open>") == 1
    assert "&lt;b&gt;it&lt;/b&gt; made no Change" in text


def test_a_row_that_broke_off_before_its_fault_is_no_green(results: list[Result]) -> None:
    broken = Result(results[0].row, problem="not healthy before the fault")
    assert broken.proven is False
    assert marks([broken]) == ["bad", "open", "open"]
