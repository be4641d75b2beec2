"""Certificates for the sandbox's ingress, signed by its own authority."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from roadworthy.errors import BadInput
from roadworthy.profile import Profile
from sandbox.pki import CA, Authority, Subject


def issue(profile: Profile, hosts: Sequence[str]) -> tuple[str, str]:
    """Return a certificate that names these hosts, and its key (PEM).

    Raises:
        BadInput: the profile isn't that of a sandbox on this machine.

    """
    folder = Path(profile.kubeconfig).parent / "pki"
    if not (folder / f"{CA}.key").is_file():
        raise BadInput(
            "the authority of a sandbox on this machine", seen=f"no {CA}.key", where=str(folder),
            todo="roadworthy sandbox up",
        )  # fmt: skip
    names = tuple(dict.fromkeys(hosts))
    certificate, key = Authority(folder).sign(Subject(names[0], names=names, server=True, client=False))
    return certificate.decode(), key.decode()
