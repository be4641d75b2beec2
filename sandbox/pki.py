"""The sandbox's own certificate authority and everything it signs. Keys never leave the state folder.

Elliptic keys (P-256), since twenty RSA keys would cost seconds. Made once per sandbox; `down` removes them.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = dt.timedelta(days=3650)
CA = "ca"
FRONT_PROXY_CA = "front-proxy-ca"
_making = threading.Lock()


@dataclass(frozen=True)
class Subject:
    """Whom a certificate names, and what for.

    Attributes:
        common_name: user or host.
        organization: Kubernetes group; empty: none.
        names: host names and addresses for which it may serve.
        server: whether it may serve.
        client: whether it may log in.

    """

    common_name: str
    organization: str = ""
    names: tuple[str, ...] = ()
    server: bool = False
    client: bool = True


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    fresh.replace(path)


def pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key as Kubernetes reads it."""
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _name(subject: Subject) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, subject.common_name)]
    if subject.organization:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject.organization))
    return x509.Name(parts)


def _san(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Authority:
    """A certificate authority in a folder: `<name>.crt` and `<name>.key`, made when missing."""

    def __init__(self, folder: Path, name: str = CA) -> None:
        """Open, or make, the authority called `name`."""
        self.folder, self.name = folder, name
        self.certificate_file, key_file = folder / f"{name}.crt", folder / f"{name}.key"
        if not (key_file.exists() and self.certificate_file.exists()):
            self._make(key_file)
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{key_file} holds no elliptic key")
        self.key = key
        self.certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())

    def _make(self, key_file: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(Subject(f"roadworthy sandbox {self.name}"))
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)  # noqa: FBT003 - its own order
        builder = builder.add_extension(usage, critical=True)
        write_private(key_file, pem_key(key))
        write_private(
            self.certificate_file, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )

    def sign(
        self, subject: Subject, *, not_after: dt.datetime | None = None, key: ec.EllipticCurvePrivateKey | None = None
    ) -> tuple[bytes, bytes]:
        """Return a new certificate and its key, both PEM; `not_after` may lie in the past."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        end = not_after or now + LIFETIME
        usages = [ExtendedKeyUsageOID.SERVER_AUTH] * subject.server + [ExtendedKeyUsageOID.CLIENT_AUTH] * subject.client
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now, end) - dt.timedelta(hours=1))
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if subject.names:
            names = x509.SubjectAlternativeName([_san(name) for name in subject.names])
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM), pem_key(key)

    def ensure(self, file: str, subject: Subject) -> tuple[Path, Path]:
        """Return the files of a certificate and its key, made on first use."""
        certificate, key = self.folder / f"{file}.crt", self.folder / f"{file}.key"
        # Machines are prepared at the same time, and some share a certificate: two makers would mix their halves.
        with _making:
            if not (certificate.exists() and key.exists()):
                certificate.unlink(missing_ok=True)
                signed, secret = self.sign(subject)
                write_private(key, secret)
                write_private(certificate, signed)
        return certificate, key


def ensure_signing_key(folder: Path) -> Path:
    """Return the file of the key that signs service accounts' tokens, made on first use, its public half beside it."""
    private, public = folder / "sa.key", folder / "sa.pub"
    if not (private.exists() and public.exists()):
        key = ec.generate_private_key(ec.SECP256R1())
        encoding = serialization.Encoding.PEM
        write_private(public, key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo))
        write_private(private, pem_key(key))
    return private
