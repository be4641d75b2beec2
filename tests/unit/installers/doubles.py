"""A stand-in for the cluster facade, for unit tests only: objects in memory, and Helm's records."""
# ruff: noqa: ARG002  (the facade's signatures)

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from roadworthy.profile import Profile

Objects = Sequence[Mapping[str, Any]]

NOW = 1_800_000_000.0


def profile(**said: Any) -> Profile:
    fields = {"name": "unit", "where": "clusters/unit.yaml", "provider": "sandbox", "domain": "unit.test"}
    return Profile(**{**fields, "storage_classes": {"default": "fast"}, **said})


class FakeCluster:
    """``objects`` are what the API server holds; ``secrets`` are Helm's records, by namespace."""

    def __init__(self, objects: Objects = (), **said: Any) -> None:
        self.profile = profile(**said)
        self.objects = list(objects)
        self.records: list[dict[str, Any]] = []

    def list(self, kind: str, *, namespace: str = "", labels: Mapping[str, str] | None = None) -> list[Any]:
        found = [one for one in self.objects if one["kind"] == kind]
        return [one for one in found if not namespace or one["metadata"].get("namespace") == namespace]

    def get(self, kind: str, name: str, *, namespace: str = "") -> Any:
        found = (one for one in self.list(kind.rpartition("/")[2], namespace=namespace))
        return next((one for one in found if one["metadata"]["name"] == name), None)

    fresh = get

    def now(self) -> float:
        return NOW

    def until(self, check: Callable[[], Any], *, within: float, kinds: Any = (), what: str = "") -> Any:
        return check()

    def raw(self, path: str, *, timeout: float = 10.0) -> Any:
        namespace, name = path.split("/")[4], path.rpartition("%3D")[2]
        mine = [r for r in self.records if r["metadata"]["namespace"] == namespace]
        return {"items": [r for r in mine if r["metadata"]["labels"]["name"] == name]}

    def record(self, name: str, namespace: str, objects: Objects, **labels: str) -> dict[str, Any]:
        """Write down a release as Helm does."""
        version = labels.pop("version", "1")
        content = {
            "chart": {"metadata": {"name": "workload", "version": "1.0.0"}},
            "manifest": yaml.safe_dump_all(objects),
        }
        packed = base64.b64encode(gzip.compress(json.dumps(content).encode()))
        said = {
            "owner": "helm",
            "name": name,
            "version": version,
            "status": "deployed",
            "modifiedAt": str(int(NOW) - 60),
        }
        metadata = {"name": f"sh.helm.release.v1.{name}.v{version}", "namespace": namespace, "uid": f"uid-{version}"}
        record = {
            "kind": "Secret",
            "metadata": {**metadata, "labels": {**said, **labels}},
            "data": {"release": base64.b64encode(packed).decode()},
        }
        self.records.append(record)
        return record


def node(name: str, *, arch: str = "amd64", memory: str = "4Gi", ready: bool = True, **spec: Any) -> dict[str, Any]:
    return {
        "kind": "Node",
        "metadata": {"name": name},
        "spec": spec,
        "status": {
            "conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}],
            "allocatable": {"memory": memory},
            "nodeInfo": {"architecture": arch},
        },
    }


def pod(name: str, on: str, memory: str, *, namespace: str = "other", instance: str = "") -> dict[str, Any]:
    labels = {"app.kubernetes.io/instance": instance} if instance else {}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"nodeName": on, "containers": [{"resources": {"requests": {"memory": memory}}}]},
        "status": {"phase": "Running"},
    }
