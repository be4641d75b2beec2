"""The faults' own options: the matrix is printed and drawn at the end of a run."""

from __future__ import annotations

import os

import pytest

from prove import drawing
from prove.bench import Bench
from prove.matrix import PHASE1, ROOT
from prove.proof import Ground
from prove.results import Result
from sandbox import manage
from sandbox.progress import Silent

RESULTS: list[Result] = []
#: Judging the whole feature takes as long as judging so many of its promises by themselves.
MANY = 15


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "incident: one of the three incidents that the project began with")


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The sandbox that is broken: $ROADWORTHY_FAULTS_SANDBOX, or the one that is used when no cluster is named."""
    name = os.environ.get("ROADWORTHY_FAULTS_SANDBOX", "sandbox")
    manage.up(name, progress=Silent())
    return Bench(name, tmp_path_factory.mktemp("faults")).set_up()


@pytest.fixture(scope="session")
def ground(bench: Bench, request: pytest.FixtureRequest) -> Ground | None:
    """What holds before each fault: judged as a whole where that is cheaper than each promise by itself."""
    many = sum("ground" in getattr(item, "fixturenames", ()) for item in request.session.items) > MANY
    return Ground(bench, PHASE1) if many else None


@pytest.fixture
def results() -> list[Result]:
    return RESULTS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if RESULTS:
        terminalreporter.write_line("")
        terminalreporter.write(drawing.table(RESULTS))
        page = drawing.page(RESULTS, ROOT / "reports")
        terminalreporter.write_line(f"the matrix as a page: {page.relative_to(ROOT)}")
