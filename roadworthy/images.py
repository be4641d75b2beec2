"""Images that pods are about to pull: a provider with a registry of its own is asked to hold them first.

The provider is found by the entry point group ``roadworthy.image_sources``, by its name: a function that takes the
images' names and returns when each can be pulled. On a cluster of the user's there is none, and nothing to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points

from roadworthy.profile import Profile

GROUP = "roadworthy.image_sources"


def ensure(profile: Profile, images: Sequence[str]) -> None:
    """Have a cluster's provider hold the images.

    Raises:
        BadInput: the provider knows no such image, or can't make it.

    """
    if not profile.provider or not images:
        return
    for source in entry_points(group=GROUP, name=profile.provider):
        source.load()(images)
