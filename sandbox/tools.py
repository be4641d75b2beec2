"""Programs of the sandbox's builds that others need, too."""

from __future__ import annotations

from sandbox import builds
from sandbox.progress import for_stream


def helm() -> str:
    """Return the path of helm, built at the first call.

    Raises:
        RoadworthyError: it can't be built.

    """
    return str(builds.ensure("helm", report=for_stream()) / "helm")
