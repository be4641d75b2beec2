"""Kubeconfigs: who may talk to the sandbox's API server, and as whom."""

from __future__ import annotations

import base64

import yaml

from sandbox.layout import Sandbox
from sandbox.pki import Authority, Subject, write_private


def render(sandbox: Sandbox, authority: Authority, certificate: bytes, key: bytes) -> str:
    """Return a kubeconfig that carries all it needs."""

    def inline(content: bytes) -> str:
        return base64.b64encode(content).decode()

    name = sandbox.context
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": name,
                "cluster": {
                    "server": sandbox.api,
                    "certificate-authority-data": inline(authority.certificate_file.read_bytes()),
                },
            }
        ],
        "users": [
            {"name": name, "user": {"client-certificate-data": inline(certificate), "client-key-data": inline(key)}}
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return yaml.dump(content, sort_keys=False)


def for_user(sandbox: Sandbox, authority: Authority, user: str, group: str = "") -> str:
    """Return a kubeconfig for a user, whose certificate is made on first use."""
    certificate, key = authority.ensure(user.replace(":", "-"), Subject(user, group))
    return render(sandbox, authority, certificate.read_bytes(), key.read_bytes())


def ensure_admin(sandbox: Sandbox, authority: Authority) -> None:
    """Write the administrator's kubeconfig."""
    text = for_user(sandbox, authority, "sandbox-admin", "system:masters").encode()
    path = sandbox.paths.kubeconfig
    if not path.exists() or path.read_bytes() != text:
        write_private(path, text)
