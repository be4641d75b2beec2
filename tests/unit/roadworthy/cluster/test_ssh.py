"""A command on a node, where not even ssh starts."""

from __future__ import annotations

import subprocess

import pytest

from roadworthy.cluster import ssh
from roadworthy.errors import Turbulence
from roadworthy.profile import Node, Profile


def test_an_ssh_that_does_not_start_says_nothing_of_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/ssh")
    monkeypatch.setattr(subprocess, "Popen", short)
    profile = Profile(name="pi", where="pi.yaml", nodes=(Node("pi-master"),))
    with pytest.raises(Turbulence, match=r"ssh can be started; seen: .*Cannot allocate memory.*/usr/bin/ssh"):
        ssh.run(profile, "pi-master", "true", timeout=1)
