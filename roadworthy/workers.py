"""What is needed with xdist's ``-n`` only: the workers of a run know that they are of one, and are heard."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from roadworthy import relay
from roadworthy.session import RUN


class Workers:
    """A plugin for pytest, registered where there is xdist."""

    def pytest_configure_node(self, node: Any) -> None:
        """Give each worker the run's id and shared folder."""
        run = node.config.stash[RUN]
        node.workerinput["roadworthy_run"] = run.id
        node.workerinput["roadworthy_board"] = run.shared_folder
        node.workerinput["roadworthy_dist"] = node.config.option.dist

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Show what the workers have to tell."""
        run = session.config.stash[RUN]
        with relay.followed(run.__dict__.get("shared_folder", ""), run.tell):
            return (yield)
