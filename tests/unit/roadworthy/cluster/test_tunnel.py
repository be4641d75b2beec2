"""A forwarded connection that ends, and one that breaks off: a database's word, and no word at all."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import websocket

from roadworthy.cluster import channels, sql
from roadworthy.cluster.tunnel import Tunnel
from roadworthy.errors import Turbulence, Unknown
from roadworthy.profile import Service

SERVICE = Service(name="postgres", namespace="databases")


class Remote:
    """The API server's end of a port-forward: answers one message, the way that it is told to."""

    def __init__(self, answer: Callable[[], tuple[int, bytes]]) -> None:
        self.sock, self._theirs = socket.socketpair()
        self._answer = answer

    def settimeout(self, _seconds: float) -> None:
        """Take it."""

    def send_binary(self, _content: bytes) -> None:
        """Have something to say."""
        self._theirs.send(b"x")

    def recv_data(self) -> tuple[int, bytes]:
        """Say it."""
        return self._answer()


@pytest.fixture
def tunnel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], tuple[int, bytes]]], Tunnel]]:
    made: list[Tunnel] = []

    def build(answer: Callable[[], tuple[int, bytes]]) -> Tunnel:
        monkeypatch.setattr(channels, "dial", lambda *_: Remote(answer))
        monkeypatch.setattr(channels, "hang_up", lambda _: None)
        made.append(Tunnel(SimpleNamespace(), lambda: ("/pod", 5432)))  # type: ignore[arg-type]
        return made[-1]

    yield build
    for each in made:
        each.close()


def ask(tunnel: Tunnel) -> None:
    """Say something through it, and wait for its end."""
    with socket.create_connection(("127.0.0.1", tunnel.port), timeout=10) as ours, suppress(OSError):
        ours.sendall(b"hello")
        while ours.recv(10):
            pass


@pytest.mark.parametrize("how", [ConnectionResetError("reset by peer"), websocket.WebSocketConnectionClosedException()])
def test_a_way_that_breaks_off_is_unknown(how: Exception, tunnel: Any) -> None:
    def breaks() -> tuple[int, bytes]:
        raise how

    made = tunnel(breaks)
    ask(made)
    assert isinstance(made.failure, Turbulence)
    found = sql._meaning(psycopg.OperationalError("server closed the connection"), SERVICE, made, 5)
    assert isinstance(found, Unknown)


def test_a_connection_that_the_database_ends_is_its_word(tunnel: Any) -> None:
    made = tunnel(lambda: (websocket.ABNF.OPCODE_CLOSE, b"\x03\xe8"))
    ask(made)
    time.sleep(0.1)
    assert made.failure is None
    found = sql._meaning(psycopg.OperationalError("password authentication failed"), SERVICE, made, 5)
    assert isinstance(found, AssertionError)
    assert "28P01" in str(found)
