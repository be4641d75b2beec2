"""``roadworthy rbac``: the least that judging and repairing need, as ClusterRoles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from roadworthy import profile_loader
from roadworthy.cli_criteria import read
from roadworthy.rooms import Rooms

_ROLES = ("read", "markers", "repair")

if TYPE_CHECKING:
    from roadworthy.profile import Profile
    from roadworthy.rights import Needs


@click.command()
@click.argument("features", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--cluster", default="sandbox", show_default=True, metavar="NAME", help="For the cluster of this profile."
)
@click.option("--check", is_flag=True, help="Ask the cluster which of them are missing, and show those instead.")
@click.option("--role", multiple=True, type=click.Choice(_ROLES), help="Only this one; may be repeated.")
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(["install", "secrets"]),
    help="install: leave out the remedies that may install a component; secrets: credentials come by other ways.",
)
@click.option("--bind", default="", metavar="NAMESPACE/ACCOUNT", help="Bind them to this service account.")
@click.pass_context
def rbac(
    context: click.Context,
    features: tuple[Path, ...],
    cluster: str,
    role: tuple[str, ...],
    without: tuple[str, ...],
    bind: str,
    *,
    check: bool,
) -> None:
    """Print the ClusterRoles that the FEATURES need: to judge them, to make their markers, to repair them.

    They are derived from the features' steps and remedies, and from how the profile reaches its services.

    FEATURES are files or folders; default: the project's features/.
    """
    from roadworthy.rights import needs, roles

    rooms = Rooms.here()
    profile = profile_loader.load(rooms.root / rooms.profiles, cluster)
    if profile.provider:  # which names it has doesn't matter, and nobody need be started to know them
        profile = profile_loader.provided(profile) if check else replace(profile, domain=f"{profile.provider}.invalid")
    criteria = read(list(features) or [rooms.root / "features"])
    found = needs(rooms, profile, criteria, installing="install" not in without)
    if check:
        context.exit(_missing(profile, found))
    names = [f"roadworthy-{each}" for each in role]
    printed = [*roles.documents(found, names, secrets="secrets" not in without)]
    printed += [roles.binding(name, bind) for name in names or [roles.READ, roles.MARKERS, roles.REPAIR] if bind]
    click.echo("---\n".join(printed), nl=False)
    if "install" in without and found.untold:
        click.echo(f"# Left out, for they may install a component: {', '.join(found.untold)}")
        return
    for tag, reason in found.untold.items():
        click.echo(f"# {tag} is left out: {' '.join(reason.split())}")


def _missing(profile: Profile, found: Needs) -> int:
    """Show which rights are missing; return the exit code."""
    from roadworthy import terminal
    from roadworthy.cluster import connect
    from roadworthy.rights import asking, roles
    from roadworthy.rights.table import table

    cluster = connect(profile)
    try:
        asker = asking.Asker(cluster.access)
        missing = {
            role: {right: rights[right] for right in asker.missing(rights)}
            for role, rights in roles.roles(found).items()
        }
    finally:
        cluster.close()
    if not any(missing.values()):
        click.echo(f"{profile.name}: every right is there")
        return 0
    terminal.console().print(table(missing))
    return 1
