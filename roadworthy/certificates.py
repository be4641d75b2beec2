"""Certificates from a provider that has an authority of its own, found by entry point: no provider is known here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

from roadworthy import redact
from roadworthy.profile import Profile

GROUP = "roadworthy.certificate_sources"

Issue = Callable[[Profile, Sequence[str]], tuple[str, str]]


def issue(profile: Profile, hosts: Sequence[str]) -> tuple[str, str] | None:
    """Return a new certificate for these hosts and its private key, both PEM; None when nobody here can sign one.

    The key is registered for redaction before it is returned.
    """
    for source in entry_points(group=GROUP, name=profile.provider):
        signed: Issue = source.load()
        certificate, key = signed(profile, hosts)
        redact.register(key)
        return certificate, key
    return None
