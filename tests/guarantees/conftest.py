"""The sandbox of these tests ($ROADWORTHY_GUARANTEES_SANDBOX, else ``guard``), and a field on it for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.accept.sandboxes import alone
from tests.guarantees.field import Field
from tests.guarantees.ground import TOOLBOX, Admin

CHOSEN = os.environ.get("ROADWORTHY_GUARANTEES_SANDBOX", "")
NAME, NODES = CHOSEN or "guard", None if CHOSEN else 3
_LEASE = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/roadworthy"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--down", action="store_true", help=f"take the sandbox {NAME} away at the end")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "short: a guarantee that is shown in a few seconds")
    config.addinivalue_line("markers", "guarantee(number): the promise of docs/guarantees.md that a test proves")


@pytest.fixture(scope="session")
def facts(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """What the provider says of the sandbox; it is brought up when it isn't, and left up."""
    from sandbox import images, manage, provider
    from sandbox.progress import Silent

    alone(NAME)
    manage.up(NAME, nodes=NODES, progress=Silent())
    images.ensure([TOOLBOX])
    yield dict(provider.provide({"name": NAME}))
    if request.config.getoption("--down", default=False):
        manage.down(NAME)


@pytest.fixture
def field(facts: dict[str, Any], tmp_path: Path) -> Iterator[Field]:
    """A field whose user may do everything."""
    Admin(Path(facts["kubeconfig"])).delete(_LEASE)
    made = Field(facts, tmp_path)
    yield made
    made.close()


@pytest.fixture
def field_of(facts: dict[str, Any], tmp_path: Path) -> Iterator[Callable[[str], Field]]:
    """Make a field whose user has another role."""
    made: list[Field] = []

    def of(role: str) -> Field:
        made.append(Field(facts, tmp_path, role))
        return made[-1]

    yield of
    for each in made:
        each.close()
