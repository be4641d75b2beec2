"""The pytest plugin: options, hooks, fixtures. What they do is next door: collect, item, session, judge, summary."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from roadworthy import hookspecs, narration, redact, reporting, tags, workers
from roadworthy.catalogue import BUILDING, Catalogue
from roadworthy.errors import BadInput
from roadworthy.fixtures import cluster, profile, samples
from roadworthy.item import CriterionItem
from roadworthy.judge import JUDGE, Judge
from roadworthy.rooms import SETTINGS, Rooms
from roadworthy.session import RUN, Run

if TYPE_CHECKING:
    from roadworthy.cluster import Cluster
    from roadworthy.cluster.live import LiveCluster
    from roadworthy.converge import Convergence
    from roadworthy.profile import Profile

#: pytest finds fixtures by their names in here.
__all__ = ["cluster", "profile", "samples"]

CATALOGUE: pytest.StashKey[Catalogue] = pytest.StashKey()


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add our hooks."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options and settings."""
    group = parser.getgroup("roadworthy", "judge the promises of a cluster, and repair it")
    group.addoption("--cluster", metavar="NAME", help="judge the cluster of clusters/NAME.yaml (default: the sandbox)")
    group.addoption("--remediate", action="store_true", help="repair what fails by its remedies, within the limits")
    group.addoption("--plan", action="store_true", help="show what the remedies would change, and change nothing")
    group.addoption(
        "--from-plan", metavar="FILE", help="with --remediate: make the changes of this plan, and no others"
    )
    group.addoption(
        "--at-once", metavar="N", type=int, default=8, help="judge up to N criteria at the same time (default: 8)"
    )
    group.addoption("--profile-dir", metavar="DIR", help="where the cluster profiles are (default: clusters)")
    group.addoption("--reports", metavar="DIR", help="where verdicts, evidence and journal go (default: reports)")
    for name, (kind, default, what) in SETTINGS.items():
        parser.addini(name, what, type=kind, default=default)  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    """Find the rooms, and refuse options that can't be meant. Nothing is started before a criterion is judged."""
    rooms = Rooms.of(config.rootpath, config.getini)
    markers = frozenset(line.partition(":")[0].partition("(")[0].strip() for line in config.getini("markers"))
    for tag, what in tags.PLAIN.items():
        config.addinivalue_line("markers", f"{tag}: {what}")
    profiles = Path(config.getoption("profile_dir") or config.rootpath / rooms.profiles)
    config.stash[CATALOGUE] = Catalogue(rooms, markers, profiles)
    run = config.stash[RUN] = Run(config, rooms, profiles)
    judge = config.stash[JUDGE] = Judge(run)
    if run.plan and run.remediate:
        raise pytest.UsageError("--plan changes nothing and --remediate does: choose one")
    if config.getoption("at_once") < 1:
        raise pytest.UsageError(f"--at-once takes a number of 1 or more; seen: {config.getoption('at_once')}")
    if config.getoption("from_plan") and (not run.remediate or run.worker or config.getoption("numprocesses", None)):
        raise pytest.UsageError("--from-plan goes with --remediate, and without -n: a plan is followed step by step")
    if config.getoption("cluster") and not run.worker:
        _usable(judge)
    told = reporting.Reporting(run)
    config.pluginmanager.register(told, "roadworthy-reporting")
    config.pluginmanager.register(reporting.Telling(told), "roadworthy-telling")
    config.pluginmanager.register(narration, "roadworthy-narration")
    if config.pluginmanager.has_plugin("xdist"):
        config.pluginmanager.register(workers.Workers(), "roadworthy-workers")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let go of the cluster."""
    if run := config.stash.get(RUN, None):
        run.close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect feature files themselves."""
    if file_path.suffix != ".feature":
        return None
    from roadworthy.collect import FeatureModule

    return FeatureModule.of(parent, file_path, parent.config.stash[CATALOGUE])


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    """Judge a component's roots before what needs it; everything else stays as it stands."""
    slots = [index for index, item in enumerate(items) if isinstance(item, CriterionItem)]
    ours = [item for item in items if isinstance(item, CriterionItem)]
    order = config.stash[CATALOGUE].order([item.criterion for item in ours])
    for slot, index in zip(slots, order, strict=True):
        items[slot] = ours[index]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Take note of what is going to be judged, and check the profile before anything is started."""
    items = [item for item in session.items if isinstance(item, CriterionItem)]
    judge = session.config.stash[JUDGE]
    judge.selected(items)
    if items and not judge.run.worker:
        _usable(judge)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Reach the cluster before the first criterion, with its progress shown; a worker does so at its first one."""
    judge = session.config.stash[JUDGE]
    wanted = any(isinstance(item, CriterionItem) for item in session.items)
    if not wanted or judge.run.worker or session.config.option.collectonly:
        return (yield)
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        try:
            judge.open()
        except BadInput as error:
            raise pytest.UsageError(str(error)) from error
    with judge.going_on():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_warning_recorded(warning_message: warnings.WarningMessage) -> None:
    """Strike secrets out of warnings before anybody shows them."""
    told = warning_message.message
    if isinstance(told, Warning) and (struck := redact.text(str(told))) != str(told):
        warning_message.message = UserWarning(struck)


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_apply_tag(tag: str, function: Any) -> bool | None:
    """Keep pytest-bdd from turning tags into marks in our modules: the items carry them already, in order."""
    del tag, function
    return True if BUILDING.get() else None


@pytest.hookimpl(trylast=True)
def pytest_roadworthy_connect(profile: Profile) -> Cluster:
    """Reach the cluster for real."""
    from roadworthy.cluster import connect

    return connect(profile)


@pytest.hookimpl(trylast=True)
def pytest_roadworthy_convergence(
    cluster: LiveCluster, profile: Profile, config: pytest.Config, journal_dir: Path
) -> Convergence:
    """Repair for real."""
    from roadworthy.engine import convergence

    return convergence(cluster, profile, config.stash[JUDGE], journal_dir)


@pytest.hookimpl(trylast=True)
def pytest_roadworthy_before_start(config: pytest.Config) -> None:
    """Compile and assemble before a sandbox takes its part of the machine."""
    from roadworthy.engine import before_start

    before_start(config.stash[JUDGE])


@pytest.hookimpl(trylast=True)
def pytest_roadworthy_judge(item: CriterionItem) -> bool:
    """Judge it, here and now."""
    item.config.stash[JUDGE].judge(item)
    return True


def _usable(judge: Judge) -> None:
    try:
        judge.mandate.check_input()
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error
