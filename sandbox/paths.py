"""Where everything of the sandbox lives on this machine.

    <cache>/                 shared by all sandboxes, safe to delete        $ROADWORTHY_CACHE
    ├── bin/<unit>-<key>/    ready binaries, one folder per unit and pins
    ├── go/                  Go's own module and build caches
    ├── deb/, pypi/, npm/    verified downloads, and Debian packages unpacked
    └── registry/            storage of the image registry
    <state>/<name>/          one sandbox: keys, etcd, nodes' disks          $ROADWORTHY_STATE
    <run>/<name>/            one sandbox: sockets, pids, locks              $ROADWORTHY_RUN
"""

from __future__ import annotations

import os
from pathlib import Path


def _root(variable: str, default: Path) -> Path:
    value = os.environ.get(variable)
    return Path(value).absolute() if value else default


def cache() -> Path:
    """Return the cache folder; it need not exist."""
    base = _root("XDG_CACHE_HOME", Path.home() / ".cache")
    return _root("ROADWORTHY_CACHE", base / "roadworthy")


def state(name: str) -> Path:
    """Return the folder that holds what the sandbox ``name`` keeps between two ``up``."""
    return _root("ROADWORTHY_STATE", Path("/var/lib/roadworthy")) / name


def run(name: str) -> Path:
    """Return the folder for what the sandbox ``name`` needs only while it is up."""
    return _root("ROADWORTHY_RUN", Path("/run/roadworthy")) / name
