"""Programs that remedies run: the one that is named, else the machine's own, else one that somebody here can build."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import entry_points

GROUP = "roadworthy.tools"


def find(name: str) -> str:
    """Return the program's path: ``$ROADWORTHY_<NAME>``, from PATH, or from the entry point group ``roadworthy.tools``.

    Returns:
        The path; empty when there is none, which is said where it is needed.

    Raises:
        RoadworthyError: it would have to be built, and can't be.

    """
    if chosen := os.environ.get(f"ROADWORTHY_{name.upper()}") or shutil.which(name):
        return chosen
    for source in entry_points(group=GROUP, name=name):
        found: str = source.load()()
        return found
    return ""
