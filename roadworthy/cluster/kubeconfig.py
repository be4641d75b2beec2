"""kubeconfig -> where the API server is, how it proves itself, and who we are.

Read here and not by the ``kubernetes`` package: importing that costs a second and 140 MB, its loader leaves client
keys in the temporary folder when the process is killed, and it logs a failing exec plugin where we must raise.
"""

from __future__ import annotations

import base64
import binascii
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from roadworthy import private, redact
from roadworthy.cluster import execplugin
from roadworthy.errors import BadInput


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """One context of a kubeconfig file: its ``cluster`` and ``user`` entries as they stand there."""

    path: Path
    context: str
    cluster: Mapping[str, Any] = field(repr=False)
    user: Mapping[str, Any] = field(repr=False)
    namespace: str = "default"

    def reread(self) -> Kubeconfig:
        """Return the same context as the file has it now."""
        return load(self.path, self.context)

    @property
    def server(self) -> str:
        """The API server's base URL, without a slash at its end."""
        return str(self.cluster.get("server", "")).rstrip("/")

    def _bytes(self, entry: Mapping[str, Any], key: str) -> bytes:
        """Return the content of ``key-data`` or of the file that ``key`` names; empty when neither is there."""
        try:
            if entry.get(f"{key}-data"):
                return base64.b64decode(str(entry[f"{key}-data"]), validate=False)
            if entry.get(key):
                return (self.path.parent / str(entry[key])).read_bytes()
        except (OSError, binascii.Error) as error:
            raise BadInput(
                f"{key} of context {self.context} can be read", seen=str(error), where=str(self.path)
            ) from error
        return b""

    def authority(self) -> bytes:
        """Return the PEM certificates that the API server is verified against; empty: the system's."""
        return self._bytes(self.cluster, "certificate-authority")

    def tls(self) -> ssl.SSLContext:
        """Return a verifying TLS context with the client's certificate in it.

        The key touches the disk only for the moment in which OpenSSL reads it, in the private folder.
        """
        if not self.server.startswith("https"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used
        authority = self.authority()
        context = ssl.create_default_context(cadata=authority.decode() if authority else None)
        if self.cluster.get("insecure-skip-tls-verify"):
            raise BadInput(
                "the API server's certificate is verified",
                seen="insecure-skip-tls-verify: true",
                where=f"{self.path}, context {self.context}",
                todo="name the server's CA in certificate-authority",
            )
        issued = execplugin.credential(self.user, self.cluster, str(self.path)) if self.user.get("exec") else None
        certificate, key = (
            (issued.certificate, issued.key)
            if issued and issued.certificate
            else (
                self._bytes(self.user, "client-certificate"),
                self._bytes(self.user, "client-key"),
            )
        )
        if certificate:
            path = private.write(f"client-{os.getpid()}.pem", certificate.rstrip() + b"\n" + key)
            try:
                context.load_cert_chain(path)
            except ssl.SSLError as error:
                raise BadInput("the client's certificate and key fit", seen=str(error), where=str(self.path)) from error
            finally:
                path.unlink(missing_ok=True)
        return context

    def authorization(self) -> str:
        """Return the Authorization header as of now; empty when a client certificate says who we are."""
        user = self.user
        if user.get("token") or user.get("tokenFile"):
            token = str(user.get("token") or self._token_file())
            redact.register(token)
            return f"Bearer {token}"
        if user.get("exec"):
            issued = execplugin.credential(user, self.cluster, str(self.path))
            return f"Bearer {issued.token}" if issued.token else ""
        if user.get("username") and user.get("password"):
            redact.register(str(user["password"]))
            pair = f"{user['username']}:{user['password']}".encode()
            return "Basic " + base64.b64encode(pair).decode()
        if user.get("auth-provider"):
            raise BadInput(
                "credentials by certificate, token, token file, password or exec plugin",
                seen="auth-provider, which Kubernetes dropped in 1.26",
                where=str(self.path),
                todo="replace it by the provider's exec plugin",
            )
        return ""

    def _token_file(self) -> str:
        try:
            return (self.path.parent / str(self.user["tokenFile"])).read_text().strip()
        except OSError as error:
            raise BadInput("the token file can be read", seen=str(error), where=str(self.path)) from error

    def minified(self) -> dict[str, Any]:
        """Return a kubeconfig of this context alone, with every file inlined, for child processes."""
        cluster = {k: v for k, v in self.cluster.items() if k != "certificate-authority"}
        if authority := self.authority():
            cluster["certificate-authority-data"] = base64.b64encode(authority).decode()
        user = {k: v for k, v in self.user.items() if k not in {"client-certificate", "client-key", "tokenFile"}}
        for key in ("client-certificate", "client-key"):
            if content := self._bytes(self.user, key):
                user[f"{key}-data"] = base64.b64encode(content).decode()
        if self.user.get("tokenFile"):
            user["token"] = self._token_file()
        context = {"cluster": "cluster", "user": "user", "namespace": self.namespace}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": self.context,
            "contexts": [{"name": self.context, "context": context}],
            "clusters": [{"name": "cluster", "cluster": cluster}],
            "users": [{"name": "user", "user": user}],
        }


def default_path() -> Path:
    """Return kubectl's own choice: the first existing file of ``$KUBECONFIG``, else ``~/.kube/config``."""
    named = [Path(part).expanduser() for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    return next((path for path in named if path.exists()), Path.home() / ".kube" / "config")


def _named(document: Mapping[str, Any], section: str, name: str, where: str) -> Mapping[str, Any]:
    """Return the entry called ``name`` of a section."""
    entries = {entry.get("name"): entry for entry in document.get(section) or [] if isinstance(entry, Mapping)}
    if name not in entries:
        raise BadInput(
            f"an entry {name!r} under {section}",
            seen=", ".join(sorted(str(key) for key in entries)) or "none",
            where=where,
        )
    found = entries[name].get(section.removesuffix("s"))
    return found if isinstance(found, Mapping) else {}


def load(path: str | Path = "", context: str = "") -> Kubeconfig:
    """Read one context (the current one when empty) of a kubeconfig file.

    Raises:
        BadInput: the file, the context or what it names isn't there.

    """
    file = Path(path).expanduser() if path else default_path()
    try:
        document = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise BadInput("a readable kubeconfig", seen=str(error), where=str(file)) from error
    if not isinstance(document, Mapping):
        raise BadInput("a kubeconfig", seen=type(document).__name__, where=str(file))
    chosen = context or str(document.get("current-context") or "")
    if not chosen:
        raise BadInput("a context is named", seen="neither the profile nor current-context names one", where=str(file))
    entry = _named(document, "contexts", chosen, str(file))
    cluster = _named(document, "clusters", str(entry.get("cluster")), str(file))
    user = _named(document, "users", str(entry.get("user")), str(file)) if entry.get("user") else {}
    return Kubeconfig(file.absolute(), chosen, cluster, user, str(entry.get("namespace") or "default"))
