"""HTTP to the profile's services. Three ways: the ingress host (TLS, verified), the API server's proxy, a tunnel.

The API server takes the Authorization header for itself, so a service without ingress host that wants a log-in is
reached through a tunnel to one of its pods.
"""

from __future__ import annotations

import json as json_module
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from roadworthy import evidence
from roadworthy.cluster.access import Access
from roadworthy.cluster.answers import judge
from roadworthy.cluster.http import HttpReply
from roadworthy.cluster.pool import CONNECT_SECONDS, KEEPALIVE
from roadworthy.cluster.tunnel import Tunnel
from roadworthy.errors import BadInput
from roadworthy.profile import Profile, Service

#: What of a body goes into the evidence. Characters.
SHOWN = 1024
#: What of a body is read at all. Bytes.
_MOST = 64 << 20


@dataclass(slots=True)
class Way:
    """How to reach one service: a pool of connections, the base URL, and headers that every request carries."""

    pool: urllib3.PoolManager
    base: str
    headers: Mapping[str, str] = field(default_factory=dict)


def ingress(profile: Profile, service: Service) -> Way:
    """Return the way through the ingress: to its address, greeting it by the service's host (SNI and Host)."""
    scheme = str(service.settings.get("ingress_scheme", "https"))
    address = profile.ingress_address or service.host
    options: dict[str, Any] = {"retries": False, "maxsize": 4, "socket_options": KEEPALIVE}
    if scheme == "https":
        try:
            options["ssl_context"] = ssl.create_default_context(cafile=profile.ca_bundle or None)
        except OSError as error:
            raise BadInput(
                "ca_bundle can be read", seen=str(error), where=f"{profile.where}: {profile.ca_bundle}"
            ) from error
        options |= {"server_hostname": service.host, "assert_hostname": service.host}
    return Way(urllib3.PoolManager(**options), f"{scheme}://{address}", {"Host": service.host})


def tunnelled(tunnel: Tunnel, service: Service) -> Way:
    """Return the way through a tunnel to one of the service's pods."""
    options: dict[str, Any] = {"retries": False, "maxsize": 4}
    if service.scheme == "https":
        options |= {"assert_hostname": f"{service.service}.{service.namespace}.svc"}
    return Way(urllib3.PoolManager(**options), f"{service.scheme}://127.0.0.1:{tunnel.port}")


class LiveService:
    """One service of the profile, over HTTP. See ``roadworthy.cluster.http.ServiceClient``."""

    def __init__(
        self, service: Service, access: Access, way: Way | None, login: Callable[[], tuple[str, str] | None]
    ) -> None:
        """Take the service, the API server's access, a way (None: the API server's proxy), and its credentials."""
        self._service, self._access, self._way, self._login = service, access, way, login

    def get(self, path: str, **kwargs: Any) -> HttpReply:
        """GET."""
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> HttpReply:
        """POST."""
        return self.request("POST", path, **kwargs)

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
        """Send one request; redirects are not followed.

        Raises:
            AssertionError: the service can't be reached, and the API server is well.
            Unknown: our own way is broken.

        """
        sent = {"User-Agent": "roadworthy", **(headers or {})}
        if pair := auth or (self._login() if login else None):
            sent |= urllib3.make_headers(basic_auth=f"{pair[0]}:{pair[1]}")
        if json is not None:
            data = json_module.dumps(json).encode()
            sent.setdefault("Content-Type", "application/json")
        elif isinstance(data, Mapping):
            data = urlencode(data, doseq=True).encode()
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        target = path + (("&" if "?" in path else "?") + urlencode(params, doseq=True) if params else "")
        began = time.monotonic()
        try:
            reply = self._send(method, target, data, sent, timeout)
        except AssertionError as error:
            _record(self._service.name, f"{method} {target}", data, str(error), began)
            raise
        _record(self._service.name, f"{method} {reply.url}", data, f"{reply.status}\n{reply.text[:SHOWN]}", began)
        return reply

    def _send(self, method: str, target: str, data: Any, headers: Mapping[str, str], timeout: float) -> HttpReply:
        if self._way is None:
            return self._proxied(method, target, data, headers, timeout)
        url = self._way.base + target
        shown = f"https://{self._service.host}{target}" if self._service.host else url
        try:
            response = self._way.pool.request(
                method,
                url,
                body=data,
                headers={**headers, **self._way.headers},
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout), total=timeout),
                redirect=False,
                preload_content=False,
            )
            body = response.read(_MOST)
            response.release_conn()
        except (HTTPError, OSError) as error:
            self._access.request("GET", "/livez", timeout=5.0)  # Unknown when it is we who are cut off
            raise AssertionError(f"{self._service.name}: {method} {shown} is not answered: {_words(error)}") from error
        return HttpReply(response.status, response.headers, body.decode(errors="replace"), shown)

    def _proxied(self, method: str, target: str, data: Any, headers: Mapping[str, str], timeout: float) -> HttpReply:
        """Go through the API server's service proxy, and tell its own errors from the service's."""
        each = self._service
        path = f"/api/v1/namespaces/{each.namespace}/services/{each.scheme}:{each.service}:{each.port}/proxy{target}"
        reply = self._access.send(
            method,
            path,
            body=data.encode() if isinstance(data, str) else data,
            content_type=headers.get("Content-Type", "application/json"),
            accept=headers.get("Accept", "*/*"),
            timeout=timeout,
            count="PROXY",
        )
        text = reply.body.decode(errors="replace")
        if not reply.ok and '"kind":"Status"' in text.replace(" ", "")[:300]:
            if any(sign in reply.message for sign in _UNREACHABLE) or reply.status == 404:
                raise AssertionError(
                    f"{each.name}: service {each.namespace}/{each.service} is not reached: {reply.message}"
                )
            if failure := judge(reply, f"{method} {path}", self._access.config):
                raise failure
        return HttpReply(reply.status, reply.headers, text, self._access.config.server + path)


#: How the API server says that it is the service that doesn't answer.
_UNREACHABLE = ("no endpoints available", "error trying to reach service", "no service port", "connection refused")


def _words(error: Exception) -> str:
    """Return an error's words without the object addresses that urllib3 puts in front."""
    return str(error).split(">: ")[-1][:300]


def _record(service: str, title: str, data: Any, text: str, began: float) -> None:
    sent = data[:SHOWN].decode(errors="replace") if isinstance(data, bytes) else str(data or "")[:SHOWN]
    body = f"{sent}\n" if sent else ""
    evidence.record("http", f"{service}: {title} ({time.monotonic() - began:.2f} s)", f"{body}-> {text}")
