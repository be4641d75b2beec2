"""``roadworthy plan``: a saved plan, shown once more."""

from __future__ import annotations

from pathlib import Path

import click

from roadworthy import plan_file
from roadworthy.rooms import Rooms


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def plan(file: Path | None) -> None:
    """Show a plan that `pytest … --plan` has saved, and how it is carried out.

    FILE: default reports/plan.json.
    """
    from roadworthy import review, terminal

    rooms = Rooms.here()
    found = plan_file.load(file or rooms.root / rooms.reports / "plan.json")
    cluster = found.content["cluster"]
    console = terminal.console()
    console.print(f"cluster {cluster['name']} ({cluster['kube_system_uid']}), made {found.content['started']}")
    review.show(console, found.content["criteria"])
    if found.criteria:
        features = " ".join(sorted({one["file"] for one in found.content["criteria"] if one.get("file")}))
        console.print(
            f"to do this and nothing else: pytest {features} --cluster {cluster['name']} --remediate "
            f"--from-plan {found.path}",
            soft_wrap=True,
        )
