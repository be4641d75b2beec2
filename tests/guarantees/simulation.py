"""The Lease under a simulated network, clock and scheduler: the product's own code, in virtual time.

Each runner is a greenlet; ``time`` and ``threading`` of the module ``lease`` are ours. Requests and answers are delayed
(also for longer than their time-outs, to be carried out after the client gave up), lost, or refused; runners are
frozen as by SIGSTOP, killed, and restarted; the API server's clock jumps. Everything follows from the seed.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock

import greenlet  # type: ignore[import-untyped]

from roadworthy.converge import lease as module
from roadworthy.errors import Refused, TimedOut, Turbulence, Unknown

LONG = 400.0
_EPOCH = 1_800_000_000.0


@dataclass
class World:
    """Virtual time, one API server that keeps one Lease, and the runners."""

    seed: int
    now: float = 0.0
    offset: float = 0.0
    stored: dict[str, Any] | None = None
    version: int = 1
    queue: list[tuple[float, int, Any]] = field(default_factory=list)
    runners: list[Runner] = field(default_factory=list)
    acts: int = 0
    takeovers: int = 0
    overlaps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - a simulation is no secret
        self._number = itertools.count()
        self._main = greenlet.getcurrent()

    def at(self, when: float, what: Any) -> None:
        """Run a function, or wake a greenlet, then."""
        heapq.heappush(self.queue, (when, next(self._number), what))

    def run(self) -> None:
        """Let time pass until the end."""
        while self.queue and self.queue[0][0] <= LONG:
            self.now, _, what = heapq.heappop(self.queue)
            if not isinstance(what, greenlet.greenlet):
                what()
                continue
            owner: Runner | None = getattr(what, "owner", None)
            if what.dead or (owner and owner.killed):
                continue
            if owner and self.now < owner.frozen_until:
                self.at(owner.frozen_until, what)
                continue
            what.switch()

    def sleep(self, seconds: float) -> None:
        me = greenlet.getcurrent()
        self.at(self.now + max(seconds, 0.0), me)
        self._main.switch()

    def spawn(self, target: Callable[[], Any], owner: Runner | None) -> greenlet.greenlet:
        made = greenlet.greenlet(target, parent=self._main)
        made.owner = owner
        self.at(self.now, made)
        return made

    def wait(self, ready: Callable[[], bool], timeout: float | None) -> bool:
        """Wait for something, looked at every 50 ms of virtual time."""
        deadline = self.now + (LONG if timeout is None else timeout)
        while not ready() and self.now < deadline:
            self.sleep(min(0.05, deadline - self.now))
        return ready()

    # -- the API server ----------------------------------------------------------------------------------------------

    def request(self, method: str, _path: str, *, body: Any = None, timeout: float = 5.0, count: str = "") -> Any:
        """Send a request, as ``Access.request`` does."""
        del count
        way = self.random.choices(["well", "slow", "lost", "unanswered", "error"], [90, 4, 2, 2, 2])[0]
        there = self.random.uniform(0.001, 0.05) if way != "slow" else self.random.uniform(0.5, 40.0)
        back = self.random.uniform(0.001, 0.05)
        answer: list[Any] = []
        if way == "error":
            self.sleep(there + back)
            raise Turbulence("the lease is answered", seen="503")
        if way != "lost":
            self.at(self.now + there, lambda: answer.append(self._serve(method, body)))
        in_time = there + back <= timeout and way not in {"lost", "unanswered"}
        self.sleep(there + back if in_time else timeout)
        if not in_time or not answer:
            raise TimedOut("the lease is answered in time")
        return answer[0]

    def _serve(self, method: str, body: Any) -> Any:
        stored = self.stored
        if method == "GET":
            return _reply(404, None) if stored is None else _reply(200, stored)
        if method == "POST":
            if stored is not None:
                return _reply(409, None)
        elif stored is None or body["metadata"]["resourceVersion"] != stored["metadata"]["resourceVersion"]:
            return _reply(409, None)
        self.version += 1
        self.stored = {"metadata": {"resourceVersion": str(self.version)}, "spec": dict(body["spec"])}
        return _reply(201 if method == "POST" else 200, self.stored)


def _reply(status: int, content: Any) -> Any:
    copied = None if content is None else {key: dict(value) for key, value in content.items()}
    return SimpleNamespace(status=status, message=str(status), json=lambda: copied)


class _Event:
    """As ``threading.Event``, in virtual time."""

    def __init__(self, world: World) -> None:
        self._world, self._set = world, False

    def set(self) -> None:
        self._set = True

    def clear(self) -> None:
        self._set = False

    def is_set(self) -> bool:
        return self._set

    def wait(self, timeout: float | None = None) -> bool:
        return self._world.wait(lambda: self._set, timeout)


class _Thread:
    """As ``threading.Thread``, in virtual time, of the runner that starts it."""

    def __init__(self, world: World, target: Callable[[], Any]) -> None:
        self._world, self._target = world, target

    def start(self) -> None:
        self._made = self._world.spawn(self._target, getattr(greenlet.getcurrent(), "owner", None))

    def join(self) -> None:
        self._world.wait(lambda: self._made.dead, None)


@dataclass
class Runner:
    """One runner: takes the Lease, acts while it may, lets go; and suffers."""

    world: World
    name: str
    frozen_until: float = 0.0
    killed: bool = False
    releasing: bool = False

    def begin(self) -> None:
        world = self.world
        clock = SimpleNamespace(now=lambda: _EPOCH + world.now + world.offset + world.random.uniform(-1, 1))
        self.lease = module.Lease(SimpleNamespace(request=world.request, clock=clock), self.name, seconds=30.0)  # type: ignore[arg-type]
        self.lease.holder = f"{self.name}@elsewhere/1-2/3/4"
        world.runners.append(self)
        world.spawn(self._live, self)

    @property
    def holds(self) -> bool:
        """Whether it would act if it were asked now; a frozen one may, once it goes on."""
        return not self.killed and not self.releasing and self.lease._valid_until > self.world.now

    def _live(self) -> None:
        world = self.world
        while True:
            world.sleep(world.random.uniform(0, 20))
            try:
                self.lease.acquire(world.random.choice([0.0, 10.0, 60.0]))
            except (Refused, Unknown):
                continue
            world.takeovers += 1
            self._work()
            self.releasing = True
            self.lease.release()
            self.releasing = False

    def _work(self) -> None:
        world = self.world
        for _ in range(world.random.randint(1, 12)):
            self._overlap()
            try:
                self.lease.check(5.0)
            except Refused:
                return
            world.acts += 1
            world.sleep(world.random.uniform(0, 8))

    def _overlap(self) -> None:
        """Note who else could act at the moment at which this one may."""
        both = [each.name for each in self.world.runners if each.holds]
        if len(both) > 1:
            self.world.overlaps.append(f"{self.world.now:.2f} s: {' and '.join(both)}")


@contextmanager
def virtual(world: World) -> Iterator[None]:
    """Put virtual time into the module."""
    ours = SimpleNamespace(
        monotonic=lambda: world.now, clock_gettime=lambda _: world.now, CLOCK_BOOTTIME=7, sleep=world.sleep
    )
    threads = SimpleNamespace(Event=lambda: _Event(world), Thread=lambda target, **_: _Thread(world, target))
    with mock.patch.multiple(module, time=ours, threading=threads):
        yield


def simulate(seed: int, *, jumps: bool = True) -> World:
    """Run one world of three runners, two of which are replaced when they are killed."""
    world = World(seed)
    with virtual(world):
        for number in range(3):
            Runner(world, f"run-{number}").begin()
        for _ in range(world.random.randint(4, 16)):
            world.at(world.random.uniform(5, LONG), lambda: _strike(world, jumps=jumps))
        world.run()
    return world


def _strike(world: World, *, jumps: bool) -> None:
    """Let one thing happen to somebody."""
    living = [each for each in world.runners if not each.killed]
    what = world.random.choice(["freeze", "freeze", "kill", "jump" if jumps else "freeze"])
    victim = next((each for each in living if each.holds), world.random.choice(living))
    if what == "freeze":
        victim.frozen_until = world.now + world.random.choice([1.0, 10.0, 25.0, 31.0, 60.0])
    elif what == "kill":
        victim.killed = True
        Runner(world, f"run-{len(world.runners)}").begin()
    else:
        world.offset += world.random.choice([-3600.0, -40.0, 5.0, 40.0, 3600.0])
