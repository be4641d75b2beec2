"""Connections to one API server: verified TLS, few of them, kept alive, never retried by urllib3."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import urllib3

from roadworthy.cluster.kubeconfig import Kubeconfig

CONNECT_SECONDS = 5.0
#: Requests in flight at once; watches don't count.
IN_FLIGHT = 8
#: A peer that vanished without a word is noticed within 15 + 3 * 5 s.
KEEPALIVE = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
]


def build(config: Kubeconfig) -> tuple[ssl.SSLContext, urllib3.PoolManager]:
    """Return the TLS context, with the client's certificate as it is now, and a pool that uses it."""
    tls = config.tls()
    options: dict[str, Any] = {
        "num_pools": 2,
        "maxsize": IN_FLIGHT + 24,  # the watches' connections come on top
        "retries": False,
        "ssl_context": tls,
        "socket_options": KEEPALIVE,
    }
    if name := config.cluster.get("tls-server-name"):
        options |= {"server_hostname": name, "assert_hostname": name}
    if proxy := config.cluster.get("proxy-url"):
        return tls, urllib3.ProxyManager(str(proxy), **options)
    return tls, urllib3.PoolManager(**options)
