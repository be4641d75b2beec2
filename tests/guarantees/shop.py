"""A chart repository of the tests' own, and the chart that lies in it."""

from __future__ import annotations

import hashlib
import http.server
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox import builds

TEMPLATE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wanted}\ndata: {k: VALUE}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A chart repository: its address, and the folder it serves."""
    folder = tmp_path / "shop"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *words: Any) -> None:
            super().__init__(*words, directory=str(folder))

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/toy-0.1.0.tgz", folder
    server.shutdown()
    server.server_close()


def pack(folder: Path, value: str, more: Mapping[str, str] | None = None) -> str:
    """Put the chart toy 0.1.0, with more files in it, into the shop; return its digest."""
    source = folder.parent / f"source-{value}"
    (source / "toy" / "templates").mkdir(parents=True)
    (source / "toy" / "Chart.yaml").write_text("apiVersion: v2\nname: toy\nversion: 0.1.0\n")
    (source / "toy" / "templates" / "map.yaml").write_text(TEMPLATE.replace("VALUE", value))
    for name, content in (more or {}).items():
        (source / "toy" / name).parent.mkdir(exist_ok=True)
        (source / "toy" / name).write_text(content)
    helm = str(builds.ensure("helm") / "helm")
    subprocess.run([helm, "package", str(source / "toy"), "-d", str(folder)], check=True, capture_output=True)
    return "sha256:" + hashlib.sha256((folder / "toy-0.1.0.tgz").read_bytes()).hexdigest()
