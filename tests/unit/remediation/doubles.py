# ruff: noqa: ARG002 - it takes the arguments that the facade takes
"""A tiny stand-in for the cluster facade: memory filled from a YAML case, answers read from it. For unit tests only.

It judges nothing and runs nothing: what a remedy does to a living cluster is shown in tests/faults.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from roadworthy.cluster import ExecResult
from roadworthy.errors import TimedOut
from roadworthy.profile import Node, Profile, Service

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z: the case files' "now"


def profile(said: Mapping[str, Any]) -> Profile:
    fields = dict(said)
    fields["nodes"] = tuple(Node(**each) for each in fields.get("nodes", ()))
    fields["services"] = {name: Service(name=name, **each) for name, each in fields.get("services", {}).items()}
    return Profile(**{"name": "unit", "where": "clusters/unit.yaml", **fields})


class Reply:
    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body, self.text, self.url = status, body, json.dumps(body), ""
        self.headers: dict[str, str] = {}

    def json(self) -> Any:
        return self.body


class FakeService:
    """Answers ``METHOD path`` from the case's table."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    def request(self, method: str, path: str, **_: Any) -> Reply:
        answer = self.answers.get(f"{method} {path}", {"status": 404, "body": {}})
        return Reply(answer.get("status", 200), answer.get("body"))

    def get(self, path: str, **_: Any) -> Reply:
        return self.request("GET", path)


class FakeStore:
    """Answers operations of S3 from the case's table."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    def call(self, operation: str, **_: Any) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.answers[operation]
        return found

    def signed(self, *_: Any, **__: Any) -> Reply:
        return Reply(200, self.answers["signed"])


class FakeCluster:
    """The facade's reading half over a dictionary: ``objects`` by kind, ``ssh`` by node and command pattern."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.profile = profile(said.get("profile", {}))
        self.objects: Mapping[str, list[Mapping[str, Any]]] = said.get("objects", {})
        self.answers = said

    def list(
        self, kind: str, *, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> Sequence[Mapping[str, Any]]:
        def fits(each: Mapping[str, Any]) -> bool:
            own = each["metadata"].get("labels") or {}
            return (not namespace or each["metadata"].get("namespace") == namespace) and all(
                own.get(key) == value for key, value in (labels or {}).items()
            )

        return [each for each in self.objects.get(kind, []) if fits(each)]

    def get(self, kind: str, name: str, *, namespace: str = "") -> Mapping[str, Any] | None:
        found = [each for each in self.list(kind, namespace=namespace) if each["metadata"]["name"] == name]
        return found[0] if found else None

    def fresh(self, kind: str, name: str, *, namespace: str = "") -> Mapping[str, Any] | None:
        return self.get(kind, name, namespace=namespace)

    def serves(self, kind: str) -> bool:
        return kind in self.objects

    def now(self) -> float:
        return NOW

    def until(self, check: Callable[[], Any], **_: Any) -> Any:
        return check()

    def raw(self, path: str, **_: Any) -> Any:
        if "secrets?labelSelector=owner%3Dhelm" in path:
            return {"items": self.list("Secret", labels={"owner": "helm"})}
        if path not in self.answers.get("raw", {}):
            raise TimedOut(f"an answer for {path}")
        return self.answers["raw"][path]

    def logs(self, namespace: str, pod: str, **_: Any) -> str:
        return str(self.answers.get("logs", {}).get(f"{namespace}/{pod}", ""))

    def secret(self, namespace: str, name: str, key: str) -> str:
        return str(self.answers["secrets"][f"{namespace}/{name}/{key}"])

    def http(self, service: str) -> FakeService:
        return FakeService(self.answers.get("http", {}).get(service, {}))

    def s3(self, service: str, **_: Any) -> FakeStore:
        return FakeStore(self.answers["s3"])

    def execute(self, namespace: str, pod: str, argv: Sequence[str], **_: Any) -> ExecResult:
        return ExecResult(0, str(self.answers.get("exec", "")), "")

    def ssh(self, node: str, command: str, **_: Any) -> ExecResult:
        answers = self.answers.get("ssh", {}).get(node)
        if answers is None:
            raise TimedOut(f"an answer of {node} over SSH", seen="no route to host")
        for part, answer in answers.items():
            if part in command:
                return ExecResult(0, str(answer), "")
        return ExecResult(0, "", "")
