"""Faults of what is configured: a corrupt key, a certificate that has ended, an object or a namespace gone."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator

from cryptography import x509

from roadworthy.errors import BadInput
from sandbox.api import path
from sandbox.faults.objects import get, locate, remember, restore
from sandbox.faults.registry import Memory, Site, fault
from sandbox.pki import Authority, Subject

NONSENSE = "\x7f{[ this was corrupted on purpose by a fault of the sandbox"


@fault("corrupt-config")
def corrupt_config(site: Site, namespace: str, configmap: str, key: str) -> Iterator[Memory]:
    """Put nonsense into one key of a ConfigMap."""
    where = path("v1", "ConfigMap", namespace, configmap)
    item = get(site, where)
    if key not in item.get("data", {}):
        raise BadInput("a key of the ConfigMap", seen=key, todo=f"one of {', '.join(item.get('data', {}))}")
    yield remember(item, where)
    site.api.patch(where, {"data": {key: NONSENSE}})


@fault("break-datasource")
def break_datasource(site: Site, namespace: str, reference: str, key: str, value: str) -> Iterator[Memory]:
    """Set one key of a ConfigMap or Secret (KIND/NAME) to a value: a wrong address, a wrong password."""
    where = locate(namespace, reference)
    item = get(site, where)
    if key not in item.get("data", {}):
        raise BadInput("a key of it", seen=key, todo=f"one of {', '.join(item.get('data', {}))}")
    yield remember(item, where)
    stored = base64.b64encode(value.encode()).decode() if item["kind"] == "Secret" else value
    site.api.patch(where, {"data": {key: stored}})


@fault("delete-object")
def delete_object(site: Site, namespace: str, reference: str) -> Iterator[Memory]:
    """Delete an object (KIND/NAME)."""
    where = locate(namespace, reference)
    yield remember(get(site, where), where)
    site.api.call("DELETE", where)


@fault("expired-certificate")
def expired_certificate(site: Site, namespace: str, secret: str) -> Iterator[Memory]:
    """Replace a TLS Secret's certificate by one for the same names that ended yesterday."""
    where = path("v1", "Secret", namespace, secret)
    item = get(site, where)
    if "tls.crt" not in item.get("data", {}):
        raise BadInput("a Secret with a certificate", seen=f"keys {', '.join(item.get('data', {}))}", where=where)
    old = x509.load_pem_x509_certificate(base64.b64decode(item["data"]["tls.crt"]))
    names = _names(old)
    yield remember(item, where)
    authority = Authority(site.sandbox.paths.pki)
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    subject = Subject(names[0] if names else "expired", names=tuple(names), server=True, client=False)
    certificate, key = authority.sign(subject, not_after=yesterday)
    data = {"tls.crt": base64.b64encode(certificate).decode(), "tls.key": base64.b64encode(key).decode()}
    site.api.patch(where, {"data": data})


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return found.get_values_for_type(x509.DNSName) + [str(a) for a in found.get_values_for_type(x509.IPAddress)]


for _each in (corrupt_config, break_datasource, delete_object, expired_certificate):
    _each.undo(restore)
