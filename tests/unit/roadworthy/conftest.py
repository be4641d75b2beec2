"""The toy project as a fixture."""

from __future__ import annotations

import pytest

# Loaded once here, they need not be loaded anew for every run in this process.
import roadworthy.collect
import roadworthy.converge
import roadworthy.judging  # noqa: F401
from tests.unit.roadworthy.toy import CONFTEST, STEPS, Toy


@pytest.fixture
def toy(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Toy:
    """An empty toy project: say what its features are, and what state its things are in."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeconftest(CONFTEST)
    pytester.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        roadworthy_steps = ["toy_steps"]
        roadworthy_remedies = "toy_remedies"
        roadworthy_components = "toy_installers"
        addopts = "-p no:hypothesispytest"
        """
    )
    root = pytester.path
    for folder in ("toy_steps", "toy_remedies", "clusters", "toy_installers/loki", "toy_installers/grafana"):
        root.joinpath(folder).mkdir(parents=True)
    root.joinpath("toy_steps/things.py").write_text(STEPS)
    root.joinpath("toy_remedies/mend.py").touch()
    root.joinpath("toy_remedies/install.py").touch()
    root.joinpath("toy_installers/loki/component.yaml").write_text("requires: []\n")
    root.joinpath("toy_installers/grafana/component.yaml").write_text("requires: [loki]\n")
    found = Toy(pytester)
    found.profile("drills: always\n")
    found.state()
    return found
