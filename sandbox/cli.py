"""`roadworthy sandbox …`: the embedded cluster from the command line."""

from __future__ import annotations

import json
import os
import sys
import time

import click
from rich.console import Console
from rich.table import Table

from roadworthy.errors import BadInput, RoadworthyError
from sandbox import manage, shell_in, tools
from sandbox import status as states
from sandbox.cli_faults import faults
from sandbox.layout import CONTROL_PLANE
from sandbox.pins import DEFAULT_KUBERNETES, RELEASES
from sandbox.progress import for_stream

named = click.option("--name", default="sandbox", show_default=True, help="Which sandbox.")


class Group(click.Group):
    """Shows an error of ours as one message, not as a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except RoadworthyError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Group)
def main() -> None:
    """Run a real Kubernetes of several nodes on this machine, without a container engine."""


main.add_command(faults)


@main.command()
@named
@click.option("--nodes", type=int, help="How many nodes a new sandbox gets.  [default: 8]")
@click.option(
    "--kubernetes", type=click.Choice(sorted(RELEASES)), help=f"Which minor.  [default: {DEFAULT_KUBERNETES}]"
)
def up(name: str, nodes: int | None, kubernetes: str | None) -> None:
    """Bring a sandbox up, from nothing or from whatever is left of it."""
    run = manage.up(name, nodes=nodes, kubernetes=kubernetes, progress=for_stream())
    sandbox = run.sandbox
    seconds = time.monotonic() - run.started
    click.echo(
        f"{name}: {sandbox.nodes} nodes of Kubernetes {sandbox.release.version}, all add-ons ready, "
        f"in {seconds:.1f} s\n  export KUBECONFIG={sandbox.paths.kubeconfig}\n"
        f"  roadworthy sandbox kubectl{_option(name)} -- get nodes\n"
        f"  https://<service>.{sandbox.domain} is {sandbox.address(CONTROL_PLANE)}, "
        f"certificate authority {sandbox.paths.pki / 'ca.crt'}"
    )


def _option(name: str) -> str:
    return "" if name == "sandbox" else f" --name {name}"


@main.command()
@named
def down(name: str) -> None:
    """Take a sandbox away; binaries and images stay in the cache."""
    started = time.monotonic()
    there = manage.down(name, for_stream())
    click.echo(f"{name}: gone, in {time.monotonic() - started:.1f} s" if there else f"{name}: there was none")


@main.command()
@named
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(name: str, *, as_json: bool) -> None:
    """Say how a sandbox is; ends with 1 when something is wrong, with 3 when there is none."""
    try:
        sandbox = manage.running(name)
    except BadInput as error:
        click.echo(str(error), err=True)
        sys.exit(3)
    seen = states.read(sandbox)
    if as_json:
        for entry in seen["faults"]:
            entry.pop("memory", None)
        click.echo(json.dumps(seen, indent=2))
    else:
        _show(seen)
    sys.exit(0 if seen["healthy"] else 1)


def _show(seen: dict[str, object]) -> None:
    console = Console()
    table = Table("machine", "address", "running", "network", "services", "node", box=None)
    machines = seen["machines"]
    for each in machines if isinstance(machines, list) else ():
        wrong = [f"{service}: {state}" for service, state in each["services"].items() if state != "run"]
        node = each["node"] or ("Ready" if each["name"] != CONTROL_PLANE else "")
        table.add_row(
            each["name"],
            each["address"],
            "yes" if each["running"] else "NO",
            "yes" if each["connected"] else "CUT",
            ", ".join(wrong) or f"{len(each['services'])} run",
            node,
        )
    console.print(table)
    complaints = seen["complaints"]
    for line in complaints if isinstance(complaints, list) else ():
        console.print(f"- {line}", markup=False)
    injected = seen["faults"]
    for entry in injected if isinstance(injected, list) else ():
        console.print(f"fault {entry['id']}: {entry['fault']} {' '.join(entry['arguments'])}", markup=False)
    console.print("healthy" if seen["healthy"] else "not healthy: `roadworthy sandbox up` repairs it")


@main.command()
@named
@click.option("--path", "as_path", is_flag=True, help="The file's name instead of its content.")
def kubeconfig(name: str, *, as_path: bool) -> None:
    """Print the administrator's kubeconfig."""
    path = manage.running(name).paths.kubeconfig
    click.echo(str(path) if as_path else path.read_text(), nl=as_path)


@main.command(context_settings={"ignore_unknown_options": True})
@named
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def kubectl(name: str, arguments: tuple[str, ...]) -> None:
    """Run the sandbox's own kubectl: `roadworthy sandbox kubectl -- get pods -A`."""
    sandbox = manage.running(name)
    program = tools.kubectl(sandbox.release)
    os.execve(program, ["kubectl", *arguments], {**os.environ, "KUBECONFIG": str(sandbox.paths.kubeconfig)})  # noqa: S606 - no shell


@main.command(context_settings={"ignore_unknown_options": True})
@named
@click.argument("node")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(name: str, node: str, command: tuple[str, ...]) -> None:
    """Log in to a node, or run a command there: `roadworthy sandbox ssh node-3 -- sv status kubelet`."""
    words = shell_in.ssh(manage.running(name), node)
    os.execvp(words[0], [*words, *command])  # noqa: S606 - no shell


@main.command()
@named
@click.option("--follow", "-f", is_flag=True, help="Go on as it grows.")
@click.option("--lines", "-n", default=50, show_default=True, help="How many of the last lines.")
@click.argument("component")
@click.argument("machine", required=False)
def logs(name: str, component: str, machine: str | None, lines: int, *, follow: bool) -> None:
    """Show the log of a COMPONENT (kubelet, kube-apiserver, audit …), on one MACHINE or on all that have it."""
    files = shell_in.log_files(manage.running(name), component, machine or "")
    os.execvp("tail", ["tail", f"--lines={lines}", *(["--follow=name"] if follow else []), "--", *map(str, files)])  # noqa: S606


@main.command()
def prune() -> None:
    """Free room in the cache: what can be downloaded or built again."""
    for what, freed in manage.prune().items():
        click.echo(f"{what}: {freed / 1e9:.1f} GB freed")
