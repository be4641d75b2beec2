"""What a probe may ask of an object store; ``roadworthy.cluster.s3`` asks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from roadworthy.cluster.http import HttpReply


class S3Refused(AssertionError):
    """The store answered, and refused: ``code`` is S3's word (``NoSuchBucket``), ``status`` the HTTP status."""

    def __init__(self, message: str, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.code, self.status = code, status


class ObjectStore(Protocol):
    """One object store of the profile, by S3.

    Everything raises S3Refused for what the store refuses; AssertionError when it isn't reached while the API server is
    well; ``roadworthy.errors.Unknown`` when our own way to it is broken.
    """

    def call(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """Call an operation of S3 by boto3's name (``put_object``); a ``Body`` that comes back is read: bytes."""
        ...

    def presigned(self, operation: str, seconds: int, **arguments: Any) -> str:
        """Return a URL that lets whoever has it do the operation for so many seconds."""
        ...

    def fetch(self, url: str) -> HttpReply:
        """GET a URL as anybody would, without credentials. Bodies are read as text."""
        ...

    def signed(self, method: str, path: str, params: Mapping[str, str] | None = None) -> HttpReply:
        """Send a signed request that is none of S3's own (a server's administration); any status is returned."""
        ...
