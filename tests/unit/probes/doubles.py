# ruff: noqa: ARG002 - it takes the arguments that the facade takes
"""A stand-in for the cluster facade, for unit tests of probes only: what it answers is what the test wrote down.

The answers have the shape that the real systems give (copied from live ones or from their documentation); that the
probes judge living systems right is shown by features/ on the sandbox, not here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from roadworthy.cluster import Cluster, ExecResult, HttpReply, Obj
from roadworthy.errors import Unknown
from roadworthy.profile import Profile

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z

Answer = tuple[int, Any] | tuple[int, Any, Mapping[str, str]]


@dataclass
class FakeService:
    """Answers by ``METHOD path``, or by a function of the request; keeps what it was asked."""

    answers: Mapping[str, Any]
    asked: list[dict[str, Any]] = field(default_factory=list)

    def request(self, method: str, path: str, **more: Any) -> HttpReply:
        self.asked.append({"method": method, "path": path, **more})
        answer = self.answers.get(f"{method} {path}")
        if callable(answer):
            answer = answer(more)
        if answer is None:
            raise AssertionError(f"the service does not answer {method} {path}")
        status, body, *headers = answer
        text = body if isinstance(body, str) else json.dumps(body)
        return HttpReply(status, headers[0] if headers else {}, text, f"https://service.test{path}")

    def get(self, path: str, **more: Any) -> HttpReply:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> HttpReply:
        return self.request("POST", path, **more)


@dataclass
class FakeStore:
    """An object store: answers operations of S3 from a table, or by a function of the arguments; keeps what it did."""

    answers: Mapping[str, Any]
    did: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def call(self, operation: str, **arguments: Any) -> Any:
        self.did.append((operation, arguments))
        answer = self.answers.get(operation, {})
        answer = answer(arguments) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def presigned(self, operation: str, seconds: int, **arguments: Any) -> str:
        return f"https://store.test/{arguments['Bucket']}/{arguments['Key']}?{operation}={seconds}"

    def fetch(self, url: str) -> HttpReply:
        status, text = self.answers["fetch"](url)
        return HttpReply(status, {}, text, url)

    def signed(self, method: str, path: str, params: Mapping[str, str] | None = None) -> HttpReply:
        status, body = self.answers[f"{method} {path}"]
        return HttpReply(status, {}, json.dumps(body), path)


@dataclass
class FakeMarkers:
    """Keeps what a scenario would have made."""

    made: list[Mapping[str, Any]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    undo: list[tuple[Callable[[], None], str]] = field(default_factory=list)
    on_create: Callable[[Mapping[str, Any]], None] | None = None

    def create(self, manifest: Mapping[str, Any]) -> Obj:
        self.made.append(manifest)
        if self.on_create:
            self.on_create(manifest)
        return manifest

    def namespace(self) -> str:
        return "roadworthy-marker"

    def delete(self, kind: str, name: str, *, namespace: str = "") -> None:
        self.gone.append(f"{kind} {namespace}/{name}")

    def restart(self, kind: str, name: str, *, namespace: str, within: float = 120.0) -> list[str]:
        return [f"{kind} {namespace}/{name}"]

    def undo_later(self, undo: Callable[[], None], what: str) -> None:
        self.undo.append((undo, what))


class FakeCluster:
    """The facade over dictionaries."""

    def __init__(
        self,
        objects: Mapping[str, list[Any]] | None = None,
        *,
        http: Mapping[str, Mapping[str, Any]] | None = None,
        raw: Mapping[str, Any] | None = None,
        ssh: Mapping[str, Mapping[str, Any]] | None = None,
        sql: Callable[..., list[tuple[Any, ...]]] | None = None,
        logs: Mapping[str, str] | None = None,
        run: Callable[[Sequence[str]], ExecResult] | None = None,
        s3: Mapping[str, Any] | None = None,
        serves: set[str] | None = None,
        **profile: Any,
    ) -> None:
        self.profile = Profile(**{"name": "unit", "where": "clusters/unit.yaml", **profile})
        self.objects = dict(objects or {})
        self.services = {name: FakeService(answers) for name, answers in (http or {}).items()}
        self._raw, self._ssh, self._sql, self._logs, self._run = raw or {}, ssh or {}, sql, logs or {}, run
        self._serves, self.store = serves, FakeStore(s3 or {})
        self.marks = FakeMarkers()

    def list(self, kind: str, *, namespace: str = "", labels: Mapping[str, str] | None = None) -> Sequence[Obj]:
        found = self.objects.get(kind, [])
        return [each for each in found if not namespace or each["metadata"].get("namespace") == namespace]

    def get(self, kind: str, name: str, *, namespace: str = "") -> Obj | None:
        return next((each for each in self.list(kind, namespace=namespace) if each["metadata"]["name"] == name), None)

    def fresh(self, kind: str, name: str, *, namespace: str = "") -> Obj | None:
        return self.get(kind, name, namespace=namespace)

    def serves(self, kind: str) -> bool:
        return kind in (self._serves if self._serves is not None else self.objects)

    def raw(self, path: str, *, timeout: float = 10.0) -> Any:
        answer = self._raw.get(path)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def now(self) -> float:
        return NOW

    def until(self, check: Callable[[], Any], *, within: float, kinds: Sequence[str] = (), what: str = "") -> Any:
        return check()

    def http(self, service: str) -> FakeService:
        return self.services[service]

    def sql(self, service: str, query: str, parameters: Sequence[Any] = (), **more: Any) -> Any:
        assert self._sql is not None
        return self._sql(query, *parameters, **more)

    def secret(self, namespace: str, name: str, key: str) -> str:
        return f"{namespace}/{name}/{key}"

    def logs(self, namespace: str, pod: str, **_: Any) -> str:
        return self._logs.get(f"{namespace}/{pod}", "")

    def s3(self, service: str, *, access_key: str = "", secret_key: str = "") -> FakeStore:
        return self.store

    def execute(self, namespace: str, pod: str, argv: Sequence[str], **_: Any) -> ExecResult:
        assert self._run is not None
        return self._run(argv)

    def ssh(self, node: str, command: str, *, timeout: float = 15.0) -> ExecResult:
        for part, answer in self._ssh.get(node, {}).items():
            if part in command:
                return answer if isinstance(answer, ExecResult) else ExecResult(0, answer, "")
        raise Unknown(f"an answer of {node}", seen="no route to host")

    def markers(self) -> FakeMarkers:
        return self.marks


def as_cluster(fake: FakeCluster) -> Cluster:
    """Say to the type checker that it is one."""
    return cast("Cluster", fake)


def cluster(*objects: Any, **more: Any) -> Cluster:
    """Return a cluster that holds these objects."""
    kinds: dict[str, list[Any]] = {}
    for each in objects:
        kinds.setdefault(each["kind"], []).append(each)
    return as_cluster(FakeCluster(kinds, **more))
