"""The ``roadworthy`` command. Other rooms add theirs by the entry point group ``roadworthy.commands``."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

import click

from roadworthy.errors import RoadworthyError

GROUP = "roadworthy.commands"
#: Our own commands, by the module and the function that make them.
OWN = {
    "backup-guide": "roadworthy.cli_backup_guide:guide",
    "criteria": "roadworthy.cli_criteria:criteria",
    "graph": "roadworthy.cli_graph:draw",
    "journal": "roadworthy.cli_journal:journal",
    "plan": "roadworthy.cli_plan:plan",
    "profile": "roadworthy.cli_profile:profile",
    "rbac": "roadworthy.cli_rbac:rbac",
    "verdicts": "roadworthy.cli_verdicts:verdicts",
}


class Commands(click.Group):
    """Loads a command when it is asked for, and shows an error of ours as one message."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return sorted({*OWN, *self._others()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, or None."""
        del ctx
        load = _own(cmd_name) if cmd_name in OWN else getattr(self._others().get(cmd_name), "load", None)
        if load is None:
            return None
        try:
            command: click.Command = load()
        except ImportError as error:
            return _broken(cmd_name, str(error))
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except RoadworthyError as error:
            raise click.ClickException(str(error)) from error

    @staticmethod
    def _others() -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=GROUP)}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="roadworthy")
def main() -> None:
    r"""Prove that a Kubernetes cluster keeps the promises that its owners wrote down, and make it keep them.

    Criteria are judged by pytest:

    \b
        pytest features/phase1.feature               judge the sandbox, which is started if need be
        pytest features --cluster pi                 judge the cluster of clusters/pi.yaml
        pytest features --cluster pi --plan          show what would be repaired, and change nothing
        pytest features --cluster pi --remediate     repair what fails, and judge again
    """


def _own(name: str) -> Callable[[], click.Command]:
    module, _, function = OWN[name].partition(":")

    def load() -> click.Command:
        command: click.Command = getattr(import_module(module), function)
        return command

    return load


def _broken(name: str, reason: str) -> click.Command:
    @click.command(name, help=f"(can't be loaded: {reason})", context_settings={"ignore_unknown_options": True})
    @click.argument("rest", nargs=-1)
    def command(rest: tuple[str, ...]) -> None:
        del rest
        raise click.ClickException(f"{name} can't be loaded: {reason}")

    return command
