"""The component's installer, always the last rung: everything that is missing to it and to what it requires."""

from __future__ import annotations

from collections.abc import Iterator

from installers import engine
from installers.engine.rights import needed
from roadworthy.case import Case, Changes
from roadworthy.profile import Profile
from roadworthy.rights.right import Right


def remedy(case: Case) -> Changes:
    """Yield what ``@remedy:install.NAME`` has to change; nothing where it is installed and has not drifted."""
    yield from engine.plan(case.argument, case.cluster)


def rights(profile: Profile, component: str) -> Iterator[Right]:
    """Yield what that takes of the API server: it depends on what the component's chart renders."""
    yield from needed(profile, component)


def images(profile: Profile, component: str) -> Iterator[str]:
    """Yield the images that its pods pull; a provider that makes them itself may begin before they are asked for."""
    found = engine.load_all().get(component)
    yield from (image.name for image in found.edition(profile).images) if found else ()
