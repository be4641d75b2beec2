"""The commands of the guide to the backups, tried as it says that they are: as a look, dry, or beside what is live."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from functools import partial

from probes.marks import marked
from probes.postgres import SERVICE as DATABASE
from probes.words import short
from roadworthy import evidence, programs
from roadworthy.backup_guide import Block, blocks
from roadworthy.cluster import Cluster
from roadworthy.errors import Unknown

#: The commands restore and look; none of them takes long on what a scenario has. Seconds.
SECONDS = 180.0
#: What is only put to the API server: it checks everything and keeps nothing.
DRY = "create apply patch delete scale annotate label"
SHELL = """set -euo pipefail
kubectl() {{
  local dry=
  for word in "$@"; do case " {dry} " in *" $word "*) dry=--dry-run=server ;; esac; done
  command "$KUBECTL" --kubeconfig "$KUBECONFIG" ${{CONTEXT:+--context "$CONTEXT"}} "$@" $dry
}}
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """One block of commands, and what came of it; ``trouble`` is empty when it works."""

    block: Block
    said: str
    trouble: str

    def __str__(self) -> str:
        """Return its first command and its trouble."""
        return f"`{short(self.block.commands, 80)}` ({self.block.how}): {self.trouble or 'works'}"


def tried(cluster: Cluster, how: str) -> tuple[Tried, ...]:
    """Try every block that the guide marks so: ``look`` as it is, ``act`` dry, ``real`` with names of our own."""
    return tuple(_try(cluster, block) for block in blocks(cluster.profile) if block.how == how)


def _try(cluster: Cluster, block: Block) -> Tried:
    program = programs.find("kubectl")
    if not program:
        todo = "put kubectl into the PATH, or name it in ROADWORTHY_KUBECTL"
        raise Unknown("the guide's commands can be run", seen="no kubectl on this machine", todo=todo)
    commands, profile = block.commands, cluster.profile
    if block.how == "real":
        scratch = marked("guide")
        cluster.markers().undo_later(partial(_drop, cluster, scratch), f"database {scratch}")
        commands = commands.replace("INTO=restored\n", f"INTO={scratch}\n")
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "KUBECTL": program,
        "KUBECONFIG": profile.kubeconfig,
        "CONTEXT": profile.context,
    }
    words = ["bash", "-c", SHELL.format(dry=DRY if block.how == "act" else "") + commands]
    try:
        # kubectl keeps what it learns of an API server in its home; without one, in the working directory.
        with tempfile.TemporaryDirectory(prefix="roadworthy-guide-") as home:
            done = subprocess.run(
                words, env=environment | {"HOME": home}, capture_output=True, text=True, timeout=SECONDS, check=False
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unknown("the guide's commands can be run", seen=str(error)[:200]) from error
    said = done.stdout + done.stderr
    evidence.record("guide", short(block.commands, 80), f"{commands}\n-> {done.returncode}\n{said[-2000:]}")
    trouble = f"exit code {done.returncode}: {short(said[-400:])}" if done.returncode else ""
    return Tried(block, done.stdout, trouble)


def _drop(cluster: Cluster, scratch: str) -> None:
    cluster.sql(DATABASE, f'DROP DATABASE IF EXISTS "{scratch}" WITH (FORCE)', timeout=60.0)
