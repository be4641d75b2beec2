"""The Action on an object store; with the others in ``roadworthy.change``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class S3:
    """One call of S3 on an object store of the profile, by boto3's name (``create_bucket``), with the profile's keys.

    ``arguments`` are journaled and hold neither a secret nor a body.
    """

    service: str
    operation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
