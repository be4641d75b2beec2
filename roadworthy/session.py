"""One run: its profile, its cluster, its convergence engine; opened at the first criterion, closed at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from roadworthy import markers, permission, profile_loader, relay, terminal
from roadworthy.board import Board
from roadworthy.disturbance import Disturbance, disturbed
from roadworthy.errors import BadInput
from roadworthy.profile import Profile
from roadworthy.rooms import Rooms

if TYPE_CHECKING:
    from roadworthy.cluster import Cluster
    from roadworthy.converge import Convergence
    from roadworthy.criterion import Criterion

#: Where pytest keeps it.
RUN: pytest.StashKey[Run] = pytest.StashKey()


class Run:
    """What the criteria of one pytest process share.

    Attributes:
        id: the run's, the same in all its workers.
        reports: where everything is written.
        criteria: what is selected.
        roots: component -> ids of the selected criteria that judge it.

    """

    def __init__(self, config: pytest.Config, rooms: Rooms, profiles: Path) -> None:
        self.config, self.rooms, self.profiles = config, rooms, profiles
        worker: dict[str, Any] = getattr(config, "workerinput", {})
        self.worker = bool(worker)
        self.id: str = worker.get("roadworthy_run") or markers.run_id()
        self.reports = Path(config.getoption("reports") or rooms.root / rooms.reports)
        self.remediate: bool = config.getoption("remediate")
        self.plan: bool = config.getoption("plan")
        self.criteria: list[Criterion] = []
        self.roots: dict[str, list[str]] = {}
        self._cluster: Cluster | None = None
        self._failure: Exception | None = None
        self._board = worker.get("roadworthy_board", "")
        self._dist = worker.get("roadworthy_dist", "load")

    @cached_property
    def stated(self) -> Profile:
        """The profile as its file says it."""
        name: str = self.config.getoption("cluster") or "sandbox"
        profile = profile_loader.load(self.profiles, name)
        if self.remediate and not profile.provider:
            for key in ("context", "kube_system_uid"):
                if not getattr(profile, key):
                    todo = f"say {key} in it, so that no other cluster can be meant; or leave out --remediate"
                    raise BadInput(f"{key} of the cluster to repair", seen="nothing", where=profile.where, todo=todo)
        return profile

    @cached_property
    def profile(self) -> Profile:
        """The profile, with what its provider says. The first use starts a sandbox."""
        with relay.of_stderr(self._board):
            return profile_loader.provided(self.stated, self._before_start)

    @property
    def cluster(self) -> Cluster:
        """The live cluster. What fails here fails again, in the same words, for whoever asks next."""
        if self._dist != "load":
            # In any other order a root may wait behind what needs it, in the same worker, for ever.
            raise BadInput("criteria are distributed by --dist load", seen=f"--dist {self._dist}", where="command line")
        if self._failure is not None:
            raise self._failure
        if self._cluster is None:
            try:
                self._cluster = self.config.hook.pytest_roadworthy_connect(profile=self.profile)
                self._sweep(self._cluster)
            except Exception as error:
                self._failure = error
                raise
        return self._cluster

    @property
    def reached(self) -> bool:
        """Whether the cluster was reached by now."""
        return self._cluster is not None

    @property
    def journals(self) -> Path:
        """The folder of the journals, one per cluster."""
        return self.reports / "journal"

    @cached_property
    def convergence(self) -> Convergence:
        """The engine that repairs, made at the first criterion that fails."""
        engine: Convergence = self.config.hook.pytest_roadworthy_convergence(
            cluster=self.cluster, profile=self.profile, config=self.config, journal_dir=self.journals
        )
        return engine

    @cached_property
    def board(self) -> Board:
        """What the workers share; of a run without workers, a folder of its own."""
        return Board(Path(self._board or self.shared_folder), alone=not self._board)

    @cached_property
    def shared_folder(self) -> str:
        """The folder that the workers share, made by the process that starts them."""
        return tempfile.mkdtemp(prefix="roadworthy-run-")

    @cached_property
    def disturbance(self) -> Disturbance:
        """Who feels the drills of this run."""
        return Disturbance(self.criteria, self.rooms.components)

    def undisturbed(self, criterion: Criterion) -> AbstractContextManager[None]:
        """Keep away, while a criterion is judged, what would disturb it and whom it disturbs."""
        return self.board.judging(self.disturbance.feels(criterion), disturbed(criterion))

    def selected(self, criteria: list[Criterion]) -> None:
        """Take note of what is going to be judged."""
        self.criteria = criteria
        if self.worker:
            _ = self.board  # the others see that this worker is there before any of them begins
        roots = defaultdict(list)
        for criterion in criteria:
            for component in criterion.components:
                roots[component].append(criterion.id)
        self.roots = dict(roots)

    def tell(self, line: str) -> None:
        """Show a line on the terminal while criteria are judged; a worker's goes to who started it."""
        relay.tell(self._board, line)
        terminal.tell(self.config, f"    {line}")

    def close(self) -> None:
        """Let go of the cluster and of the shared folder."""
        if self._cluster is not None and (close := getattr(self._cluster, "close", None)):
            close()
        if "board" in self.__dict__:
            self.board.leave()
        if made := self.__dict__.get("shared_folder"):
            shutil.rmtree(made, ignore_errors=True)

    def _before_start(self) -> None:
        self.config.hook.pytest_roadworthy_before_start(config=self.config)

    def _sweep(self, cluster: Cluster) -> None:
        """Remove what a killed run left of its markers, once per run, where this one makes some too."""
        writing = [each for each in self.criteria if permission.writes(self.stated, each)]
        if not writing:
            return  # a cluster that is only read keeps what is there
        if (sweep := getattr(cluster, "sweep", None)) and self.board.once("swept"):
            sweep({name for each in writing for name in (*each.components, *each.needs)})
