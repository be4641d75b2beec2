"""What the distribution has to give: installed by apt, and where that can't be, one message with the command."""

from pathlib import Path

import pytest

from roadworthy.errors import BadInput
from sandbox import packages
from sandbox.pins import CNI_PACKAGE, PACKAGES
from sandbox.shell import CommandFailed


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing; its programs are in the folder that is returned."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setattr(packages, "SEARCH", str(programs))
    monkeypatch.setattr(packages, "CNI_PLUGINS", str(tmp_path / "cni"))
    monkeypatch.setattr(packages, "POLICY", tmp_path / "policy-rc.d")
    monkeypatch.setattr(packages, "NO_SSHD", tmp_path / "ssh" / "sshd_not_to_be_run")
    return programs


class Apt:
    """Notes what it is asked for; fails so many times."""

    def __init__(self, fails: int = 0, policy: Path | None = None) -> None:
        self.fails, self.policy, self.asked = fails, policy, list[str]()
        self.kept: list[bool] = []

    def __call__(self, *command: str, timeout: float) -> str:
        words = [word for word in command[1:] if "=" not in word]
        self.asked.append(" ".join(words[:2]))
        self.kept.append(self.policy is not None and self.policy.exists())
        if words[1] == "install" and self.fails > 0:
            self.fails -= 1
            raise CommandFailed("`apt-get install` to succeed", seen="code 100: Unable to locate package runit")
        return f"done within {timeout}"


def program(folder: Path, name: str) -> None:
    (folder / name).touch(0o755)


def test_every_package_is_asked_for_on_a_bare_machine(bare: Path) -> None:
    assert set(packages.missing()) == {*PACKAGES.values(), CNI_PACKAGE}
    program(bare, "runc")
    assert "runc" not in packages.missing()
    assert "runit" in packages.missing()


def test_without_apt_one_message_names_them_all(bare: Path) -> None:
    with pytest.raises(BadInput, match=r"programs of conntrack, containernetworking-plugins.*runit.*so is apt-get"):
        packages.refuse_unless_installable(packages.missing())
    program(bare, "apt-get")
    packages.refuse_unless_installable(packages.missing())


def test_nothing_starts_on_the_host_while_it_installs(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = Apt(policy=packages.POLICY)
    monkeypatch.setattr(packages, "run", apt)
    assert packages.install(packages.missing())
    assert apt.asked == ["apt-get install"]
    assert apt.kept == [True]
    assert not packages.POLICY.exists()
    assert packages.NO_SSHD.exists()
    assert not packages.install([])


def test_lists_that_were_never_fetched_are_fetched(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = Apt(fails=1)
    monkeypatch.setattr(packages, "run", apt)
    packages.install(["runit"])
    assert apt.asked == ["apt-get install", "apt-get update", "apt-get install"]
    assert not packages.NO_SSHD.exists(), "sshd was not asked for"


def test_what_apt_says_is_told_with_the_command(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "run", Apt(fails=2))
    with pytest.raises(
        BadInput, match=r"Unable to locate package runit; to do: apt-get update && apt-get install --yes"
    ):
        packages.install(["runit"])
    assert not packages.POLICY.exists()


def test_a_policy_of_the_machines_own_stays(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages.POLICY.write_text("#!/bin/sh\nexit 0\n")
    monkeypatch.setattr(packages, "run", Apt())
    packages.install(["runit"])
    assert packages.POLICY.read_text() == "#!/bin/sh\nexit 0\n"
