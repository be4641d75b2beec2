"""Bodies of answers: whole, before a deadline; or line by line, as a watch sends them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import urllib3
from urllib3.exceptions import HTTPError

from roadworthy.cluster.answers import transport_error
from roadworthy.errors import Stale, TimedOut


def lines_of(response: urllib3.BaseHTTPResponse, what: str, silence: float) -> Iterator[list[bytes]]:
    """Yield the complete lines that have arrived, as they arrive; ends when the server closes.

    Raises:
        TimedOut: nothing for longer than ``silence`` seconds. Turbulence: the connection broke.

    """
    rest = b""
    while True:
        try:
            part = response.read1(1 << 20)
        except (HTTPError, OSError) as error:
            broken = transport_error(error, what, "", silence)
            if isinstance(broken, TimedOut):
                raise Stale(f"{what} shows progress", seen=f"nothing for {silence:.0f} s") from error
            raise broken from error
        if not part:
            return
        *lines, rest = (rest + part).split(b"\n")
        lines = [line for line in lines if line]
        if lines:
            yield lines


def body_of(response: urllib3.BaseHTTPResponse, deadline: float, what: str) -> bytes:
    """Read a body before the deadline, however slowly it drips."""
    parts = []
    try:
        for part in response.stream(1 << 20):
            parts.append(part)
            if time.monotonic() > deadline:
                response.close()
                raise TimedOut(f"{what} is answered in time", seen=f"{sum(map(len, parts))} bytes when time was up")
        response.release_conn()
    except (HTTPError, OSError) as error:
        response.close()
        raise transport_error(error, what, "", 0) from error
    return b"".join(parts)
