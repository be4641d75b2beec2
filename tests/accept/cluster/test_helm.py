"""Helm on the real sandbox: installs, upgrades, goes back, and dies with its runner."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from roadworthy import private
from roadworthy.change import (
    Change,
    HelmRollback,
    HelmUpgrade,
    Target,
)
from roadworthy.converge.act import act, rehearse
from roadworthy.converge.tools import Tools
from tests.accept.cluster.conftest import ROOT, TOOLBOX

pytestmark = [pytest.mark.sandbox, pytest.mark.accept]


def children(runtime: Path) -> list[str]:
    """Return the processes whose environment names a folder below ``runtime``, other than python's."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            named = str(runtime).encode() in (each / "environ").read_bytes()
            command = (each / "comm").read_text().strip()
            found += [command] if named and command == "helm" else []
    return found


class TestHelm:
    def test_helm_installs_upgrades_and_goes_back(self, tools: Tools, home: str, tmp_path: Path) -> None:
        chart = tmp_path / "chart"
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: toy\nversion: 0.1.0\n")
        template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: toy}\ndata: {k: {{ .Values.k }}}\n"
        (chart / "templates" / "map.yaml").write_text(template)

        def change(value: str) -> Change:
            values = tmp_path / f"{value}.yaml"
            values.write_text(f"k: {value}\n")
            action = HelmUpgrade(
                str(chart), "", (str(values),), "d" * 40, 60, labels={"roadworthy.dev/digest": "d" * 40}
            )
            return Change("install", Target("Release", "toy", home), action, why="")

        def value() -> str:
            found = tools.cluster.fresh("ConfigMap", "toy", namespace=home)
            return str(found["data"]["k"]) if found else "nothing"

        assert "+  k: one" in rehearse(tools, change("one"))
        assert value() == "nothing"
        assert (act(tools, change("one")).detail, value()) == ("installed", "one")
        assert "-  k: one\n+  k: two" in rehearse(tools, change("two"))
        done = act(tools, change("two"))
        assert (done.detail, value()) == ("upgraded", "two")
        assert done.undo is not None
        done.undo()
        assert value() == "one"
        act(tools, Change("roll back", Target("Release", "toy", home), HelmRollback(2), why=""))
        assert value() == "two"
        labels = tools.cluster.raw(f"/api/v1/namespaces/{home}/secrets?labelSelector=name%3Dtoy")["items"][0][
            "metadata"
        ]["labels"]
        assert labels["roadworthy.dev/run"] == "accept-run"

    def test_helm_dies_with_its_runner_and_leaves_no_key_behind(
        self, tools: Tools, home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        chart, known = tmp_path / "chart", tools.cluster.profile
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: never\nversion: 0.1.0\n")
        spec = f"spec: {{containers: [{{name: c, image: {TOOLBOX}, command: [sleep, '60'], readinessProbe: "
        spec += "{exec: {command: ['false']}}}]}"
        (chart / "templates" / "pod.yaml").write_text(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: never}}\n{spec}\n")
        script = f"""
            import threading
            from roadworthy.change import Change, HelmUpgrade, Target
            from roadworthy.cluster import connect
            from roadworthy.converge import Options
            from roadworthy.converge.act import act
            from roadworthy.converge.tools import Tools
            from roadworthy.profile import Profile
            cluster = connect(Profile("x", "x", kubeconfig={known.kubeconfig!r}, context={known.context!r}))
            tools = Tools(cluster, Options({{}}, helm={tools.options.helm!r}), "killed-run", threading.Event())
            action = HelmUpgrade({str(chart)!r}, "", (), "d", 60)
            act(tools, Change("install", Target("Release", "never", {home!r}), action, why=""))
        """
        runtime = tmp_path / "runtime"
        runtime.mkdir()
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
        runner = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT)

        def begun() -> None:
            assert tools.cluster.fresh("Pod", "never", namespace=home)

        tools.cluster.until(begun, within=30)
        assert children(runtime)
        runner.kill()
        runner.wait()
        time.sleep(0.5)
        assert not children(runtime)
        left = list(runtime.glob("roadworthy-private-*/helm-*/kubeconfig"))
        assert [path.stat().st_mode & 0o777 for path in left] == [0o600]
        assert [path.parents[1].stat().st_mode & 0o777 for path in left] == [0o700]
        private.sweep()
        assert not list(runtime.glob("roadworthy-private-*"))
