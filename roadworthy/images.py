"""Images that pods are about to pull: a provider with a registry of its own is asked to hold them first.

The provider is found by the entry point group ``roadworthy.image_sources``, by its name: a function that takes the
images' names and a function to tell of its progress (one line at a time: an image may be compiled for minutes), and
returns when each can be pulled. On a cluster of the user's there is none, and nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

from roadworthy.profile import Profile

GROUP = "roadworthy.image_sources"


def ensure(profile: Profile, images: Sequence[str], tell: Callable[[str], None]) -> None:
    """Have a cluster's provider hold the images, and ``tell`` how far it is.

    Raises:
        BadInput: the provider knows no such image, or can't make it.

    """
    if not profile.provider or not images:
        return
    for source in entry_points(group=GROUP, name=profile.provider):
        source.load()(images, tell)
