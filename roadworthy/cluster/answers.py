"""What the API server answered, or why it didn't, and which error that amounts to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from urllib3.exceptions import NewConnectionError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from roadworthy.cluster.kubeconfig import Kubeconfig
from roadworthy.errors import Denied, TimedOut, Turbulence, Unknown

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, GONE, TOO_MANY = 401, 403, 404, 409, 410, 429


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the API server, its body as bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the decoded body."""
        return msgspec.json.decode(self.body)

    @property
    def message(self) -> str:
        """The message of the Status object that came instead of what was asked for."""
        try:
            return str(self.json().get("message") or self.status)
        except (msgspec.DecodeError, AttributeError):
            return f"{self.status} {self.body[:200].decode(errors='replace')}"


def transport_error(error: Exception, method: str, url: str, timeout: float) -> Unknown:
    """Return the error that a failed exchange with the API server becomes."""
    address = url.split("?", maxsplit=1)[0]
    refused = isinstance(error, NewConnectionError)  # urllib3 counts it among the time-outs
    if isinstance(error, Urllib3TimeoutError | TimeoutError) and not refused:
        return TimedOut(f"{method} {address} is answered within {timeout:.0f} s", seen=type(error).__name__)
    todo = "check that the API server runs and the kubeconfig's CA is its own"
    return Turbulence(f"{method} {address} reaches the API server", seen=str(error)[:300], todo=todo)


def judge(reply: Reply, what: str, config: Kubeconfig) -> Unknown | None:
    """Return the error that an answer amounts to; None when it tells us something (2xx, 404, 409, 422 …)."""
    where = f"{config.server}, context {config.context}"
    if reply.status in {UNAUTHORIZED, FORBIDDEN}:
        todo = (
            "check the credentials" if reply.status == UNAUTHORIZED else "grant the right (roadworthy rbac lists them)"
        )
        return Denied(f"{what} is allowed", seen=f"{reply.status}: {reply.message}", where=where, todo=todo)
    if reply.status == TOO_MANY or reply.status >= 500:
        return Turbulence(f"{what} is answered", seen=f"{reply.status}: {reply.message}", where=where)
    return None
