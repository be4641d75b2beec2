"""The main job's runs, made once each and in this order, with their output shown as they go; and a sandbox to spare."""

from collections.abc import Iterator

import pytest

from sandbox import manage
from sandbox.layout import Sandbox
from sandbox.progress import Silent
from tests.accept import mainjob
from tests.accept.sandboxes import SPARE


@pytest.fixture(scope="session")
def shown(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let what runs here write to the terminal: a run takes minutes, and CI wants to see it move."""
    manager = request.config.pluginmanager.getplugin("capturemanager")
    with manager.global_and_fixture_disabled():
        yield


@pytest.fixture(scope="session")
def first(shown: None) -> mainjob.Run:
    """From whatever this machine has (in a fresh clone: nothing)."""
    return mainjob.run()


@pytest.fixture(scope="session")
def second(first: mainjob.Run) -> mainjob.Run:
    """Straight after the first."""
    assert first.code == 0, "the first run was not green, so a second one shows nothing"
    return mainjob.run()


@pytest.fixture(scope="session")
def reading(second: mainjob.Run) -> mainjob.Run:
    """Without --remediate."""
    return mainjob.run(remediate=False)


@pytest.fixture(scope="session")
def spare() -> Iterator[Sandbox]:
    """Two nodes with nothing on them, for whoever needs a cluster to judge and leaves it as it was or doesn't mind."""
    try:
        yield manage.up(SPARE, nodes=2, progress=Silent()).sandbox
    finally:
        manage.down(SPARE)
