"""The one way to the API server: verified TLS, a time-out on every socket, bounded, and never a blind replay.

urllib3 without ``requests`` between: no proxy from the environment, no ``.netrc``, no cookie jar, and one place that
decides what is retried. GETs are tried again (Retry-After honoured); a POST, PATCH, PUT or DELETE is sent once.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from roadworthy import markers
from roadworthy.cluster import execplugin, pool
from roadworthy.cluster.answers import NOT_FOUND, UNAUTHORIZED, Reply, judge, transport_error
from roadworthy.cluster.clock import ServerClock
from roadworthy.cluster.kubeconfig import Kubeconfig
from roadworthy.cluster.pool import CONNECT_SECONDS, IN_FLIGHT
from roadworthy.cluster.reading import body_of
from roadworthy.errors import Denied, TimedOut, Turbulence, Unknown

#: By this name the API server's audit log has what this run asked for.
AGENT = f"roadworthy/{markers.run_id()}"
#: Tries of one GET, and the longest a Retry-After is obeyed.
TRIES, LONGEST_PAUSE = 3, 10.0


class Access:
    """An authenticated connection to one API server. Thread-safe."""

    def __init__(self, config: Kubeconfig) -> None:
        self.config = config
        self.clock = ServerClock()
        #: How many requests of which sort were sent; ``LIST Pod``, ``WATCH Pod``, ``GET``, ``PATCH`` …
        self.counts: Counter[str] = Counter()
        self._gate = threading.BoundedSemaphore(IN_FLIGHT)
        self._lock = threading.Lock()
        self.tls, self._pool = pool.build(config)

    def refresh(self) -> None:
        """Read kubeconfig and credentials anew (after a 401)."""
        with self._lock:
            execplugin.forget()
            self.config = self.config.reread()
            old = self._pool
            self.tls, self._pool = pool.build(self.config)
            old.clear()

    def authorization(self) -> dict[str, str]:
        """Return the header that says who we are; empty when the client certificate does."""
        value = self.config.authorization()
        return {"Authorization": value} if value else {}

    def _open(
        self, method: str, path: str, query: Mapping[str, Any] | None, timeout: float, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        """Send one request and return the response with its body still unread; maps transport errors."""
        url = self.config.server + path + (f"?{urlencode(query)}" if query else "")
        headers = {"User-Agent": AGENT, **self.authorization(), **options.pop("headers", {})}
        sent = time.monotonic()
        try:
            response = self._pool.request(
                method,
                url,
                headers=headers,
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout), read=timeout),
                preload_content=False,
                redirect=False,
                **options,
            )
        except (HTTPError, OSError) as error:
            raise transport_error(error, method, url, timeout) from error
        self.clock.learn(response.headers.get("Date", ""), sent, time.monotonic())
        return response

    def send(  # noqa: PLR0913 - what an HTTP request has
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout: float = 10.0,
        count: str = "",
    ) -> Reply:
        """Send one request once and return the answer, whatever its status.

        A 401 refreshes the credentials and is sent once more.

        Args:
            method: HTTP method.
            path: absolute path on the API server.
            query: query parameters.
            body: bytes as they are, anything else is encoded as JSON.
            content_type: of the body.
            accept: media types.
            timeout: seconds for the whole exchange.
            count: under which name ``counts`` has it; the method when empty.

        Raises:
            TimedOut, Turbulence: no answer came. Whether a write was carried out is then unknown.

        """
        data = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
        headers = {"Accept": accept, **({"Content-Type": content_type} if data is not None else {})}
        deadline = time.monotonic() + timeout
        if not self._gate.acquire(timeout=timeout):
            raise TimedOut(
                f"{method} {path} is sent within {timeout:.0f} s", seen=f"{IN_FLIGHT} requests are in flight"
            )
        try:
            self.counts[count or method] += 1
            response = self._open(method, path, query, timeout, body=data, headers=headers)
            if response.status == UNAUTHORIZED:
                response.drain_conn()
                self.refresh()
                self.counts[count or method] += 1
                response = self._open(method, path, query, timeout, body=data, headers=headers)
            return Reply(response.status, response.headers, body_of(response, deadline, f"{method} {path}"))
        finally:
            self._gate.release()

    def request(self, method: str, path: str, **options: Any) -> Reply:
        """Send as ``send`` does, a GET up to three times; an answer that leaves us in the dark is raised.

        Raises:
            Denied: 401, 403. Turbulence: 429, 5xx, broken connection. TimedOut.

        """
        deadline = time.monotonic() + float(options.get("timeout", 10.0))
        for left in reversed(range(TRIES if method == "GET" else 1)):
            pause = random.uniform(0.1, 0.5)  # noqa: S311 - jitter
            try:
                reply = self.send(method, path, **options)
                failure = judge(reply, f"{method} {path}", self.config)
                if failure is None:
                    return reply
                if isinstance(failure, Denied):
                    raise failure
                pause = max(pause, min(_seconds(reply.headers.get("Retry-After", "")), LONGEST_PAUSE))
            except Turbulence as error:
                failure = error
            if not left or time.monotonic() + pause > deadline:
                raise failure
            time.sleep(pause)
        raise AssertionError("unreachable")

    def get(self, path: str, **options: Any) -> Any:
        """GET and decode; None for 404."""
        reply = self.request("GET", path, **options)
        if reply.status == NOT_FOUND:
            return None
        if not reply.ok:
            raise Unknown(f"GET {path} is answered", seen=f"{reply.status}: {reply.message}", where=self.config.server)
        return reply.json()

    @contextmanager
    def stream(
        self, path: str, *, query: Mapping[str, Any], silence: float, count: str
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """GET a stream; reading raises after ``silence`` seconds without a byte.

        Not counted against the requests in flight.
        """
        self.counts[count] += 1
        response = self._open("GET", path, query, silence, headers={"Accept": "application/json"})
        try:
            if response.status == UNAUTHORIZED:
                self.refresh()
            yield response
        finally:
            response.close()

    def close(self) -> None:
        """Close every connection."""
        self._pool.clear()


def _seconds(value: str) -> float:
    return float(value) if value.isdigit() else 0.0
