"""The sandbox as a certificate authority for what runs in it (entry point group `roadworthy.certificates`)."""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.errors import BadInput
from roadworthy.profile import Profile
from sandbox import layout
from sandbox.pki import Authority, Subject


def issue(profile: Profile, hosts: Sequence[str]) -> tuple[str, str]:
    """Return a certificate chain and its private key, both PEM, for `hosts`, signed by the sandbox's authority.

    Raises:
        BadInput: the profile's cluster is no sandbox of this machine, or no host is named.

    """
    found = [each for each in layout.every() if each.context == profile.context or each.domain == profile.domain]
    if not found:
        raise BadInput("a sandbox of this machine", seen=profile.context or profile.name, where=profile.where,
                       todo="roadworthy sandbox up")  # fmt: skip
    if not hosts:
        raise BadInput("at least one host name for a certificate", where=profile.where)
    subject = Subject(hosts[0], names=tuple(hosts), server=True, client=False)
    certificate, key = Authority(found[0].paths.pki).sign(subject)
    return certificate.decode(), key.decode()
