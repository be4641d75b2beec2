"""The operating system's part: Debian packages, installed when root, without starting anything on the host."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roadworthy.errors import BadInput
from sandbox.pins import CNI_PACKAGE, CNI_PLUGINS, PACKAGES
from sandbox.shell import CommandFailed, run

POLICY = Path("/usr/sbin/policy-rc.d")
NO_SSHD = Path("/etc/ssh/sshd_not_to_be_run")
SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def missing() -> list[str]:
    """Return the packages whose programs this machine lacks."""
    found = {package for program, package in PACKAGES.items() if shutil.which(program, path=SEARCH) is None}
    if not (Path(CNI_PLUGINS) / "bridge").exists():
        found.add(CNI_PACKAGE)
    return sorted(found)


def command(packages: list[str]) -> list[str]:
    """Return the command that installs packages."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *packages]


def refuse_unless_installable(packages: list[str]) -> None:
    """Make sure that what is missing can be installed here.

    Raises:
        BadInput: there is no apt-get.

    """
    if packages and shutil.which("apt-get", path=SEARCH) is None:
        raise BadInput(
            f"the programs of {', '.join(packages)}",
            seen="they are missing, and so is apt-get",
            todo="install them with this system's own tool (names as in Debian)",
        )


@contextmanager
def nothing_starts(packages: list[str]) -> Iterator[None]:
    """Keep packages from starting services on the host: neither now nor, for sshd, at its next boot."""
    if "openssh-server" in packages and not NO_SSHD.exists():
        # Debian's own switch: its service unit and its init script look for this file.
        NO_SSHD.parent.mkdir(parents=True, exist_ok=True)
        NO_SSHD.write_text(
            "Installed for roadworthy's sandbox, whose nodes run sshd; remove this file to run it here.\n"
        )
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def install(packages: list[str]) -> bool:
    """Install packages; return whether there was anything to do.

    Raises:
        BadInput: apt can't; the message has its last words and the command to try by hand.

    """
    if not packages:
        return False
    env = ["env", "DEBIAN_FRONTEND=noninteractive", f"PATH={SEARCH}:{os.environ.get('PATH', '')}"]
    with nothing_starts(packages):
        try:
            try:
                run(*env, *command(packages), timeout=600)
            except CommandFailed:
                # Lists of packages that were never fetched, or are old.
                run(*env, "apt-get", "update", timeout=300)
                run(*env, *command(packages), timeout=600)
        except CommandFailed as error:
            raise BadInput(
                f"the packages {', '.join(packages)}",
                seen=error.seen,
                todo=f"apt-get update && {' '.join(command(packages))}",
            ) from error
    return True
