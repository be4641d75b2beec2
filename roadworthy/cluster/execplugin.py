"""Exec plugins of a kubeconfig (client.authentication.k8s.io): run with a time-out, cached until they expire."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from roadworthy import redact
from roadworthy.errors import Denied, TimedOut

#: A plugin that opens a browser has no place in a run that nobody watches.
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Credential:
    """What a plugin issued; ``expires`` in seconds since the epoch, infinity when it said nothing."""

    token: str = field(default="", repr=False)
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    expires: float = float("inf")


_lock = threading.Lock()
_issued: dict[str, Credential] = {}


def forget() -> None:
    """Drop what was issued, so that the next ``credential`` runs the plugin again (after a 401)."""
    with _lock:
        _issued.clear()


def credential(user: Mapping[str, Any], cluster: Mapping[str, Any], where: str) -> Credential:
    """Return the user's credential, running its plugin when there is none or it is about to expire.

    Raises:
        Denied: the plugin is missing, fails, or answers something else than a credential.
        TimedOut: it did not answer within ``SECONDS``.

    """
    plugin = user["exec"]
    identity = json.dumps([plugin, cluster.get("server")], sort_keys=True, default=str)
    with _lock:
        known = _issued.get(identity)
        if known is None or known.expires - time.time() < SECONDS:
            known = _issued[identity] = _run(plugin, cluster, where)
        return known


def _run(plugin: Mapping[str, Any], cluster: Mapping[str, Any], where: str) -> Credential:
    command = str(plugin.get("command", ""))
    local = Path(where).parent / command if os.sep in command else Path(command)
    program = shutil.which(str(local)) or shutil.which(command)
    if program is None:
        raise Denied(
            f"the exec plugin {command!r} is installed",
            where=where,
            todo=str(plugin.get("installHint") or "install it"),
        )
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = {
            k: v for k, v in cluster.items() if k in {"server", "certificate-authority-data", "tls-server-name"}
        }
    version = str(plugin.get("apiVersion", "client.authentication.k8s.io/v1"))
    info = {"apiVersion": version, "kind": "ExecCredential", "spec": spec}
    extra = {str(entry["name"]): str(entry["value"]) for entry in plugin.get("env") or []}
    environment = {**os.environ, **extra, "KUBERNETES_EXEC_INFO": json.dumps(info)}
    argv = [program, *map(str, plugin.get("args") or [])]
    try:
        ended = subprocess.run(
            argv, env=environment, capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOut(f"the exec plugin {command!r} answers within {SECONDS:.0f} s", where=where) from error
    except OSError as error:
        raise Denied(f"the exec plugin {command!r} can be run", seen=str(error), where=where) from error
    if ended.returncode != 0:
        words = redact.text(ended.stderr.decode(errors="replace").strip()[-300:])
        raise Denied(f"the exec plugin {command!r} succeeds", seen=f"exit {ended.returncode}: {words}", where=where)
    return _parse(ended.stdout, command, where)


def _parse(output: bytes, command: str, where: str) -> Credential:
    try:
        status = json.loads(output)["status"]
        stamp = status.get("expirationTimestamp")
        expires = datetime.fromisoformat(stamp).timestamp() if stamp else float("inf")
        token, key = str(status.get("token") or ""), str(status.get("clientKeyData") or "")
        certificate = str(status.get("clientCertificateData") or "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Denied(f"the exec plugin {command!r} prints an ExecCredential", seen=repr(error), where=where) from error
    if not token and not (certificate and key):
        raise Denied(f"the exec plugin {command!r} issues a token or a certificate with its key", where=where)
    redact.register(token)
    redact.register(key)
    return Credential(token, certificate.encode(), key.encode(), expires)
