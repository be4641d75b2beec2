"""A local port that leads to a pod's port through the API server, for protocols that are not HTTP (PostgreSQL).

Each connection opens a port-forward of its own, to whichever pod is Ready at that moment: a pod that is restarted
breaks the connections of the old one and nothing else.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

import websocket

from roadworthy.cluster import channels
from roadworthy.cluster.access import Access
from roadworthy.errors import Turbulence, Unknown

_DATA, _ERROR = 0, 1
#: Silence after which a forwarded connection is given up. Seconds.
_IDLE = 120.0
_OPEN = 10.0


class Tunnel:
    """Listens on 127.0.0.1 until closed.

    ``target`` returns the path of a pod's ``portforward`` subresource and the port.
    """

    def __init__(self, access: Access, target: Callable[[], tuple[str, int]]) -> None:
        self._access, self._target = access, target
        #: Why the latest connection could not be made, or broke; None after one that opened.
        self.failure: Exception | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name=f"tunnel {self.port}", daemon=True).start()

    def close(self) -> None:
        """Stop listening; connections that are open end with their peers."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                local, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(local,), name=f"tunnel {self.port}", daemon=True).start()

    def _serve(self, local: socket.socket) -> None:
        """Carry one connection."""
        self.failure = None
        try:
            path, port = self._target()
            remote = channels.dial(self._access, path, [("ports", str(port))], ["v4.channel.k8s.io"], _OPEN)
        except (Unknown, AssertionError) as error:
            self.failure = error
            local.close()
            return
        local.settimeout(_IDLE)
        remote.settimeout(_IDLE)
        try:
            self._pump(local, remote)
        except (OSError, websocket.WebSocketException) as error:  # the way there: our own side ends without one
            seen = str(error) or type(error).__name__
            self.failure = Turbulence("a port-forward lasts as long as what it carries", seen=seen)
        finally:
            local.close()
            channels.hang_up(remote)

    def _pump(self, local: socket.socket, remote: websocket.WebSocket) -> None:
        """Carry bytes both ways until either side ends.

        One thread: a TLS connection must not be read and written at once.

        The first message of each channel only repeats the port's number. When the pod's side ends the connection, the
        server closes in order; what breaks off is the way there.
        """
        greeted: set[int] = set()
        stream = remote.sock
        while stream is not None:
            pending = isinstance(stream, ssl.SSLSocket) and stream.pending() > 0
            ready = [stream] if pending else _readable(local, stream)
            if not ready:
                return
            if stream in ready:
                opcode, data = remote.recv_data()
                if opcode == websocket.ABNF.OPCODE_CLOSE or not data:
                    return
                channel, content = data[0], data[1:]
                if channel not in greeted:
                    greeted.add(channel)
                elif channel == _ERROR:
                    self.failure = AssertionError(content.decode(errors="replace").strip())
                    return
                else:
                    _sent(local, content)
            if local in ready:
                content = _received(local)
                if not content:
                    return
                remote.send_binary(bytes([_DATA]) + content)


def _received(local: socket.socket) -> bytes:
    """Return what came from our side; nothing when it has ended, in whatever way."""
    try:
        return local.recv(1 << 16)
    except OSError:
        return b""


def _sent(local: socket.socket, content: bytes) -> None:
    """Pass on to our side; that it has gone is found at the next look."""
    with suppress(OSError):
        local.sendall(content)


def _readable(*sockets: socket.socket) -> list[socket.socket]:
    """Return those that can be read, waiting for the first at most ``_IDLE`` seconds.

    Poll, for select knows only 1,024 files.
    """
    poll = select.poll()
    for each in sockets:
        poll.register(each, select.POLLIN)
    ready = {number for number, _ in poll.poll(_IDLE * 1000)}
    return [each for each in sockets if each.fileno() in ready]
