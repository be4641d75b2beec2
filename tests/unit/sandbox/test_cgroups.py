"""Control groups, v1 and v2, on folders that behave as the kernel's do."""

import errno
import threading
from pathlib import Path

import pytest

from benchmarks.sandbox import worked
from sandbox import cgroups

FILES = ("cgroup.controllers", "cgroup.subtree_control", "cgroup.procs")
make, take, write = Path.mkdir, Path.rmdir, Path.write_text


class Kernel:
    """The rules of cgroup v2 that matter here."""

    def __init__(self, root: Path, controllers: str) -> None:
        self.root = root
        root.mkdir()
        write(root / "cgroup.controllers", controllers)
        for name in FILES[1:]:
            write(root / name, "")

    def mkdir(self, path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:  # noqa: FBT001, FBT002
        there = path.exists()
        make(path, mode, parents, exist_ok)
        if path.is_relative_to(self.root) and not there:
            for name in FILES:
                write(path / name, (path.parent / "cgroup.subtree_control").read_text() if name == FILES[0] else "")

    def rmdir(self, path: Path) -> None:
        if path.is_relative_to(self.root):
            if any(each.is_dir() for each in path.iterdir()) or (path / "cgroup.procs").read_text():
                raise OSError(errno.EBUSY, "Device or resource busy")
            for name in FILES:
                (path / name).unlink()
        take(path)

    def write_text(self, path: Path, data: str) -> int:
        if path.name == "cgroup.subtree_control" and path.is_relative_to(self.root):
            if path.parent != self.root and (path.parent / "cgroup.procs").read_text():
                raise OSError(errno.EBUSY, "Device or resource busy")
            assert data.removeprefix("+") in (path.parent / "cgroup.controllers").read_text().split()
            data = f"{path.read_text()} {data.removeprefix('+')}".strip()
        return write(path, data)


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel(tmp_path / "cgroup", "cpuset cpu io memory pids")
    for name in ("mkdir", "rmdir", "write_text"):
        method = getattr(made, name)
        monkeypatch.setattr(Path, name, lambda path, *a, _m=method, **k: _m(path, *a, **k))
    monkeypatch.setattr(cgroups, "MOUNT", made.root)
    return made


@pytest.fixture
def v1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two hierarchies, of plain folders."""
    monkeypatch.setattr(cgroups, "MOUNT", tmp_path)
    monkeypatch.setattr(cgroups, "hierarchies", lambda: {"memory": "memory", "pids": "pids"})
    for name in ("memory", "pids"):
        (tmp_path / name).mkdir()
    return [tmp_path / "memory", tmp_path / "pids"]


def test_v2_hands_every_controller_down_to_the_machine_and_no_further(kernel: Kernel) -> None:
    assert cgroups.unified()
    cgroups.check()
    cgroups.create("one", "node-1")
    cgroups.create("one", "node-1")
    group = kernel.root / "roadworthy" / "one" / "node-1"
    assert set((group / "cgroup.controllers").read_text().split()) == {"cpuset", "cpu", "io", "memory", "pids"}
    # A group that passes controllers on takes no process: the machine's first one has yet to come through here.
    assert (group / "cgroup.subtree_control").read_text() == ""
    assert (group / "system").is_dir()
    (group / "system" / "cgroup.procs").write_text("12\n13\n0\n")
    assert cgroups.pids("one") == cgroups.pids("one", "node-1") == {12, 13}
    assert cgroups.pids("other") == set()


def test_v2_groups_go_when_they_are_empty(kernel: Kernel) -> None:
    cgroups.create("one", "node-1")
    cgroups.create("one", "node-2")
    busy = kernel.root / "roadworthy/one/node-1/system/cgroup.procs"
    busy.write_text("12\n")
    with pytest.raises(cgroups.CgroupBusy, match=r"processes \[12\]"):
        cgroups.remove("one", "node-1", timeout=0.1)
    busy.write_text("")
    cgroups.remove("one")
    assert not (kernel.root / "roadworthy").exists()


def test_the_time_that_was_used_is_told_by_v1_and_v2(kernel: Kernel, tmp_path: Path) -> None:
    assert worked("one") == 0
    group = kernel.root / "roadworthy" / "one"
    group.mkdir(parents=True)
    (group / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    assert worked("one") == 2.5
    (group / "cpu.stat").write_text("nr_periods 0\n")
    assert worked("one") == 0
    (group / "cpuacct.usage").write_text("1500000000\n")
    assert worked("one") == 1.5


def test_v2_in_a_container_whose_processes_are_in_the_root_group(kernel: Kernel, tmp_path: Path) -> None:
    inner = kernel.root / "container"
    (kernel.root / "cgroup.subtree_control").write_text("+cpu")
    inner.mkdir()
    (inner / "cgroup.procs").write_text("1\n77\n")
    with pytest.raises(cgroups.CgroupsMissing, match=r"cpu for groups below.*processes in that group itself: 2.*move"):
        cgroups._pass_on(inner)


def test_v2_without_a_controller_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "MOUNT", Kernel(tmp_path / "cgroup", "cpu memory").root)
    with pytest.raises(cgroups.CgroupsMissing, match="without cpuset, pids"):
        cgroups.check()


def test_a_machines_groups_go_without_the_folder_that_its_neighbours_need(v1: list[Path]) -> None:
    for root in v1:
        (root / "roadworthy").mkdir()
    # node-1 is half-way: the folder above is there, its own isn't.
    cgroups.remove("one", "node-2")
    assert all((root / "roadworthy").is_dir() for root in v1)
    cgroups.remove("one")
    assert not any((root / "roadworthy").exists() for root in v1)


def test_one_sandbox_comes_while_the_last_other_goes(v1: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[Path] = []

    def mkdir(path: Path, *arguments: object, **options: object) -> None:
        if path.name == "one" and len(gone) < 3:
            gone.append(path)
            cgroups.remove("two")  # takes the folder above away, which is empty
        make(path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", mkdir)
    cgroups.create("one", "node-1")
    assert len(gone) == 3
    assert all((root / "roadworthy/one/node-1/system").is_dir() for root in v1)


def test_many_machines_come_and_go_beside_each_other(v1: list[Path]) -> None:
    wrong: list[BaseException] = []

    def one(sandbox: str, machine: str) -> None:
        try:
            for _ in range(40):
                cgroups.create(sandbox, machine)
                assert (v1[0] / "roadworthy" / sandbox / machine / "system").is_dir()
                cgroups.remove(sandbox, machine)
        except BaseException as error:  # noqa: BLE001 - told by the assertion below
            wrong.append(error)

    threads = [threading.Thread(target=one, args=("one", f"node-{n}")) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
