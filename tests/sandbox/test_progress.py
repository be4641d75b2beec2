"""What a person sees while something takes long."""

from __future__ import annotations

import io

from sandbox import progress


def test_lines_are_rare_and_tell_the_time_left() -> None:
    now = [0.0]
    out = io.StringIO()
    lines = progress.Lines(out, clock=lambda: now[0])
    lines.start("build x", 100)
    for second in range(1, 31):
        now[0] = second
        lines.update("build x", second / 60, f"pkg{second}")
    lines.done("build x")
    said = out.getvalue().splitlines()
    assert said[0] == "build x ... about 1 min 40 s"
    assert len(said) == 5
    assert "33%" in said[2]
    assert "pkg20" in said[2]
    assert said[-1] == "build x: took 30 s"


def test_the_pace_seen_corrects_the_estimate() -> None:
    assert progress.remaining(100, 0, 0) == 100
    assert progress.remaining(0, 10, 0.5) == 10
    assert progress.remaining(100, 90, 0.9) < 15
    assert progress.remaining(10, 60, 0.5) == 60
    assert progress.remaining(300, 300, 0.1) > 1000, "a machine that is ten times slower is found out early"


def test_a_pipe_gets_lines_and_unknown_tasks_are_ignored() -> None:
    out = io.StringIO()
    shown = progress.for_stream(out)
    shown.update("nobody started this", 0.5)
    shown.done("nor this")
    assert isinstance(shown, progress.Lines)
    assert out.getvalue() == ""


def test_who_shows_lines_himself_is_told_each() -> None:
    told: list[str] = []
    lines = progress.Told(tell=told.append)
    lines.start("build loki", 90)
    lines.done("build loki")
    assert told == ["build loki ... about 1 min 30 s", "build loki: took 0 s"]
