"""Every playbook parses, every component has its install playbook, and each names a criterion that exists."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from roadworthy import features

ROOT = Path(__file__).parents[2]
ANSIBLE = ROOT / "ansible"
PLAYBOOKS = sorted((ANSIBLE / "playbooks").rglob("*.yml"))
INSTALL = sorted((ANSIBLE / "playbooks" / "infrastructure").glob("*-install.yml"))


def test_they_parse() -> None:
    """All in one call: Ansible takes a second to start."""
    program = Path(sys.executable).with_name("ansible-playbook")
    command = [str(program), "--syntax-check", "-i", "localhost,", *map(str, PLAYBOOKS)]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"), "ANSIBLE_LOCALHOST_WARNING": "False"}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert not [path.name for path in PLAYBOOKS if f"playbook: {path}" not in ended.stdout], ended.stdout


def test_every_component_has_one() -> None:
    components = {path.parent.name for path in (ROOT / "installers").glob("*/component.yaml")}
    assert components == {path.stem.removesuffix("-install") for path in INSTALL}


@pytest.mark.parametrize("playbook", INSTALL, ids=lambda path: path.stem)
def test_it_names_the_criterion_that_judges_its_component(playbook: Path) -> None:
    (play,) = yaml.safe_load(playbook.read_text(encoding="utf-8"))
    said = play["tasks"][0]["vars"]
    known = {each.function: each for each in features.read(ROOT / said["feature"]).criteria}
    assert said["component"] in known[said["criterion"]].components
