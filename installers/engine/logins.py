"""Texts with another service's credentials in them: a new key of that service reaches all who use it."""

from __future__ import annotations

import base64
import os
from string import Template

from installers.engine.component import Login
from roadworthy import redact
from roadworthy.cluster import Cluster
from roadworthy.errors import BadInput
from roadworthy.profile import SecretRef


def value(cluster: Cluster, login: Login) -> str | None:
    """Return a text with the service's credentials put in; None while the Secret that holds them isn't there.

    Raises:
        BadInput: the profile doesn't name the service, or not its credentials, or a variable isn't set.

    """
    profile = cluster.profile
    service = profile.services.get(login.service)
    if service is None or not service.username or service.password is None:
        expected = f"a profile that names the service {login.service} with its username and password"
        raise BadInput(expected, seen="none" if service is None else "no credentials", where=profile.where)
    words = {name: _said(cluster, reference) for name, reference in _references(service.username, service.password)}
    if None in words.values():
        return None
    return Template(login.text).substitute({name: word or "" for name, word in words.items()})


def _references(username: str | SecretRef, password: SecretRef) -> tuple[tuple[str, str | SecretRef], ...]:
    return ("username", username), ("password", password)


def _said(cluster: Cluster, reference: str | SecretRef) -> str | None:
    if isinstance(reference, str):
        return reference
    if reference.env:
        if not (found := os.environ.get(reference.env, "")):
            raise BadInput(f"the environment variable {reference.env} is set", where=cluster.profile.where)
        redact.register(found)
        return found
    live = cluster.fresh("Secret", reference.name, namespace=reference.namespace)
    held = ((live or {}).get("data") or {}).get(reference.key)
    if held is None:
        return None
    word = base64.b64decode(held).decode()
    redact.register(word, reference.key)
    return word
