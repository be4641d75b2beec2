"""What the tests of the guarantees stand on: a sandbox, an identity per test, its audit trail, and raw ways to ask."""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

ROOT = Path(__file__).resolve().parents[2]
TOOLBOX = "sandbox.local/toolbox:1.35.0"
MUTATING = frozenset({"create", "update", "patch", "delete", "deletecollection"})
MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"


class Admin:
    """The sandbox's administrator: what he asks is no runner's doing. Answers are decoded JSON."""

    def __init__(self, kubeconfig: Path) -> None:
        content = yaml.safe_load(kubeconfig.read_text())
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        self.server: str = cluster["server"]
        self.authority = kubeconfig.parent / "pki" / "ca.crt"
        self._tls = ssl.create_default_context(cafile=self.authority)
        pair = kubeconfig.parent / ".guarantees.pem"
        pair.touch(mode=0o600)
        parts = (user["client-key-data"], user["client-certificate-data"])
        pair.write_bytes(b"\n".join(base64.b64decode(each) for each in parts))
        self._tls.load_cert_chain(pair)
        pair.unlink()

    def ask(self, method: str, path: str, body: Any = None, media: str = "application/json") -> tuple[int, Any]:
        """Send one request; return status and body."""
        where = urlsplit(self.server)
        connection = http.client.HTTPSConnection(where.hostname or "", where.port, timeout=30, context=self._tls)
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, body=data, headers={"Content-Type": media, "Accept": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        try:
            return answer.status, json.loads(said)
        except ValueError:
            return answer.status, said.decode(errors="replace")

    def make(self, path: str, body: Any) -> Any:
        """Create an object."""
        status, made = self.ask("POST", path, body)
        assert status in {200, 201}, made
        return made

    def get(self, path: str) -> Any:
        """Return an object, None when it isn't there."""
        status, found = self.ask("GET", path)
        assert status in {200, 404}, found
        return found if status == 200 else None

    def put_map(self, home: str, name: str, **data: str) -> Any:
        """Make a ConfigMap, or make it say something else."""
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
        path = f"/api/v1/namespaces/{home}/configmaps/{name}?fieldManager=kubectl&force=true"
        status, made = self.ask("PATCH", path, manifest, APPLY)
        assert status in {200, 201}, made
        return made

    def map(self, home: str, name: str) -> dict[str, str] | None:
        """Return what a ConfigMap says, None when it isn't there."""
        found = self.get(f"/api/v1/namespaces/{home}/configmaps/{name}")
        return found.get("data", {}) if found else None

    def delete(self, path: str) -> None:
        self.ask("DELETE", path)


@dataclass(frozen=True)
class Entry:
    """One line of the audit log."""

    verb: str
    uri: str
    code: int
    agent: str
    resource: str
    name: str
    at: str
    impersonated: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.uri} -> {self.code} ({self.agent})"

    @property
    def dry(self) -> bool:
        return "dryRun=All" in self.uri

    @property
    def lease(self) -> bool:
        """Whether it is about our Lease."""
        return self.resource == "leases" and "/namespaces/kube-system/leases" in self.uri

    @property
    def review(self) -> bool:
        """Whether it only asks what may be done: a POST by its form."""
        return self.resource.startswith(("selfsubject", "localsubjectaccess", "subjectaccess"))


@dataclass
class Audit:
    """The audit log as from now on, of one user."""

    path: Path
    admin: Admin
    user: str
    start: int = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.path.stat().st_size

    def entries(self) -> list[Entry]:
        """Return all that the user has asked until now."""
        return list(self._read(self._whole()))

    def writes(self, *, lease: bool = False) -> list[Entry]:
        """Return what was to be altered (``lease``: the Lease, too); trials (``dryRun``) and access reviews aren't."""
        found = [each for each in self.entries() if each.verb in MUTATING and not (each.dry or each.review)]
        return [each for each in found if lease or not each.lease]

    def _whole(self) -> list[bytes]:
        """Return the log's lines, after a last one of our own has arrived in it."""
        sentinel = secrets.token_hex(8)
        self.admin.ask("GET", f"/api/v1/namespaces/default?sentinel={sentinel}")
        deadline = time.monotonic() + 30
        while True:
            with self.path.open("rb") as file:
                file.seek(self.start if self.path.stat().st_size >= self.start else 0)
                lines = file.read().splitlines()
            if any(sentinel.encode() in line for line in lines[-200:]):
                return lines
            assert time.monotonic() < deadline, f"{self.path} stands still"
            time.sleep(0.1)

    def _read(self, lines: list[bytes]) -> Iterator[Entry]:
        for line in lines:
            if self.user.encode() not in line or not line.endswith(b"}"):
                continue
            said = json.loads(line)
            if said["user"]["username"] != self.user or said["stage"] not in {"ResponseComplete", "Panic"}:
                continue
            about, status = said.get("objectRef", {}), said.get("responseStatus", {})
            yield Entry(
                verb=said["verb"],
                uri=said["requestURI"],
                code=int(status.get("code", 0)),
                agent=said.get("userAgent", ""),
                resource="/".join(filter(None, [about.get("resource", ""), about.get("subresource", "")])),
                name=about.get("name", ""),
                at=said["requestReceivedTimestamp"],
            )


def kubeconfig(path: Path, server: str, authority: bytes | Path, user: dict[str, Any], context: str = "guard") -> Path:
    """Write a kubeconfig of one context."""
    pem = authority.read_bytes() if isinstance(authority, Path) else authority
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
        "clusters": [
            {"name": "c", "cluster": {"server": server, "certificate-authority-data": base64.b64encode(pem).decode()}}
        ],
        "users": [{"name": "u", "user": user}],
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content))
    return path


def eventually(holds: Callable[[], Any], seconds: float = 60.0, pause: float = 0.1) -> Any:
    """Poll until ``holds`` returns something true, and return that."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(pause)
    return found
