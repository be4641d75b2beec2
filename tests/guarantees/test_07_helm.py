"""Promise 7: a release that was left pending is unlocked when it is provably ours and its owner dead, and only then."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import builds
from tests.guarantees.field import Field
from tests.guarantees.ground import MERGE, eventually
from tests.guarantees.proxy import Fault

pytestmark = [pytest.mark.guarantee(7), pytest.mark.short]
TEMPLATE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wanted}\ndata: {k: {{ .Values.k }}}\n"


@dataclass
class Release:
    """The release ``toy``, its chart, and what Helm has written down about it."""

    field: Field
    helm: str
    chart: Path

    def values(self, value: str) -> str:
        path = self.field.folder / f"{value}.yaml"
        path.write_text(f"k: {value}\n")
        return str(path)

    def order(self, value: str = "right", ladder: tuple[str, ...] = ("clear", "release")) -> list[str]:
        parameters = {"chart": str(self.chart), "values": self.values(value)}
        return self.field.order(
            work=[["guard/release", "map", list(ladder)]], options={"helm": self.helm}, parameters=parameters
        )

    def by_hand(self, *words: str) -> None:
        """Somebody else's helm."""
        command = [self.helm, *words, "-n", self.field.home, "--kubeconfig", str(self.field.facts["kubeconfig"])]
        subprocess.run(command, check=True, capture_output=True, timeout=120)

    def secrets(self) -> list[dict[str, Any]]:
        path = f"/api/v1/namespaces/{self.field.home}/secrets?labelSelector=owner%3Dhelm"
        return sorted(self.field.admin.ask("GET", path)[1]["items"], key=lambda each: str(each["metadata"]["name"]))

    def statuses(self) -> list[str]:
        return [each["metadata"]["labels"]["status"] for each in self.secrets()]

    def label(self, **labels: str | None) -> None:
        """Write labels on the newest revision's Secret."""
        name = self.secrets()[-1]["metadata"]["name"]
        path = f"/api/v1/namespaces/{self.field.home}/secrets/{name}"
        assert self.field.admin.ask("PATCH", path, {"metadata": {"labels": labels}}, MERGE)[0] == 200


@pytest.fixture
def release(field: Field) -> Release:
    chart = field.folder / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: toy\nversion: 0.1.0\n")
    (chart / "templates" / "map.yaml").write_text(TEMPLATE)
    return Release(field, str(builds.ensure("helm") / "helm"), chart)


def hold(field: Field) -> Fault:
    """Hold back what helm does to the ConfigMap: it is in the middle of its upgrade then."""
    return field.proxy.fail(lambda seen: seen.writes and "configmaps" in seen.path, until=threading.Event())


def helms(field: Field) -> list[int]:
    """Return the helm processes of this test."""
    mark, found = str(field.folder / "runtime").encode(), []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if (each / "comm").read_text().strip() == "helm" and mark in (each / "environ").read_bytes():
                found.append(int(each.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("what", ["upgrade", "install"])
def test_the_runner_is_killed_mid_upgrade_and_the_next_one_recovers(field: Field, release: Release, what: str) -> None:
    """Helm dies with its runner and leaves the release pending; the next run unlocks it and gets to the end."""
    if what == "upgrade":
        field.run(release.order("wrong", ("release",)))
        assert release.statuses() == ["deployed"]
    held = hold(field)
    child = field.start(release.order(ladder=("release",)))
    eventually(lambda: held.hits, 60)
    assert release.statuses()[-1].startswith("pending-")
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    eventually(lambda: not helms(field), 10)
    held.times = 0
    if held.until:
        field.proxy.faults.clear()
    said = field.run(release.order())
    assert "converged" in said
    assert field.right()
    assert release.statuses()[-1] == "deployed"
    assert "abandoned" in field.kinds()


def test_helm_alone_is_killed_and_the_next_run_recovers(field: Field, release: Release) -> None:
    """Its runner tells that it failed and leaves the lock; the next run unlocks it."""
    field.run(release.order("wrong", ("release",)))
    held = hold(field)
    child = field.start(release.order(ladder=("release",)))
    eventually(lambda: held.hits and helms(field), 60)
    for pid in helms(field):
        os.kill(pid, signal.SIGKILL)
    said, _ = child.communicate(timeout=120)
    assert "failed" in said
    assert [entry["became"] for entry in field.entries() if entry["kind"] == "result"][-1] == "failed"
    assert release.statuses()[-1] == "pending-upgrade"
    field.proxy.faults.clear()
    assert "converged" in field.run(release.order())
    assert release.statuses()[-1] == "deployed"


@pytest.mark.ci
def test_a_foreign_pending_release_is_refused(field: Field, release: Release) -> None:
    """Somebody else's helm was killed, or is at work: its lock is not ours to break, however old it is."""
    release.by_hand("install", "toy", str(release.chart), "-f", release.values("wrong"))
    release.label(status="pending-upgrade")
    before = release.secrets()
    said = field.run(release.order(ladder=("clear",)))
    assert "it isn't ours" in said
    assert field.audit.writes() == []
    assert release.secrets() == before


def test_ours_whose_run_is_at_work_is_refused(field: Field, release: Release) -> None:
    """The labels are ours and the run that wrote them holds the Lease: hands off."""
    release.by_hand("install", "toy", str(release.chart), "-f", release.values("wrong"))
    cluster = field.connect()
    engine = field.engine(cluster)
    release.label(status="pending-upgrade", **{"roadworthy.dev/component": "toy", "roadworthy.dev/run": engine.run})
    engine._lease.acquire()
    case = field.case(cluster)
    from remediation.clear_pending_release import remedy
    from roadworthy.errors import Refused

    with pytest.raises(Refused, match="is still at work"):
        next(remedy(case))
    assert field.audit.writes() == []
