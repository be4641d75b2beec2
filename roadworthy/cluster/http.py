"""HTTP to the cluster's services: by ingress host (TLS, verified) or through the API server's service proxy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from json import loads as decode
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class HttpReply:
    """One answer; nothing raises for 4xx: the probe decides what a status means."""

    status: int
    headers: Mapping[str, str]
    text: str
    url: str

    def json(self) -> Any:
        """Return the decoded body; raises AssertionError that shows the body's start when it isn't JSON."""
        try:
            return decode(self.text)
        except ValueError as error:
            start = self.text[:200]
            raise AssertionError(f"{self.url} answers {self.status} with JSON, not with {start!r} ({error})") from error


class ServiceClient(Protocol):
    """One service of the profile.

    Connection errors, time-outs and TLS failures raise AssertionError while the API server is well, for it is the
    service that is judged; ``roadworthy.errors.Unknown`` when our own way to it is broken.
    """

    def request(  # noqa: PLR0913 - what an HTTP request has
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        login: bool = True,
        auth: tuple[str, str] | None = None,
        timeout: float = 10.0,
    ) -> HttpReply:
        """Send one request; redirects are not followed. ``login``: use the profile's credentials, if it names any."""
        ...

    def get(self, path: str, **kwargs: Any) -> HttpReply:
        """GET."""
        ...

    def post(self, path: str, **kwargs: Any) -> HttpReply:
        """POST."""
        ...
