"""Images that pods are about to pull: a provider with a registry of its own is asked to hold them first.

The provider is found by the entry point group ``roadworthy.image_sources``, by its name: a function that takes the
images' names and a function to tell of its progress (one line at a time: an image may be compiled for minutes), and
returns when each can be pulled. On a cluster of the user's there is none, and nothing to do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from roadworthy.errors import RoadworthyError

if TYPE_CHECKING:
    from roadworthy.profile import Profile

GROUP = "roadworthy.image_sources"

Tell = Callable[[str], None]


def ensure(profile: Profile, images: Sequence[str], tell: Tell) -> None:
    """Have a cluster's provider hold the images, and ``tell`` how far it is.

    Raises:
        BadInput: the provider knows no such image, or can't make it.

    """
    if not profile.provider or not images:
        return
    for source in entry_points(group=GROUP, name=profile.provider):
        source.load()(images, tell)


def early(profile: Profile, images: Iterable[str], tell: Tell) -> None:
    """Do as ``ensure``, but what can't be made is the business of whoever wants it: he will meet the same error."""
    with suppress(RoadworthyError):
        ensure(profile, list(images), tell)


class Supply:
    """Has images ready for one run: what a release wants at once, and behind it what the next ones are going to want.

    From nothing, most of a first run is compiling; it needs not wait for the cluster, nor the cluster for it. The
    first release that is installed starts it: where nothing is installed, nothing is made.
    """

    def __init__(self, profile: Profile, coming: Callable[[], Iterable[str]], tell: Tell) -> None:
        """Serve ``profile``'s provider.

        Args:
            profile: the cluster's.
            coming: returns the images that the run may want, in the order in which it would.
            tell: shows a line of progress.

        """
        self._profile, self._coming, self._tell = profile, coming, tell
        self._idle, self._closed = threading.Event(), threading.Event()
        self._idle.set()
        self._ahead: threading.Thread | None = None

    def __call__(self, images: Sequence[str]) -> None:
        """Return when each of ``images`` can be pulled; raises as ``ensure`` does."""
        self._idle.clear()
        try:
            if self._ahead is None and self._profile.provider:
                # A daemon: an interrupted run ends without it. What it was making is found half-done and made anew.
                self._ahead = threading.Thread(target=self._run_ahead, name="images", daemon=True)
                self._ahead.start()
            ensure(self._profile, images, self._tell)
        finally:
            self._idle.set()

    def close(self) -> None:
        """Make nothing more; what is being made is given up at its next line of progress (ten seconds)."""
        self._closed.set()
        self._idle.set()
        if self._ahead is not None:
            self._ahead.join(timeout=30)

    def _run_ahead(self) -> None:
        # An image that can't be made is the business of the release that wants it: it will meet the same error.
        for image in self._coming():
            self._idle.wait()  # Between two images, whoever waits for one goes first.
            if self._closed.is_set():
                return
            with suppress(RoadworthyError, _ClosedError):
                ensure(self._profile, [image], self._tell_ahead)

    def _tell_ahead(self, line: str) -> None:
        if self._closed.is_set():
            raise _ClosedError
        self._tell(line)


class _ClosedError(Exception):
    """The run has ended."""
