"""``roadworthy profile``: whether the description of a cluster is in order."""

from __future__ import annotations

import click

from roadworthy import profile_loader
from roadworthy.converge.limits import limits
from roadworthy.rooms import Rooms


@click.group()
def profile() -> None:
    """Look at the descriptions of clusters in clusters/."""


@profile.command("check")
@click.argument("name")
def check(name: str) -> None:
    """Check clusters/NAME.yaml without calling the cluster; every error names file and line."""
    rooms = Rooms.here()
    found = profile_loader.load(rooms.root / rooms.profiles, name)
    limits(found)
    click.echo(f"{found.where}: {len(found.nodes) or 'its provider says its'} nodes, {len(found.services)} services")
    if not found.provider:
        missing = [key for key in ("context", "kube_system_uid") if not getattr(found, key)]
        may = f"only read, until it says {' and '.join(missing)}" if missing else "read, and repaired on request"
        click.echo(f"it is {may}; drills: {_drills(found.drills, found.drill_window)}")


@profile.command("list")
def everything() -> None:
    """Show which profiles there are."""
    rooms = Rooms.here()
    for file in sorted((rooms.root / rooms.profiles).glob("*.yaml")):
        click.echo(file.stem)


def _drills(always: bool, window: object) -> str:  # noqa: FBT001 - two facts of the profile
    if always:
        return "always"
    return f"in the maintenance window ({window})" if window else "never"
