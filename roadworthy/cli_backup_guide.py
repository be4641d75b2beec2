"""``roadworthy backup-guide``: the page that says how a cluster's backups come back."""

from __future__ import annotations

import click

from roadworthy import backup_guide, profile_loader
from roadworthy.rooms import Rooms


@click.command()
@click.argument("cluster")
def guide(cluster: str) -> None:
    """Print what is backed up on CLUSTER, when and where, and how each kind is restored.

    docs/backup-guide.md is what this prints for the cluster of clusters/pi.yaml.
    """
    rooms = Rooms.here()
    click.echo(backup_guide.page(profile_loader.load(rooms.root / rooms.profiles, cluster)), nl=False)
