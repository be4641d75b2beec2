"""The edge: what the ingress answers at an address, with and without TLS, and with which certificate.

Asked from this machine with sockets of our own: the facade's clients go to services, this goes to an address, whatever
name is asked for. Silence, refusal and TLS trouble are the ingress's own (AssertionError); no route from here is ours.
"""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from probes.nodes import node as node_state
from probes.words import told
from roadworthy.cluster import Cluster
from roadworthy.errors import NotApplicable, Unknown

TIMEOUT = 10.0
STAND_IN = "TRAEFIK DEFAULT CERT"
#: Errors that say that this machine has no way there; everything else is the ingress's.
NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EPERM, errno.EADDRNOTAVAIL}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EdgeAnswer:
    """One answer of the ingress; ``location`` is empty when it leads nowhere else."""

    url: str
    address: str
    status: int
    location: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate shown for a host.

    Attributes:
        fault: why it isn't trusted or doesn't name the host, in TLS's own words; empty when it is and does.
        seconds_left: how long it is still valid.

    """

    host: str
    address: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    fault: str
    seconds_left: float

    @property
    def stand_in(self) -> bool:
        """Whether it is the one that Traefik shows when it has none."""
        return STAND_IN in (self.subject, self.issuer)


def hosts(cluster: Cluster) -> tuple[str, ...]:
    """Return every ingress host that the profile lists; NotApplicable when there is none."""
    services = cluster.profile.services.values()
    found = sorted({each.host for each in services if each.host and not each.settings.get("unavailable")})
    if not found:
        raise NotApplicable(f"{cluster.profile.where} lists no host")
    return tuple(found)


def nobody(cluster: Cluster) -> str:
    """Return a host name below the cluster's domain that no service has."""
    return f"nobody-serves-this.{cluster.profile.domain or 'example.invalid'}"


def address(cluster: Cluster, node: str = "") -> str:
    """Return where the ingress is asked: at a node's own address, or where the profile says."""
    if not node:
        return cluster.profile.ingress_address or node_state(cluster, cluster.profile.nodes[0].name).address
    listed = next((each.address for each in cluster.profile.nodes if each.name == node), "")
    return listed or node_state(cluster, node).address


def ask(cluster: Cluster, host: str, *, at: str = "", tls: bool = True) -> EdgeAnswer:
    """Ask for ``/`` of a host at an address. The certificate isn't judged here: see ``certificate``."""
    where = at or address(cluster)
    url = f"{'https' if tls else 'http'}://{host}/"
    return _asked(url, where, lambda: _ask(cluster, host, where, tls=tls, url=url))


def certificate(cluster: Cluster, host: str, *, at: str = "") -> Certificate:
    """Return the certificate that is shown for a host, judged against the profile's authorities."""
    where = at or address(cluster)
    return _asked(f"https://{host}/", where, lambda: _certificate(cluster, host, where))


def _ask(cluster: Cluster, host: str, where: str, *, tls: bool, url: str) -> EdgeAnswer:
    with socket.create_connection((where, 443 if tls else 80), timeout=TIMEOUT) as plain:
        connection = http.client.HTTPConnection(host, timeout=TIMEOUT)
        connection.sock = _context(cluster, judge=False).wrap_socket(plain, server_hostname=host) if tls else plain
        try:
            connection.request("GET", "/", headers={"Host": host, "Connection": "close"})
            reply = connection.getresponse()
            return EdgeAnswer(url, where, reply.status, reply.getheader("location") or "")
        finally:
            connection.close()


def _certificate(cluster: Cluster, host: str, where: str) -> Certificate:
    fault = ""
    try:
        shown = _handshake(cluster, host, where, judge=True)
    except ssl.SSLCertVerificationError as error:
        fault = error.verify_message
        shown = _handshake(cluster, host, where, judge=False)
    parsed = x509.load_der_x509_certificate(shown)
    return Certificate(
        host=host,
        address=where,
        subject=_common_name(parsed.subject),
        issuer=_common_name(parsed.issuer),
        names=_names(parsed),
        fault=fault,
        seconds_left=parsed.not_valid_after_utc.timestamp() - cluster.now(),
    )


def _handshake(cluster: Cluster, host: str, where: str, *, judge: bool) -> bytes:
    context = _context(cluster, judge=judge)
    with (
        socket.create_connection((where, 443), timeout=TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        shown = secure.getpeercert(binary_form=True)
    if shown is None:
        raise ssl.SSLError("no certificate was shown")
    return shown


def _context(cluster: Cluster, *, judge: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=cluster.profile.ca_bundle or None)
    if not judge:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _asked(url: str, where: str, call: Callable[[], T]) -> T:
    try:
        return call()
    except OSError as error:
        expected, seen = f"the ingress answers {url} at {where}", f"{type(error).__name__}: {error}"
        if error.errno in NO_WAY:
            raise Unknown(expected, seen=seen, where=where, todo="make a route from this machine to it") from error
        raise AssertionError(told(expected, seen=seen, where=where, todo="look at the ingress's pods there")) from error
    except http.client.HTTPException as error:
        seen = f"{type(error).__name__}: {error}"
        raise AssertionError(told(f"the ingress answers {url} at {where}", seen=seen, where=where)) from error


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.get_values_for_type(x509.DNSName)) if isinstance(found, x509.SubjectAlternativeName) else ()
