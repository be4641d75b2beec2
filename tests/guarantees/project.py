"""A project made of files: features, steps, remedies and a profile of its own, run by pytest in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.guarantees.field import Field
from tests.guarantees.ground import ROOT

CONFTEST = 'pytest_plugins = ["roadworthy.plugin"]\n'
SETTINGS = """\
[tool.pytest.ini_options]
addopts = "-p no:cacheprovider -p no:hypothesispytest"
roadworthy_steps = ["guard_steps"]
roadworthy_remedies = "guard_remedies"
"""
STEPS = '''
"""One step per way to read; each of them asserts what it has read."""
import pytest
from pytest_bdd import given, parsers, then, when
from tests.guarantees import toys

WANTED = "/api/v1/namespaces/{}/configmaps/wanted"

def right(found):
    assert found is not None and found.get("data") == {"k": "right"}, f"wanted is {found and found.get('data')}"

@then(parsers.parse("{name} says {value} in {home}"))
def _(cluster, name, value, home):
    toys.says(cluster, home, name, value)

@then(parsers.parse("by {way} it is right in {home}"))
def _(cluster, way, home):
    pod = "reader"
    if way == "list":
        found = [c for c in cluster.list("ConfigMap", namespace=home) if c["metadata"]["name"] == "wanted"]
        right(found[0] if found else None)
    elif way == "get":
        right(cluster.get("ConfigMap", "wanted", namespace=home))
    elif way == "fresh":
        right(cluster.fresh("ConfigMap", "wanted", namespace=home))
    elif way == "raw":
        right(cluster.raw(WANTED.format(home)))
    elif way == "until":
        cluster.until(lambda: right(cluster.get("ConfigMap", "wanted", namespace=home)), within=1, kinds=["ConfigMap"])
    elif way == "logs":
        assert "right" in cluster.logs(home, pod)
    elif way == "exec":
        assert "right" in cluster.execute(home, pod, ["cat", "/wanted/k"]).stdout
    elif way == "secret":
        assert cluster.secret(home, "wanted", "k") == "kept right"
    elif way == "http":
        assert "right" in cluster.http("web").get("/k").text
    elif way == "tunnel":
        assert "right" in cluster.http("web-login").get("/k").text
    else:
        raise LookupError(way)

@then(parsers.parse("a marker of its own can be made in {home}"))
def _(cluster, home):
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mark", "namespace": home}, "data": {}}
    made = cluster.markers().create(manifest)
    assert made["metadata"]["uid"]

@when(parsers.parse("web is restarted in {home}"))
def _(cluster, home):
    cluster.markers().restart("Deployment", "web", namespace=home)
'''


@dataclass
class Ran:
    """What a run of the project came to."""

    code: int
    said: str
    report: dict[str, Any]

    @property
    def criteria(self) -> dict[str, dict[str, Any]]:
        return {each["id"].partition("/")[2]: each for each in self.report.get("criteria", [])}

    @property
    def verdicts(self) -> dict[str, str]:
        return {name: each["verdict"] for name, each in self.criteria.items()}

    @property
    def remedies(self) -> list[str]:
        return [remedy["name"] for each in self.criteria.values() for remedy in each["remedies"]]


class Project:
    """The project's files, below the field's folder."""

    def __init__(self, field: Field) -> None:
        self.field, self.root = field, field.folder / "project"
        for folder in ("features", "clusters", "guard_steps", "guard_remedies"):
            (self.root / folder).mkdir(parents=True)
        self.write("conftest.py", CONFTEST)
        self.write("pyproject.toml", SETTINGS)
        self.write("guard_steps/maps.py", STEPS)
        self.remedy("put_map", "from tests.guarantees.toys import put_map as remedy")

    def write(self, name: str, content: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def remedy(self, name: str, content: str) -> None:
        self.write(f"guard_remedies/{name}.py", content + "\n")

    def feature(self, content: str, name: str = "guard") -> None:
        """Write a feature; HOME in it is the field's namespace."""
        self.write(f"features/{name}.feature", content.replace("HOME", self.field.home))

    def profile(self, kubeconfig: Path, **more: Any) -> None:
        """Write the profile ``guard``."""
        content = {
            "kubeconfig": str(kubeconfig),
            "context": "guard",
            "kube_system_uid": self.field.facts["kube_system_uid"],
            "nodes": [{"name": each["name"]} for each in self.field.facts["nodes"]],
            "limits": {"confirm_after": "1s", "settle": "20s", "back_off": "1s", **more.pop("limits", {})},
            **more,
        }
        self.write("clusters/guard.yaml", yaml.safe_dump(content, sort_keys=False))

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    def journal(self) -> list[dict[str, Any]]:
        path = self.reports / "journal" / "guard.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "pytest", "features", "--cluster", "guard", *words]

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment: a temporary folder of its own, so that what is left there can be looked at."""
        for folder in ("tmp", "runtime"):
            (self.root / folder).mkdir(exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_"))}
        places = {"TMPDIR": str(self.root / "tmp"), "XDG_RUNTIME_DIR": str(self.root / "runtime")}
        return {**kept, **places, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **more}

    def run(self, *words: str, seconds: float = 300.0, **environment: str) -> Ran:
        """Run pytest in the project."""
        verdicts = self.reports / "verdicts.json"
        verdicts.unlink(missing_ok=True)
        done = subprocess.run(
            self.command(*words),
            cwd=self.root,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        report = json.loads(verdicts.read_text()) if verdicts.exists() else {}
        return Ran(done.returncode, done.stdout, report)
