"""Kubernetes' channel protocol over a web socket: what exec and port-forward speak (v5.channel.k8s.io, v4 before it).

``websocket-client`` directly and not ``kubernetes.stream``, which swaps its client's ``request`` in place (so that it
is not thread-safe), has no time-out, and doesn't close stdin.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

import msgspec
import websocket

from roadworthy.cluster.access import Access
from roadworthy.cluster.facade import ExecResult
from roadworthy.cluster.pool import CONNECT_SECONDS, KEEPALIVE
from roadworthy.errors import Denied, TimedOut, Turbulence, Unknown

STDIN, STDOUT, STDERR, STATUS, CLOSE = 0, 1, 2, 3, 255
_V5 = "v5.channel.k8s.io"
#: Most that one command may say, each of stdout and stderr; more is cut off. Bytes.
_MOST = 4 << 20


def dial(
    access: Access, path: str, query: Sequence[tuple[str, str]], subprotocols: Sequence[str], timeout: float
) -> websocket.WebSocket:
    """Open a web socket to the API server.

    Raises:
        Denied, TimedOut, Turbulence: as every request. Unknown: the server answered with another status (404: no such
            pod).

    """
    server = urlsplit(access.config.server)
    if access.config.cluster.get("proxy-url"):
        raise Unknown("exec and port-forward have a direct way to the API server", seen="proxy-url in the kubeconfig")
    host, port = server.hostname or "", server.port or (443 if server.scheme == "https" else 80)
    url = f"{'wss' if server.scheme == 'https' else 'ws'}://{server.netloc}{path}?{urlencode(query)}"
    try:
        plain = socket.create_connection((host, port), timeout=min(CONNECT_SECONDS, timeout))
        for option in KEEPALIVE:
            plain.setsockopt(*option)
        name = str(access.config.cluster.get("tls-server-name") or host)
        stream = access.tls.wrap_socket(plain, server_hostname=name) if server.scheme == "https" else plain
        stream.settimeout(timeout)
        access.counts["CONNECT"] += 1
        return websocket.create_connection(
            url,
            socket=stream,
            timeout=timeout,
            subprotocols=list(subprotocols),
            header=access.authorization(),
            suppress_origin=True,
            enable_multithread=True,
        )
    except websocket.WebSocketBadStatusException as error:
        raise _refusal(error, path) from error
    except (TimeoutError, websocket.WebSocketTimeoutException) as error:
        raise TimedOut(f"{path} opens within {timeout:.0f} s") from error
    except (OSError, websocket.WebSocketException) as error:
        raise Turbulence(f"{path} can be opened", seen=str(error)) from error


def _refusal(error: websocket.WebSocketBadStatusException, path: str) -> Unknown:
    """Return what a refused upgrade amounts to."""
    body = error.resp_body or b""
    try:
        seen = str(msgspec.json.decode(body)["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        seen = f"{error.status_code} {body[:200]!r}"
    if error.status_code in {401, 403}:
        return Denied(f"{path} is allowed", seen=seen)
    kind = Turbulence if error.status_code >= 500 or error.status_code == 429 else Unknown
    return kind(f"{path} can be opened", seen=seen)


def run(access: Access, path: str, argv: Sequence[str], *, container: str, stdin: str, timeout: float) -> ExecResult:
    """Run a command in a container: ``path`` is the pod's ``exec`` subresource.

    Raises:
        Unknown: or a child, when it can't be told what became of the command.

    """
    query = [("command", word) for word in argv] + [("stdout", "true"), ("stderr", "true")]
    query += [("stdin", "true")] if stdin else []
    query += [("container", container)] if container else []
    deadline = time.monotonic() + timeout
    channel = dial(access, path, query, [_V5, "v4.channel.k8s.io"], timeout)
    try:
        if stdin:
            if channel.getsubprotocol() != _V5:
                raise Unknown("the API server can end a command's stdin (Kubernetes 1.30 or later)", where=path)
            _feed(channel, stdin.encode())
        said = _collect(channel, deadline, f"{argv[0]} in {path.rsplit('/', 2)[-2]} ends within {timeout:.0f} s")
    except (OSError, websocket.WebSocketException) as error:
        raise Turbulence(f"{argv[0]} runs to its end", seen=str(error), where=path) from error
    finally:
        hang_up(channel)
    out, err = (bytes(said[each][:_MOST]).decode(errors="replace") for each in (STDOUT, STDERR))
    return ExecResult(_code(bytes(said[STATUS]), path), out, err)


def hang_up(channel: websocket.WebSocket) -> None:
    """Close a web socket at once, without waiting for the other side's goodbye."""
    if channel.sock is not None:
        channel.sock.close()
    channel.sock, channel.connected = None, False


def _feed(channel: websocket.WebSocket, data: bytes) -> None:
    for start in range(0, len(data), 32768):
        channel.send_binary(bytes([STDIN]) + data[start : start + 32768])
    channel.send_binary(bytes([CLOSE, STDIN]))


def _collect(channel: websocket.WebSocket, deadline: float, what: str) -> dict[int, bytearray]:
    """Gather what comes on each channel until the server closes."""
    said = {STDOUT: bytearray(), STDERR: bytearray(), STATUS: bytearray()}
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimedOut(what, seen=(said[STDERR] or said[STDOUT])[-200:].decode(errors="replace"))
        channel.settimeout(left)
        try:
            opcode, data = channel.recv_data()
        except websocket.WebSocketTimeoutException:
            continue
        except websocket.WebSocketConnectionClosedException:
            return said
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return said
        if data and data[0] in said and len(said[data[0]]) < _MOST:
            said[data[0]] += data[1:]


def _code(status: bytes, path: str) -> int:
    """Return the exit code that a Status object tells.

    Raises:
        Turbulence: the connection ended before the command did. Unknown: the command could not be started.

    """
    if not status:
        raise Turbulence("the command's exit code comes back", seen="the connection ended first", where=path)
    answer = msgspec.json.decode(status)
    if answer.get("status") == "Success":
        return 0
    causes = (answer.get("details") or {}).get("causes") or []
    code = next((each["message"] for each in causes if each.get("reason") == "ExitCode"), None)
    if code is None:
        raise Unknown("the command can be started", seen=str(answer.get("message")), where=path)
    return int(code)
