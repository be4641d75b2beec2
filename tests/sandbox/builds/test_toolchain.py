"""Go: the machine's where it suffices."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.errors import BadInput
from sandbox.builds import toolchain


@pytest.mark.parametrize(
    ("own", "least", "chosen"),
    [("go1.26.8", "1.26.6", "go1.26.8"), ("go1.19.8", "1.26.0", "go1.26.6"), (None, "1.26.0", "go1.26.6")],
)
def test_the_machines_go_is_used_when_new_enough(
    monkeypatch: pytest.MonkeyPatch, own: str | None, least: str, chosen: str
) -> None:
    machine = toolchain.Toolchain(Path("/usr/bin/go"), own) if own else None
    monkeypatch.setattr(toolchain, "_on_machine", lambda: machine)
    version, found = toolchain.choose(least)
    assert version == chosen
    assert (found is not None) == (chosen == own)


def test_no_go_that_suffices_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "_on_machine", lambda: toolchain.Toolchain(Path("/go"), "go1.19.8"))
    with pytest.raises(BadInput, match=r"Go 1\.99 or newer; seen: go1\.19\.8.*install"):
        toolchain.choose("1.99")
