"""Programs of the sandbox's builds that others need, too."""

from __future__ import annotations

from sandbox import builds
from sandbox.pins import DEFAULT_KUBERNETES, RELEASES
from sandbox.progress import for_stream


def kubectl() -> str:
    """Return the path of a sandbox's kubectl, built at the first call.

    Raises:
        RoadworthyError: it can't be built.

    """
    unit = RELEASES[DEFAULT_KUBERNETES].unit
    return str(builds.ensure(unit, report=for_stream()) / "kubectl")


def helm() -> str:
    """Return the path of helm, built at the first call.

    Raises:
        RoadworthyError: it can't be built.

    """
    return str(builds.ensure("helm", report=for_stream()) / "helm")
