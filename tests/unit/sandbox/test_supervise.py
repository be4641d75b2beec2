"""How long a service is waited for: one that is still ending what it has begun gets the time for that."""

from __future__ import annotations

from typing import Any, cast

import pytest

from sandbox import supervise
from sandbox.layout import Sandbox


@pytest.mark.parametrize(("seen", "seconds"), [("down", 15), ("run, got TERM", supervise.DRAINS)])
def test_a_service_that_drains_is_waited_for(monkeypatch: pytest.MonkeyPatch, seen: str, seconds: float) -> None:
    waited: list[Any] = []
    monkeypatch.setattr(supervise, "tell", lambda *_: None)
    monkeypatch.setattr(supervise, "state", lambda *_: seen)
    monkeypatch.setattr(supervise, "wait", lambda *words, timeout: waited.append((words[-1], timeout)))
    supervise.start(cast("Sandbox", None), "control-plane", "kube-apiserver")
    assert waited == [("run", seconds)]
