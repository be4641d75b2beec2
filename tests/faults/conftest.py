"""The faults' own options: the matrix is printed and drawn at the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import drawing
from tests.faults.drawing import Result
from tests.faults.matrix import ROOT
from tests.faults.runner import profile_folder

RESULTS: list[Result] = []


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ci: a fault that runs in CI")
    config.addinivalue_line("markers", "incident: one of the three incidents that the project began with")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the profile and the reports of the judged runs are."""
    return profile_folder(tmp_path_factory.mktemp("faults"))


@pytest.fixture
def results() -> list[Result]:
    return RESULTS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if RESULTS:
        terminalreporter.write_line("")
        terminalreporter.write(drawing.table(RESULTS))
        page = drawing.page(RESULTS, ROOT / "reports")
        terminalreporter.write_line(f"the matrix as a page: {page.relative_to(ROOT)}")
