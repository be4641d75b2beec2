"""Velero's repositories of volumes: whose password they have, and whether another opens them.

A repository of kopia's begins with a blob that holds its keys, sealed by a key that is derived from the password:
scrypt over the repository's id, then HKDF, then AES-256-GCM. Opening that is what kopia itself does first; a wrong
password is told by it as "invalid repository password". Nothing of what is unsealed is kept.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probes.moments import epoch
from probes.object_store import SERVICE as STORE
from probes.velero import REPOSITORY, home
from probes.velero_content import prefix
from probes.words import told
from roadworthy.cluster import Cluster
from roadworthy.errors import Unknown

SECRET, KEY = "velero-repo-credentials", "repository-password"
#: What Velero takes where nobody gave it another: everybody can read it in its source.
WELL_KNOWN = "static-passw0rd"
SHORTEST = 20
FORMAT = "kopia.repository"
#: N, r and p of kopia's only derivation with scrypt, and the memory that it needs.
SCRYPT, _N, _R, _P, _MEMORY = "scrypt-65536-8-1", 65536, 8, 1, 128 * 1024**2


@dataclass(frozen=True, slots=True)
class Password:
    """The Secret that holds the repositories' password; times are seconds since the epoch."""

    value: str
    made: float
    first_repository: float

    @property
    def trouble(self) -> str:
        """Why it isn't a password of ours; empty when it is. The value itself is never told."""
        if self.value == WELL_KNOWN:
            return "it is the one that Velero takes by itself, which everybody knows"
        if len(self.value) < SHORTEST:
            return f"it has {len(self.value)} characters, fewer than {SHORTEST}"
        if self.first_repository and self.made > self.first_repository:
            return "its Secret is younger than the oldest repository: that one was made with another"
        return ""


@dataclass(frozen=True, slots=True)
class Sealed:
    """The head of a repository: the namespace whose volumes it holds, and what its keys are sealed with."""

    namespace: str
    head: Mapping[str, Any]

    def opens(self, password: str) -> bool:
        """Whether a password opens it; Unknown where it is sealed in a way that isn't known here."""
        if (self.head.get("keyAlgo"), self.head.get("encryption")) != (SCRYPT, "AES256_GCM"):
            seen = f"{self.head.get('keyAlgo')} and {self.head.get('encryption')}"
            raise Unknown(f"the repository of {self.namespace} is sealed by {SCRYPT} and AES256_GCM", seen=seen)
        return _opens(self.head, password)


def password(cluster: Cluster) -> Password:
    """Return the repositories' password; AssertionError when there is no Secret of it."""
    found = cluster.fresh("Secret", SECRET, namespace=home(cluster))
    if found is None:
        where, todo = f"Secret {home(cluster)}/{SECRET}", "make it before the first backup, of 32 random characters"
        seen = "none: Velero takes a password that everybody knows"
        raise AssertionError(told("the repositories have a password of ours", seen=seen, where=where, todo=todo))
    made = [epoch(each["metadata"]["creationTimestamp"]) for each in cluster.list(REPOSITORY, namespace=home(cluster))]
    value = cluster.secret(home(cluster), SECRET, KEY)
    return Password(value, epoch(found["metadata"]["creationTimestamp"]), min(made, default=0.0))


def repositories(cluster: Cluster) -> tuple[Sealed, ...]:
    """Return the head of every repository that the bucket holds."""
    store, bucket, top = cluster.s3(STORE), cluster.profile.backups.bucket, f"{prefix(cluster)}kopia/"
    folders = store.call("list_objects_v2", Bucket=bucket, Prefix=top, Delimiter="/").get("CommonPrefixes", ())
    found = []
    for folder in (str(each["Prefix"]) for each in folders):
        keys = store.call("list_objects_v2", Bucket=bucket, Prefix=folder + FORMAT).get("Contents", ())
        if any(each["Key"] == folder + FORMAT for each in keys):
            body: bytes = store.call("get_object", Bucket=bucket, Key=folder + FORMAT)["Body"]
            found.append(Sealed(folder.removeprefix(top).rstrip("/"), json.loads(body)))
    return tuple(found)


def _opens(head: Mapping[str, Any], password: str) -> bool:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    identity, sealed = base64.b64decode(head["uniqueID"]), base64.b64decode(head["encryptedBlockFormat"])
    master = hashlib.scrypt(password.encode(), salt=identity, n=_N, r=_R, p=_P, maxmem=_MEMORY, dklen=32)
    key, context = (_derived(master, identity, purpose) for purpose in (b"AES", b"CHECKSUM"))
    try:
        AESGCM(key).decrypt(sealed[:12], sealed[12:], context)
    except InvalidTag:
        return False
    return True


def _derived(master: bytes, salt: bytes, purpose: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(hashes.SHA256(), 32, salt, purpose).derive(master)
