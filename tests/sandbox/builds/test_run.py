"""Go is run: how it fails, what it compiles once, and that it ends with who started it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from roadworthy.errors import BadInput
from sandbox.builds import run, toolchain, unit


@pytest.mark.parametrize(
    ("said", "kind"),
    [("dial tcp 1.2.3.4:443: i/o timeout", BadInput), ("syntax error: unexpected }", run.BuildError)],
)
def test_why_go_failed_is_told_apart(tiny: Path, tmp_path: Path, said: str, kind: type[Exception]) -> None:
    go = tmp_path / "fake-go"
    go.write_text(f"#!/bin/sh\necho '{said}'\nexit 1\n")
    go.chmod(0o755)
    runner = run.Runner(unit.load("hello", tiny), toolchain.Toolchain(go, "go1.26.8"), tmp_path)
    with pytest.raises(kind, match=said.split(":", maxsplit=1)[0]):
        runner.go(["build"], lambda _: None)


def test_what_needs_the_network_is_compiled_once_with_c_and_without(tiny: Path, tmp_path: Path) -> None:
    version, go = toolchain.choose(toolchain.needed(tiny / "hello"))
    if go is None:
        pytest.skip(f"no Go on this machine, and {version} would be downloaded")
    path = tiny / "hello" / "unit.yaml"
    path.write_text(path.read_text() + "cgo: false\n")
    packages: dict[bool, list[str]] = {False: [], True: []}
    for cgo, heard in packages.items():
        path.write_text(path.read_text().replace("cgo: false", f"cgo: {str(cgo).lower()}"))
        runner = run.Runner(unit.load("hello", tiny), go, tmp_path)
        shape = "{{.ImportPath}} {{.GoFiles}} {{.CgoFiles}}"
        runner.go(["list", *runner.flags, "-deps", "-f", shape, "net/http"], heard.append)
    assert packages[True] == packages[False]
    assert any(line.startswith("net [") for line in packages[True])


BEHIND = """
import sys, threading, time
from pathlib import Path
from sandbox.builds import run, toolchain, unit

folder = Path(sys.argv[1])
runner = run.Runner(unit.load("hello", folder), toolchain.Toolchain(Path("/bin/sh"), "go1.26.8"), folder)
script = f"sleep 60 & echo $! > {folder}/pid; wait"
threading.Thread(target=runner.go, args=(["-c", script], print), daemon=True).start()
while not (folder / "pid").is_file() or not (folder / "pid").read_text():
    time.sleep(0.01)
"""


def test_a_build_behind_a_run_ends_with_it(tiny: Path) -> None:
    subprocess.run([sys.executable, "-c", BEHIND, str(tiny)], check=True, timeout=60)
    command = Path(f"/proc/{int((tiny / 'pid').read_text())}/cmdline")
    deadline = time.monotonic() + 5
    with contextlib.suppress(FileNotFoundError):
        while command.read_bytes():  # a zombie has none
            assert time.monotonic() < deadline, "it runs on"
            time.sleep(0.05)
