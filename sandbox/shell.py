"""Runs programs and tells what went wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from roadworthy.errors import RoadworthyError


class CommandFailed(RoadworthyError):
    """A program ended badly."""


def run(*command: str, stdin: str | None = None, timeout: float = 60, check: bool = True) -> str:
    """Run a program without a shell and return its standard output.

    Args:
        command: program and arguments.
        stdin: text for its standard input; none: `/dev/null`.
        timeout: seconds.
        check: whether a bad end is an error.

    Raises:
        CommandFailed: it is missing, took too long, or (with `check`) ended with another code than 0.

    """
    wanted = " ".join(command)
    try:
        done = subprocess.run(
            command,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise CommandFailed(f"`{wanted}` to run", seen="no such program", where=str(error.filename)) from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(f"`{wanted}` to end within {timeout:g} s", seen="it had not ended") from error
    if check and done.returncode:
        seen = (done.stderr or done.stdout).strip()[-600:] or "no output"
        raise CommandFailed(f"`{wanted}` to succeed", seen=f"code {done.returncode}: {seen}")
    return done.stdout


def ip(*lines: str, netns: str = "", force: bool = False) -> None:
    """Run several `ip` commands in one process.

    Args:
        lines: the commands, without the word `ip`.
        netns: name of the network namespace; empty: the host's.
        force: go on after a line that fails, and raise nothing.

    """
    options: Sequence[str] = [*(("-n", netns) if netns else ()), *(("-force",) if force else ()), "-batch", "-"]
    run("ip", *options, stdin="\n".join(lines) + "\n", check=not force)
