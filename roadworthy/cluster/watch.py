"""One resource type, kept current in memory: one consistent LIST, then one WATCH that resumes where it broke.

What is read here is either current or refused: a watch that says nothing for longer than bookmarks take, or that can't
be opened again, makes every read raise ``Stale`` (or what stands in the way) instead of answering from old memory.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import urllib3

from roadworthy.cluster import listing
from roadworthy.cluster.access import Access
from roadworthy.cluster.answers import GONE, NOT_FOUND, Reply, judge
from roadworthy.cluster.codec import Codec
from roadworthy.cluster.discovery import Resource
from roadworthy.cluster.memory import Event, Gone, Memory
from roadworthy.cluster.reading import lines_of
from roadworthy.errors import Denied, Stale, Unknown

#: The API server sends a bookmark about once a minute: silence beyond this is a dead watch. Seconds.
SILENCE = 90.0
#: How long reads go on from memory while a broken watch is opened again. Seconds.
GAP = 10.0
#: After this many seconds the server ends a watch, and it is resumed; spread so that they don't all end at once.
LIFETIME = (240, 300)


class Reflector:
    """Local memory of one resource type. ``changed`` is called, without any lock held, after something changed."""

    def __init__(self, access: Access, resource: Resource, codec: Codec, changed: Callable[[], None]) -> None:
        self.resource, self.codec = resource, codec
        #: Grows with every change, so that a waiter can tell whether it has seen everything.
        self.generation = 0
        self._access, self._changed = access, changed
        self._lock = threading.Lock()
        self._listing = threading.Lock()
        self._memory = Memory(codec, resource.label)
        self._response: urllib3.BaseHTTPResponse | None = None
        self._progress = self._broken_since = 0.0
        self._failure: Unknown | None = None
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """List, and start watching; further calls do nothing.

        Raises what the LIST raises, and the next call tries again.
        """
        if self._started():
            return  # without the lock: nobody who reads waits for another's ``renew``
        with self._listing:
            if not self._started() and not self._closed.is_set():
                self._list()
                name = f"watch {self.resource.label}"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()

    def _started(self) -> bool:
        return self._thread is not None

    def renew(self) -> None:
        """List once more now: what is read after this is no older than this call."""
        with self._listing:
            self._list()

    def snapshot(self, namespace: str = "") -> list[Any]:
        """Return the objects (of one namespace).

        Raises Stale, or what stands in the way, when memory can't be trusted.
        """
        with self._lock:
            self._trust()
            if namespace:
                return list(self._memory.objects.get(namespace, {}).values())
            return [each for objects in self._memory.objects.values() for each in objects.values()]

    def get(self, name: str, namespace: str) -> Any | None:
        """Return one object or None; raises as ``snapshot`` does."""
        with self._lock:
            self._trust()
            return self._memory.objects.get(namespace, {}).get(name)

    def close(self) -> None:
        """Stop watching and end the thread."""
        self._closed.set()
        if (response := self._response) is not None:
            with suppress(OSError, ValueError, RuntimeError):
                response.shutdown()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def _trust(self) -> None:
        """Raise when the memory is older than it may be; the lock is held."""
        now = time.monotonic()
        silent = now - self._progress
        if self._broken_since and now - self._broken_since > GAP:
            raise self._failure or Stale(
                f"the watch on {self.resource.label} is open", seen=f"broken for {silent:.0f} s"
            )
        if isinstance(self._failure, Denied):
            raise self._failure
        if silent > SILENCE + GAP:
            raise Stale(f"the watch on {self.resource.label} shows progress", seen=f"none for {silent:.0f} s")

    def read(self, namespace: str = "") -> list[Any]:
        """Read the collection (of one namespace) from the API server: what can't be watched is read at each call."""
        index, _ = listing.pages(self._access, self.resource, self.codec, namespace)
        return [each for objects in index.values() for each in objects.values()]

    def _list(self) -> None:
        """Read the whole collection consistently and put it in the place of what was known."""
        with self._lock:
            self._memory.listing()
        try:
            index, version = listing.pages(self._access, self.resource, self.codec)
        except BaseException:
            with self._lock:
                self._memory.unlisted()
            raise
        with self._lock:
            self._memory.replace(index, version)
            self._alive()
        self._notify()

    def _alive(self) -> None:
        """Note that what we have is current now; the lock is held."""
        self._progress, self._broken_since, self._failure = time.monotonic(), 0.0, None

    def _notify(self) -> None:
        self.generation += 1
        self._changed()

    def _run(self) -> None:
        """Watch until closed; after a break resume, after 410 list again."""
        pause = 0.0
        while not self._closed.wait(pause):
            began = time.monotonic()
            try:
                if not self._memory.version:
                    self.renew()
                if self._memory.version:
                    self._watch()
            except Gone:
                with self._lock:
                    self._memory.version = ""
            except Unknown as error:
                with self._lock:
                    self._failure = error
                    self._broken_since = self._broken_since or began
                self._changed()
            lasted = time.monotonic() - began
            pause = 0.0 if lasted > 1 else min(max(pause * 2, 0.1), 5.0) * random.uniform(0.7, 1.3)  # noqa: S311

    def _watch(self) -> None:
        """Open one WATCH from where we are and take in its events until the server ends it."""
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._memory.version,
            "timeoutSeconds": random.randint(*LIFETIME),  # noqa: S311 - spread, not secrecy
        }
        label = f"WATCH {self.resource.label}"
        with self._access.stream(self.resource.path(), query=query, silence=SILENCE, count=label) as response:
            if response.status in {GONE, NOT_FOUND}:
                raise Gone
            if response.status != 200:
                reply = Reply(response.status, response.headers, response.read(4096))
                raise judge(reply, label, self._access.config) or Stale(f"{label} is open", seen=reply.message)
            self._response = response
            with self._lock:
                self._alive()
            for lines in lines_of(response, label, SILENCE):
                if self._closed.is_set():
                    return
                self._take([self.codec.event(line) for line in lines])

    def _take(self, events: list[Event]) -> None:
        """Put events into memory."""
        with self._lock:
            self._memory.take(events)
            self._alive()
        self._notify()
