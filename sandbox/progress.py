"""What a person sees while something takes long: which task, how far, how long still.

Code that takes long is given a ``Progress`` and tells it what it does. ``for_stream`` picks what shows it: bars on a
terminal, elsewhere plain lines, at most one line every ten seconds.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from rich import progress as bars
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

LINE_EVERY = 10.0
"""Seconds between two plain lines."""
PACE_KNOWN = 0.25
"""With so much done the pace that was seen is all that counts: an estimate is of another machine."""


class Progress(Protocol):
    """Shows work under way. Every method returns at once and none raises."""

    def start(self, task: str, total_seconds: float) -> None:
        """Begin ``task``, which is expected to take ``total_seconds`` (0: not known)."""

    def update(self, task: str, fraction: float, note: str = "") -> None:
        """``task`` is ``fraction`` (0 to 1) done; ``note`` says what it does just now."""

    def done(self, task: str) -> None:
        """``task`` has ended, well or not."""


class Silent:
    """Shows nothing."""

    def start(self, task: str, total_seconds: float) -> None:
        """Ignore."""

    def update(self, task: str, fraction: float, note: str = "") -> None:
        """Ignore."""

    def done(self, task: str) -> None:
        """Ignore."""


def remaining(estimate: float, elapsed: float, fraction: float) -> float:
    """Return the seconds left, from the estimate at first and from the pace seen as the work goes on.

    Args:
        estimate: seconds the whole was expected to take; 0 when nobody knows.
        elapsed: seconds since the start.
        fraction: how much is done, 0 to 1.

    """
    fraction = min(max(fraction, 0.0), 1.0)
    by_estimate = max(estimate - elapsed, 0.0)
    if fraction <= 0:
        return by_estimate
    by_pace = elapsed / fraction - elapsed
    if not estimate:
        return by_pace
    trust = min(1.0, fraction / PACE_KNOWN)
    return trust * by_pace + (1 - trust) * max(by_estimate, estimate * (1 - fraction))


def spoken(seconds: float) -> str:
    """Return a duration as a person says it: ``45 s``, ``6 min 10 s``."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


@dataclass
class _Task:
    started: float
    estimate: float
    shown: float


@dataclass
class Lines:
    """Plain lines for logs and pipes: when a task starts, now and then while it lasts, and when it is done."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic
    _tasks: dict[str, _Task] = field(default_factory=dict)

    def start(self, task: str, total_seconds: float) -> None:
        """Say that ``task`` begins."""
        now = self.clock()
        self._tasks[task] = _Task(now, total_seconds, now)
        self._say(f"{task} ..." + (f" about {spoken(total_seconds)}" if total_seconds else ""))

    def update(self, task: str, fraction: float, note: str = "") -> None:
        """Say how far ``task`` is, unless a line about it was written in the last ten seconds."""
        now, known = self.clock(), self._tasks.get(task)
        if known is None or now - known.shown < LINE_EVERY:
            return
        known.shown = now
        elapsed = now - known.started
        far = f"{fraction:.0%}, about {spoken(remaining(known.estimate, elapsed, fraction))} left"
        if not (fraction or known.estimate):
            far = f"{spoken(elapsed)} so far"
        self._say(f"{task}: {far}" + (f" ({note})" if note else ""))

    def done(self, task: str) -> None:
        """Say how long ``task`` took; whether it ended well is for its caller to say."""
        known = self._tasks.pop(task, None)
        if known is not None:
            self._say(f"{task}: took {spoken(self.clock() - known.started)}")

    def _say(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()


@dataclass
class Told(Lines):
    """The same lines for somebody who shows them himself, one call each."""

    tell: Callable[[str], None] = print

    def _say(self, line: str) -> None:
        self.tell(line)


class _Left(bars.ProgressColumn):
    """The time left by ``remaining``, which knows the estimate that rich's own column does not."""

    def render(self, task: bars.Task) -> str:
        if task.finished:
            return f"in {spoken(task.elapsed or 0)}"
        left = remaining(float(task.fields["estimate"]), task.elapsed or 0.0, task.completed)
        return f"{spoken(left)} left" if left else ""


class Bars:
    """Bars on a terminal, the newest task last."""

    def __init__(self, console: Console | None = None) -> None:
        """Draw on ``console``, by default on standard error."""
        columns = (
            bars.SpinnerColumn(),
            bars.TextColumn("{task.description}"),
            bars.BarColumn(bar_width=30),
            _Left(),
            bars.TextColumn("[dim]{task.fields[note]}"),
        )
        self._bars = bars.Progress(*columns, console=console or Console(stderr=True), refresh_per_second=4)
        self._tasks: dict[str, bars.TaskID] = {}

    def __enter__(self) -> Self:
        """Start to draw; without it the first task does."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop to draw."""
        self._bars.stop()

    def start(self, task: str, total_seconds: float) -> None:
        """Add a bar for ``task``."""
        self._bars.start()
        self._tasks[task] = self._bars.add_task(task, total=1.0, estimate=total_seconds, note="")

    def update(self, task: str, fraction: float, note: str = "") -> None:
        """Move the bar of ``task``; it never reaches the end before ``done``."""
        if task in self._tasks:
            self._bars.update(self._tasks[task], completed=min(fraction, 0.999), note=note)

    def done(self, task: str) -> None:
        """Fill the bar of ``task``; when it was the last one, give the terminal back."""
        known = self._tasks.pop(task, None)
        if known is not None:
            self._bars.update(known, completed=1.0, note="")
        if not self._tasks:
            self._bars.stop()


def for_stream(stream: TextIO | None = None) -> Progress:
    """Return bars when ``stream`` (by default standard error) is a terminal, else plain lines."""
    stream = stream or sys.stderr
    return Bars(Console(file=stream)) if stream.isatty() else Lines(stream)
