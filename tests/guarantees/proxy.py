"""A proxy in front of the real API server that fails on demand: it ends TLS, looks, injects, forwards, and counts.

Who comes through it says who he is by a token: a client certificate ends here with its TLS.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


@dataclass
class Seen:
    """One request: ``at`` and ``ended`` by the monotonic clock; ``status`` 0 while there is no answer."""

    method: str
    path: str
    at: float
    body: bytes = b""
    status: int = 0
    ended: float = 0.0
    forwarded: bool = False

    @property
    def writes(self) -> bool:
        return self.method not in {"GET", "HEAD"}


@dataclass
class Fault:
    """What happens to the requests that ``match``, at most ``times`` of them.

    Attributes:
        status: answered instead of forwarding, with ``headers``.
        delay: seconds before it goes on.
        until: it goes on once this is set (``hang``: never set).
        lost: ``before``: the connection breaks and nothing is forwarded; ``after``: it was, and the answer is lost.
        then: called before it goes on.

    """

    match: Callable[[Seen], bool]
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    until: threading.Event | None = None
    lost: str = ""
    times: int = 10**9
    then: Callable[[], None] | None = None
    hits: int = 0


class Proxy:
    """The running proxy. ``server`` and ``authority`` (PEM) are for a kubeconfig."""

    def __init__(self, upstream: str, authority: Path | None, folder: Path) -> None:
        self.seen: list[Seen] = []
        self.faults: list[Fault] = []
        self.lock = threading.Lock()
        self.in_flight = self.most_in_flight = 0
        self.turn_to(upstream, authority)
        key, certificate = _certificate()
        (folder / "proxy.pem").write_bytes(key + certificate)
        self.authority = certificate
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(folder / "proxy.pem")
        handler = type("BoundHandler", (_Handler,), {"proxy": self})
        self._http = _Server(("127.0.0.1", 0), handler)
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def turn_to(self, upstream: str, authority: Path | None) -> None:
        """Forward to another server from the next request on."""
        self._where = urlsplit(upstream)
        self._upstream_tls = ssl.create_default_context(cafile=authority) if authority else None

    @property
    def server(self) -> str:
        return f"https://127.0.0.1:{self._http.server_address[1]}"

    def fail(self, match: Callable[[Seen], bool], **what: Any) -> Fault:
        """Inject a fault from now on; ``fault.times = 0`` ends it."""
        fault = Fault(match, **what)
        self.faults.append(fault)
        return fault

    def dial(self, seconds: float = 60.0) -> http.client.HTTPConnection:
        """Connect to the server behind."""
        host, port = self._where.hostname or "", self._where.port or 443
        if self._upstream_tls is None:
            return http.client.HTTPConnection(host, port, timeout=seconds)
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=self._upstream_tls)

    def struck(self, seen: Seen) -> Fault | None:
        """Return the fault that this request meets."""
        with self.lock:
            self.seen.append(seen)
            fault = next((each for each in self.faults if each.times > 0 and each.match(seen)), None)
            if fault:
                fault.times -= 1
                fault.hits += 1
            return fault

    def flight(self, change: int) -> None:
        with self.lock:
            self.in_flight += change
            self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def close(self) -> None:
        for fault in self.faults:
            if fault.until:
                fault.until.set()
        self._http.shutdown()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def setup(self) -> None:
        self.request = self.proxy.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, *_: Any) -> None:
        """Be quiet."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(self.command, self.path, time.monotonic(), body)
        lasting = "watch=" in self.path or self.headers.get("Upgrade") is not None
        self.proxy.flight(0 if lasting else 1)
        try:
            fault = self.proxy.struck(seen)
            if fault is None or self._strike(fault, seen):
                self._forward(seen, fault)
        except (OSError, http.client.HTTPException):
            self._break()
        finally:
            seen.ended = time.monotonic()
            self.proxy.flight(0 if lasting else -1)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _strike(self, fault: Fault, seen: Seen) -> bool:
        """Do what the fault says; return whether the request goes on to the server."""
        if fault.until:
            fault.until.wait()
        time.sleep(fault.delay)
        if fault.then:
            fault.then()
        if fault.lost == "before":
            self._break()
            return False
        if fault.status:
            seen.status = fault.status
            said = {"kind": "Status", "apiVersion": "v1", "code": fault.status, "message": f"injected {fault.status}"}
            self._answer(fault.status, {"Content-Type": "application/json", **fault.headers}, json.dumps(said).encode())
            return False
        return True

    def _forward(self, seen: Seen, fault: Fault | None) -> None:
        connection, seen.forwarded = self.proxy.dial(), True
        if self.headers.get("Upgrade"):
            self._tunnel(connection, seen)
            return
        headers = {key: value for key, value in self.headers.items() if key.lower() not in _HOP}
        connection.request(self.command, self.path, body=seen.body or None, headers=headers)
        answer = connection.getresponse()
        seen.status = answer.status
        if fault and fault.lost == "after":
            answer.read()
            self._break()
            return
        said = {key: value for key, value in answer.getheaders() if key.lower() not in _HOP}
        if "watch=" not in self.path and "follow=" not in self.path:
            self._answer(answer.status, said, answer.read())
        else:
            self._stream(answer, said, connection)
        connection.close()

    def _stream(self, answer: http.client.HTTPResponse, headers: dict[str, str], upstream: Any) -> None:
        upstream.sock.settimeout(None)
        self.send_response(answer.status)
        for key, value in {**headers, "Transfer-Encoding": "chunked"}.items():
            self.send_header(key, value)
        self.end_headers()
        while part := answer.read1(1 << 16):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def _tunnel(self, connection: http.client.HTTPConnection, seen: Seen) -> None:
        """Pass a web socket through, both ways, until one side closes it."""
        connection.connect()
        connection.sock.sendall(f"{self.command} {self.path} HTTP/1.1\r\n{self.headers}".encode())
        seen.status, self.close_connection = 101, True

        def pump(source: socket.socket, sink: socket.socket) -> None:
            with suppress(OSError):
                while part := source.recv(1 << 16):
                    sink.sendall(part)
            with suppress(OSError):
                sink.shutdown(socket.SHUT_RDWR)

        connection.sock.settimeout(None)
        threading.Thread(target=pump, args=(connection.sock, self.request), daemon=True).start()
        pump(self.request, connection.sock)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def _break(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.request.shutdown(socket.SHUT_RDWR)


def _certificate() -> tuple[bytes, bytes]:
    """Return the key and the self-signed certificate of 127.0.0.1, as PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "guarantees")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number())
    built = built.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = built.add_extension(here, critical=False)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    return private, built.sign(key, hashes.SHA256()).public_bytes(encoding)
