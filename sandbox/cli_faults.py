"""`roadworthy sandbox faults …`: break a sandbox on purpose, and mend it."""

from __future__ import annotations

import click

from sandbox import faults as registry
from sandbox import manage
from sandbox.faults import record

named = click.option("--name", default="sandbox", show_default=True, help="Which sandbox.")


@click.group()
def faults() -> None:
    """Break a sandbox on purpose, and mend it."""


@faults.command("list")
@named
def list_(name: str) -> None:
    """List every fault there is, and those that are injected."""
    for call, text in registry.usage().values():
        click.echo(f"{call:45} {text}")
    entries = record.read(manage.running(name))
    click.echo("\ninjected:" if entries else "\nnone is injected")
    for entry in entries:
        click.echo(f"  {entry['id']}: {' '.join([entry['fault'], *entry['arguments']])}")


@faults.command(context_settings={"ignore_unknown_options": True})
@named
@click.argument("fault")
@click.argument("arguments", nargs=-1)
def inject(name: str, fault: str, arguments: tuple[str, ...]) -> None:
    """Inject a FAULT; `faults list` shows its arguments."""
    number = registry.inject(manage.running(name), fault, *arguments)
    click.echo(f"{number}: {' '.join([fault, *arguments])}; undo it with `roadworthy sandbox faults undo {number}`")


@faults.command()
@named
@click.option("--all", "everything", is_flag=True, help="Every fault that is injected.")
@click.argument("which", required=False)
def undo(name: str, which: str | None, *, everything: bool) -> None:
    """Undo a fault, by its number or its name."""
    if bool(which) == everything:
        raise click.UsageError("name one fault, or --all")
    for line in registry.undo(manage.running(name), "" if everything else which or "") or ["nothing was injected"]:
        click.echo(line)
