"""Each action on the real API server: rehearsed without a trace, done, undone."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from roadworthy.change import (
    Apply,
    Change,
    Delete,
    Evict,
    Exec,
    Patch,
    Play,
    Scale,
    Target,
)
from roadworthy.converge.act import act, rehearse
from roadworthy.converge.tools import Tools
from roadworthy.errors import Refused
from tests.accept.cluster.conftest import ROOT

pytestmark = [pytest.mark.sandbox, pytest.mark.accept]


class TestApi:
    def test_a_rehearsal_leaves_everything_as_it_is(self, tools: Tools, home: str, web: str) -> None:
        deployment = Target("Deployment", "web", home)
        pod = Target("Pod", web, home)
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new", "namespace": home}, "data": {}}
        every = [
            Change("delete", pod, Delete(), why=""),
            Change("delete", pod, Delete(grace_seconds=0), why=""),
            Change("delete", deployment, Delete(orphan=True), why=""),
            Change("evict", pod, Evict(), why=""),
            Change("scale", deployment, Scale(3), why=""),
            Change("patch", deployment, Patch({"spec": {"replicas": 4}}), why=""),
            Change("patch", deployment, Patch([{"op": "remove", "path": "/spec/replicas"}], "json"), why=""),
            Change("apply", Target("ConfigMap", "new", home), Apply(manifest), why=""),
            Change("run", pod, Exec("web", ("touch", "/tmp/trace")), why=""),
        ]

        def state() -> list[Any]:
            read = tools.cluster.fresh
            seen = [read(each.target.kind, each.target.name, namespace=home) for each in every]
            return [
                each and (each["metadata"]["uid"], each["metadata"].get("deletionTimestamp"), each.get("spec"))
                for each in seen
            ]

        before = state()
        for change in every:
            rehearse(tools, change)
        time.sleep(1)
        assert state() == before
        assert tools.cluster.execute(home, web, ["ls", "/tmp/trace"]).code

    def test_scale_and_back(self, tools: Tools, home: str) -> None:
        done = act(tools, Change("scale", Target("Deployment", "web", home), Scale(2), why=""))
        assert done.detail == "scaled from 1 to 2"
        assert done.undo is not None
        assert done.undo() == "scaled back to 1"

    def test_a_patch_of_an_old_version_is_refused(self, tools: Tools, home: str) -> None:
        """Of an object that nobody else writes: a workload's status moves its version on at any moment."""
        body = {"metadata": {"name": "versioned"}, "data": {"x": "0"}}
        made = tools.cluster.access.request("POST", f"/api/v1/namespaces/{home}/configmaps", body=body)
        version = made.json()["metadata"]["resourceVersion"]
        patch = Patch([{"op": "replace", "path": "/data/x", "value": "1"}], "json", resource_version=version)
        change = Change("note", Target("ConfigMap", "versioned", home), patch, why="")
        assert act(tools, change).detail == "patched"
        with pytest.raises(Refused, match="as it was when it was judged"):
            act(tools, change)

    def test_a_disruption_budget_protects(self, tools: Tools, home: str, web: str) -> None:
        budget = {"metadata": {"name": "web"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}}
        path = f"/apis/policy/v1/namespaces/{home}/poddisruptionbudgets"
        tools.cluster.access.request("POST", path, body=budget)

        def protected() -> None:
            with pytest.raises(Refused, match="disruption budget"):
                rehearse(tools, Change("evict", Target("Pod", web, home), Evict(), why=""))

        tools.cluster.until(protected, within=10)
        with pytest.raises(Refused, match="disruption budget"):
            act(tools, Change("evict", Target("Pod", web, home), Evict(), why="stuck"))
        tools.cluster.access.request("DELETE", f"{path}/web")

    def test_exec(self, tools: Tools, home: str, web: str) -> None:
        assert act(tools, Change("run", Target("Pod", web, home), Exec("web", ("echo", "hi")), why="")).detail == "hi"


class TestPlay:
    def test_a_play_over_ssh(self, tools: Tools, tmp_path: Path) -> None:
        folder = tmp_path / "ansible"
        folder.mkdir()
        (folder / "ansible.cfg").write_bytes((ROOT / "ansible" / "ansible.cfg").read_bytes())
        play = "- hosts: all\n  gather_facts: false\n  tasks: [command: hostname, {fail: {}, when: word != 'well'}]\n"
        (folder / "play.yml").write_text(play)
        change = Change("ask", Target("Host", "node-4"), Play("play.yml", "node-4", {"word": "well"}), why="")
        assert "node-4" in rehearse(tools, change)
        assert "failed=0" in act(tools, change).detail
        with pytest.raises(Exception, match=r"play\.yml on node-4 succeeds"):
            act(tools, replace(change, action=Play("play.yml", "node-4", {"word": "ill"})))
