"""Images are ready when they are wanted, and made ahead once something is installed at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from roadworthy import images
from roadworthy.errors import BadInput
from roadworthy.images import Supply
from roadworthy.profile import Profile
from roadworthy.rooms import Rooms


class Maker:
    """A provider's source: notes what it made, one at a time; what is in ``gates`` it makes when its gate opens."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.gates: dict[str, threading.Event] = {}
        self.reached: dict[str, threading.Event] = {}

    def hold(self, image: str) -> tuple[threading.Event, threading.Event]:
        self.gates[image], self.reached[image] = threading.Event(), threading.Event()
        return self.reached[image], self.gates[image]

    def __call__(self, names: Sequence[str], tell: Callable[[str], None]) -> None:
        for name in names:
            if name == "none":
                raise BadInput("an image of this name", seen=name)
            if name in self.made:
                continue
            if name in self.gates:
                self.reached[name].set()
                while not self.gates[name].wait(0.01):
                    tell(f"makes {name}")
            self.made.append(name)


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> Maker:
    maker = Maker()

    class Point:
        def load(self) -> Maker:
            return maker

    def points(group: str, name: str) -> list[Point]:
        assert (group, name) == (images.GROUP, "sandbox")
        return [Point()]

    monkeypatch.setattr(images, "entry_points", points)
    return maker


def supply(*coming: str, provider: str = "sandbox") -> Supply:
    return Supply(Profile(name="x", where="x.yaml", provider=provider), lambda: coming, lambda _: None)


def joined(made: Supply) -> None:
    assert made._ahead is not None
    made._ahead.join(5)
    assert not made._ahead.is_alive()


def test_nothing_is_made_until_something_is_installed(maker: Maker) -> None:
    supply("a", "b").close()
    assert maker.made == []


def test_what_comes_is_made_behind_the_first(maker: Maker) -> None:
    made = supply("a", "b", "c")
    made(["b"])
    assert maker.made[0] == "b"
    joined(made)
    assert maker.made == ["b", "a", "c"]


def test_whoever_waits_goes_first(maker: Maker) -> None:
    reached, gate = maker.hold("a")
    now_reached, now_gate = maker.hold("wanted")
    made = supply("a", "b")
    made(["first"])
    assert reached.wait(5)
    waiting = threading.Thread(target=made, args=(["wanted"],))
    waiting.start()
    assert now_reached.wait(5)
    gate.set()
    assert not threading.Event().wait(0.1)
    assert maker.made == ["first", "a"], "b waits for the one that a release wants"
    now_gate.set()
    waiting.join(5)
    joined(made)
    assert maker.made == ["first", "a", "wanted", "b"]


def test_one_that_cannot_be_made_holds_up_no_other_and_is_told_when_it_is_wanted(maker: Maker) -> None:
    made = supply("none", "b")
    made(["a"])
    joined(made)
    assert maker.made == ["a", "b"]
    with pytest.raises(BadInput):
        made(["none"])


def test_what_is_made_early_and_cannot_be_made_is_told_when_it_is_wanted(maker: Maker) -> None:
    images.early(Profile(name="x", where="x.yaml", provider="sandbox"), ["a", "none", "b"], lambda _: None)
    assert maker.made == ["a"]
    with pytest.raises(BadInput, match="none"):
        supply()(["none"])


def test_the_end_of_the_run_gives_up_what_is_being_made(maker: Maker) -> None:
    reached, _ = maker.hold("b")
    made = supply("b", "c")
    made(["a"])
    assert reached.wait(5)
    made.close()
    joined(made)
    assert maker.made == ["a"]


def test_a_cluster_without_a_provider_is_left_to_its_own_registries(maker: Maker) -> None:
    made = supply("a", provider="")
    made(["b"])
    assert maker.made == []


def test_a_remedy_module_says_which_images_it_would_have_pulled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "some_remedies"
    room.mkdir()
    (room / "__init__.py").touch()
    (room / "install.py").write_text("def images(profile, component):\n    yield f'{profile.name}/{component}:1'\n")
    (room / "restart.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    rooms = Rooms(tmp_path, remedies="some_remedies")

    def said(name: str) -> Iterator[str]:
        return rooms.images(name, "loki", Profile(name="x", where="x.yaml"))

    assert list(said("install")) == ["x/loki:1"]
    assert list(said("restart")) == []
