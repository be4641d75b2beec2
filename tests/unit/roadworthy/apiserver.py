"""A small stand-in for a Kubernetes API server, in this process, over plain HTTP. Not the real thing.

It serves what the unit tests ask about (LIST with pages, WATCH with bookmarks and 410, preconditions, conflicts) and
fails on demand.

What the real API server does is shown by tests/accept/test_cluster.py on the sandbox.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.unit.roadworthy.apistate import KINDS, UID, Api

__all__ = ["UID", "Api", "StandIn"]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    api: Api

    def log_message(self, *_: Any) -> None:
        """Be quiet."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        api, url = self.api, urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        with api.lock:
            api.seen["WATCH" if "watch" in query else self.command] += 1
            api.log.append((self.command, self.path))
            fault = next((each for each in api.faults if each.times and each.match(self.command, self.path)), None)
            if fault:
                fault.times -= 1
        if fault:
            time.sleep(fault.pause)
            if not fault.status:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self._answer(fault.status, {"kind": "Status", "message": f"injected {fault.status}"}, fault.headers)
            return
        if url.path in {"/api", "/apis"}:
            self._answer(200, _discovery(url.path))
        elif url.path in {"/version", "/livez", "/readyz"}:
            self._answer(200, {"gitVersion": "v0.0.0-standin"})
        else:
            self._object(url.path, query, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _object(self, path: str, query: dict[str, str], body: bytes) -> None:
        prefix = next((p for p in sorted({k[1] for k in KINDS.values()}) if path.startswith(p + "/")), "")
        parts = path.removeprefix(prefix).strip("/").split("/")
        namespace = ""
        if parts[0] == "namespaces" and len(parts) > 2:
            namespace, parts = parts[1], parts[2:]
        plural, name, sub = (*parts, "", "")[:3]
        if not prefix or plural not in KINDS:
            self._answer(404, {"kind": "Status", "message": f"no {path}"})
        elif "watch" in query:
            self._watch(plural, query)
        elif self.command == "GET" and not name:
            self._list(plural, namespace, query)
        else:
            with self.api.lock:
                self._answer(*self._one(plural, namespace, name, sub, query, json.loads(body) if body else {}))

    def _one(  # noqa: C901, PLR0911 - one verb after the other
        self, plural: str, namespace: str, name: str, sub: str, query: dict[str, str], body: Any
    ) -> tuple[int, dict[str, Any]]:
        api, things = self.api, self.api.things[plural]
        dry = query.get("dryRun") == "All"
        if self.command == "POST" and not sub:
            body["metadata"].setdefault("name", body["metadata"].get("generateName", "") + str(api.version))
            body["metadata"]["namespace"] = namespace
            if (namespace, body["metadata"]["name"]) in things:
                return 409, {"kind": "Status", "message": "exists"}
            return 201, body if dry else api.put(plural, body)
        old = things.get((namespace, name))
        if self.command == "PATCH" and "apply-patch" in self.headers["Content-Type"] and old is None:
            return 201, body if dry else api.put(
                plural, {**body, "metadata": {**body["metadata"], "namespace": namespace}}
            )
        if old is None:
            return 404, {"kind": "Status", "message": f"{plural} {name} not found"}
        if self.command == "GET":
            return 200, old
        if sub == "eviction":
            body = body.get("deleteOptions", {})
        dry = dry if self.command != "DELETE" else bool(body.get("dryRun"))  # the query counts only without a body
        wanted = body.get("preconditions", {}) if self.command == "DELETE" or sub else body.get("metadata", {})
        for key in ("uid", "resourceVersion"):
            if wanted.get(key) not in {None, old["metadata"][key]}:
                return 409, {"kind": "Status", "message": f"Precondition failed: {key}"}
        if self.command == "DELETE" or sub == "eviction":
            if not dry:
                api.remove(plural, name, namespace)
            return (201 if sub else 200), {"kind": "Status", "status": "Success"}
        new = json.loads(json.dumps(body)) if self.command == "PUT" else _merged(old, body)
        new["metadata"] = {**new["metadata"], "name": name, "namespace": namespace, "uid": old["metadata"]["uid"]}
        return 200, new if dry else api.put(plural, new)

    def _list(self, plural: str, namespace: str, query: dict[str, str]) -> None:
        with self.api.lock:
            things = [each for key, each in sorted(self.api.things[plural].items()) if namespace in {"", key[0]}]
            label = query.get("labelSelector", "")
            things = [each for each in things if not label or label in (each["metadata"].get("labels") or {})]
            start, limit = int(query.get("continue", 0)), int(query.get("limit", 10**9))
            meta = {"resourceVersion": str(self.api.version)}
            if start + limit < len(things):
                meta["continue"] = str(start + limit)
            self._answer(200, {"kind": "List", "metadata": meta, "items": things[start : start + limit]})

    def _watch(self, plural: str, query: dict[str, str]) -> None:
        api, since = self.api, int(query["resourceVersion"])
        with api.lock:
            if since < api.floor:
                self._answer(410, {"kind": "Status", "code": 410, "message": "too old"})
                return
            epoch = api.epoch
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with suppress(OSError):
            while True:
                with api.lock:
                    if not (fresh := api.after(since, plural)):
                        api.lock.wait(api.bookmarks)
                        fresh = api.after(since, plural)
                    now, ended = api.version, epoch != api.epoch
                lines = [{"type": kind, "object": thing} for _, _, kind, thing in fresh]
                since = max([since, *(e[0] for e in fresh)])
                if not lines and not api.mute:
                    lines = [{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(max(since, now))}}}]
                data = b"" if api.mute else b"".join(json.dumps(line).encode() + b"\n" for line in lines)
                if data:
                    self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                if ended:
                    self.wfile.write(b"0\r\n\r\n")
                    return

    def _answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        for key, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(key, value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(data)


def _merged(old: Any, new: Any) -> Any:
    """Return a JSON merge patch's result."""
    if not isinstance(new, dict) or not isinstance(old, dict):
        return new
    merged = {**old, **{k: _merged(old.get(k), v) for k, v in new.items()}}
    return {k: v for k, v in merged.items() if v is not None}


def _discovery(path: str) -> dict[str, Any]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for plural, (kind, prefix, namespaced) in KINDS.items():
        if prefix.startswith("/apis") == (path == "/apis"):
            entry = {
                "resource": plural,
                "responseKind": {"kind": kind},
                "scope": "Namespaced" if namespaced else "Cluster",
                "verbs": ["get", "list"] + ["watch"] * (plural != "podmetrics"),
            }
            groups.setdefault(prefix, []).append(entry)
    items = [
        {
            "metadata": {"name": prefix.split("/")[2] if path == "/apis" else ""},
            "versions": [{"version": "v1", "resources": resources}],
        }
        for prefix, resources in groups.items()
    ]
    return {"kind": "APIGroupDiscoveryList", "items": items}


class StandIn:
    """The running stand-in: ``api`` is its inside, ``kubeconfig`` leads to it."""

    def __init__(self, folder: Path) -> None:
        self.api = Api()
        handler = type("BoundHandler", (Handler,), {"api": self.api})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.kubeconfig = folder / "kubeconfig"
        self.write_kubeconfig({"token": "token-of-the-test"})
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def write_kubeconfig(self, user: dict[str, Any], **cluster: Any) -> None:
        """Write the kubeconfig, with the context ``standin``."""
        content = {
            "current-context": "standin",
            "contexts": [{"name": "standin", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": self.address, **cluster}}],
            "users": [{"name": "u", "user": user}],
        }
        self.kubeconfig.write_text(yaml.safe_dump(content))

    def close(self) -> None:
        """Stop."""
        self.api.hang_up()
        self._server.shutdown()
        self._server.server_close()
