"""Measurements kept over runs, so that one of them is judged among its like: docs/decisions say why it is done so.

``samples/<series>.jsonl`` below the reports, one line per measurement, appended and never rewritten. The median of the
last five is held against the limit. A single one fails by itself only when no noise explains it: by more than three
spreads beyond the limit; it then isn't held against the next ones. The spread is 1.4826 times the median absolute
deviation, which is a standard deviation where the noise is normal, and doesn't mind outliers (Leys et al., "Detecting
outliers", J. Exp. Soc. Psychol. 49, 2013, who advise three as a threshold). It is taken as 1 s at least, for Kubernetes
writes its time stamps in whole seconds (RFC 3339 without a fraction: metav1.Time).
"""

from __future__ import annotations

import fcntl
import json
import re
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from roadworthy import samples_svg

#: How many are judged together, how many spreads are too many, a deviation's worth in spreads, the least spread (s).
WINDOW, TOO_MANY, CONSISTENT, RESOLUTION = 5, 3.0, 1.4826, 1.0
#: So many have to be there before their median is held against the limit: of fewer, each may be the one that is off.
ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """A measurement among its like. Seconds.

    Attributes:
        series: what was measured.
        limit: what it may take.
        values: every measurement so far, the oldest first, this one last.
        strange: for each, whether it was beyond what noise explains.
        spread: of those before this one.
        median: of the last ones, this one included.

    """

    series: str
    limit: float
    values: tuple[float, ...]
    strange: tuple[bool, ...]
    spread: float
    median: float

    @property
    def value(self) -> float:
        """This one."""
        return self.values[-1]

    @property
    def good(self) -> bool:
        """Whether the promise holds."""
        return not self.strange[-1] and (self.median <= self.limit or not self.enough)

    @property
    def enough(self) -> bool:
        """Whether there are as many as it takes to tell noise from being slow."""
        return sum(not odd for odd in self.strange) >= ENOUGH

    def __str__(self) -> str:
        """Return it in words, with the spread."""
        usual = [value for value, odd in zip(self.values, self.strange, strict=True) if not odd][-WINDOW:]
        words = f"{self.value:g} s; median {self.median:g} s of the last {len(usual) or 1}, spread {self.spread:.1f} s"
        words += f" ({min(usual):g} to {max(usual):g} s)" if usual else ""
        words += f", limit {self.limit:g} s"
        if self.good and self.median > self.limit:
            words += f"; beyond it, within what noise explains: judged from measurement {ENOUGH} on"
        before = [value for value, odd in zip(self.values[:-1], self.strange, strict=False) if not odd][-WINDOW:]
        off = (self.value - statistics.median(before)) / self.spread if before else 0.0
        if off > TOO_MANY and len(before) >= WINDOW - 1:
            words += f"; slower than before by {off:.1f} spreads: look into it"
        return words


def judged(series: str, limit: float, earlier: list[tuple[float, bool]], value: float) -> Judged:
    """Judge a measurement; ``earlier`` are those before it, the oldest first, each with whether it was strange."""
    usual = [each for each, odd in earlier if not odd][-2 * WINDOW :]
    spread = max(RESOLUTION, CONSISTENT * _deviation(usual))
    strange = value > limit + TOO_MANY * spread
    median = statistics.median([*usual[-(WINDOW - 1) :], value])
    values, odds = [each for each, _ in earlier], [odd for _, odd in earlier]
    return Judged(series, limit, (*values, value), (*odds, strange), spread, median)


class Samples:
    """The measurements of one cluster.

    Args:
        folder: below the reports; made when it is needed.
        cluster: which one: measurements of another aren't its like.
        run: this run's id, noted with each.

    """

    def __init__(self, folder: Path, cluster: str, run: str = "") -> None:
        self._folder, self._cluster, self._run = folder, cluster, run

    def add(self, series: str, value: float, limit: float) -> Judged:
        """Keep a measurement (seconds), and return how it stands among its like; its picture goes to the reports."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._file(series, "jsonl").open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            found = judged(series, limit, [self._read(line) for line in file if self._mine(line)], value)
            entry = {
                "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "cluster": self._cluster,
                "run": self._run,
                "series": series,
                "seconds": value,
                "limit": limit,
                "strange": found.strange[-1],
            }
            file.write(json.dumps(entry) + "\n")
        picture = samples_svg.svg(found.series, found.limit, found.values, found.strange, found.median, found.spread)
        self._file(series, "svg").write_text(picture, encoding="utf-8")
        _show(series, picture)
        return found

    def _file(self, series: str, ending: str) -> Path:
        return self._folder / f"{re.sub(r'[^a-z0-9]+', '-', series.lower()).strip('-')}.{ending}"

    def _mine(self, line: str) -> bool:
        """Whether a line is of this cluster; one that a killed run left half-written is nobody's."""
        return _decoded(line).get("cluster") == self._cluster

    def _read(self, line: str) -> tuple[float, bool]:
        entry = _decoded(line)
        return float(entry["seconds"]), bool(entry.get("strange"))


def _decoded(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and "seconds" in found else {}


def _deviation(values: list[float]) -> float:
    """Return the median absolute deviation."""
    if not values:
        return 0.0
    middle = statistics.median(values)
    return statistics.median(abs(each - middle) for each in values)


def _show(series: str, picture: str) -> None:
    """Put the picture into the Allure report; without one nothing happens."""
    import allure

    allure.attach(picture, name=f"{series}, over the runs", attachment_type=allure.attachment_type.SVG)
