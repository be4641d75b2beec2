"""One remediator per cluster: the Lease kube-system/roadworthy, held while something is repaired and no longer.

No clock is believed but one's own, and of that only how much time passes: who would take over waits until the Lease has
stood unchanged before his eyes for longer than it lives; its holder stops well before. (Clocks jump: a Raspberry Pi has
none of its own and boots in the past.) The times in the Lease are the API server's, for people. A holder whose process
is provably dead (same host, same boot, no such process) is not waited for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from roadworthy import process
from roadworthy.cluster.access import Access
from roadworthy.errors import Denied, Refused, Turbulence, Unknown

NAMESPACE, NAME = "kube-system", "roadworthy"
_PATH = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
#: What two clocks may drift apart while a Lease lives: a taker waits for it, a holder stops before it. Seconds.
SLACK = 2.0
_CREATED, _OK, _CONFLICT, _NOT_FOUND = 201, 200, 409, 404


def _uptime() -> float:
    """Return seconds since boot; unlike the monotonic clock it goes on while the host sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Lease:
    """The Lease of this run. ``lost`` is called, once, from another thread, when it can no longer be held."""

    def __init__(
        self, access: Access, run: str, *, seconds: float = 30.0, lost: Callable[[], None] = lambda: None
    ) -> None:
        self._access, self._seconds, self._lost = access, seconds, lost
        self.holder = f"{run}@{process.identity()}"
        self._valid_until = 0.0
        self._held: dict[str, Any] | None = None
        #: The version of the Lease that was read last, and since when (uptime) it is known.
        self._seen = ("", 0.0)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self, wait: float = 0.0) -> bool:
        """Take the Lease, waiting at most so many seconds for another holder to let go.

        Returns:
            Whether one was waited for.

        Raises:
            Refused: another runner holds it. Unknown: it can't be told.

        """
        deadline, waited = time.monotonic() + wait, False
        while not self._try():
            if time.monotonic() >= deadline:
                spec = (self._held or {}).get("spec", {})
                seen = f"{spec.get('holderIdentity')} renewed it at {spec.get('renewTime')}"
                todo = "let the other run end, or wait until its lease has expired"
                raise Refused("one remediator at a time", seen=seen, where=f"Lease {NAMESPACE}/{NAME}", todo=todo)
            waited = True
            time.sleep(min(1.0, self._seconds / 5))
        self._stop.clear()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)
        self._thread.start()
        return waited

    def check(self, need: float = 0.0) -> None:
        """Raise Refused unless the Lease is ours for at least ``need`` more seconds."""
        left = self._valid_until - _uptime()
        if left <= need:
            raise Refused(
                "the lease is held", seen=f"{max(left, 0):.0f} s left of it", where=f"Lease {NAMESPACE}/{NAME}"
            )

    def release(self) -> None:
        """Let go. That fails silently: an expired Lease is as good."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._held is not None and self._valid_until > _uptime():
            with suppress(Unknown):
                self._write({**self._held["spec"], "holderIdentity": "", "leaseDurationSeconds": 1})
        self._valid_until, self._held = 0.0, None

    def _try(self) -> bool:
        """Read the Lease, and take it when it is free; remember it in either case."""
        began = _uptime()
        reply = self._access.request("GET", f"{_PATH}/{NAME}", timeout=5.0, count="LEASE")
        if reply.status == _NOT_FOUND:
            body = {"metadata": {"name": NAME, "namespace": NAMESPACE}, "spec": self._spec(0)}
            made = self._access.request("POST", _PATH, body=body, timeout=5.0, count="LEASE")
            if made.status == _CREATED:
                return self._ours(made.json(), began)
            if made.status == _CONFLICT:
                return False
            raise Turbulence("the lease can be created", seen=made.message)
        self._held = reply.json()
        version = str(self._held["metadata"].get("resourceVersion"))
        if version != self._seen[0]:
            self._seen = (version, _uptime())
        spec = self._held.get("spec") or {}
        if not self._free(spec):
            return False
        return self._write(self._spec(int(spec.get("leaseTransitions") or 0) + 1))

    def _free(self, spec: dict[str, Any]) -> bool:
        """Whether nobody else holds it."""
        holder = str(spec.get("holderIdentity") or "")
        if holder in {"", self.holder} or process.dead(holder.partition("@")[2]):
            return True
        return _uptime() > self._seen[1] + float(spec.get("leaseDurationSeconds") or self._seconds) + SLACK

    def _spec(self, transitions: int) -> dict[str, Any]:
        now = datetime.fromtimestamp(self._access.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": max(1, int(self._seconds)),
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": transitions,
        }

    def _write(self, spec: dict[str, Any]) -> bool:
        """Put a spec in the place of the version that was read; False when somebody else was faster."""
        assert self._held is not None  # noqa: S101 - for the type checker
        began = _uptime()
        body = {**self._held, "spec": spec}
        reply = self._access.request("PUT", f"{_PATH}/{NAME}", body=body, timeout=5.0, count="LEASE")
        if reply.status == _CONFLICT:
            return False
        if reply.status != _OK:
            raise Turbulence("the lease can be written", seen=reply.message)
        return self._ours(reply.json(), began)

    def _ours(self, held: dict[str, Any], began: float) -> bool:
        """Note that it was ours when we asked, so it is until that long after; less the slack."""
        self._held = held
        self._valid_until = began + self._seconds - SLACK
        return True

    def _renew(self) -> None:
        """Renew until released; stop everything before it can expire."""
        pause = self._seconds / 3
        while not self._stop.wait(pause):
            pause = self._seconds / 3
            if self._valid_until <= _uptime() or not self._again():
                break
            if self._valid_until - _uptime() < self._seconds / 2:  # the latest try failed
                pause = min(1.0, self._seconds / 10)
        else:
            return
        self._valid_until = 0.0
        self._lost()

    def _again(self) -> bool:
        """Renew once; False when it belongs to somebody else now. A failure leaves the time we have to try again."""
        assert self._held is not None  # noqa: S101 - for the type checker
        try:
            now = datetime.fromtimestamp(self._access.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            return self._write({**self._held["spec"], "renewTime": now}) or self._try_own()
        except Denied:
            return False
        except Unknown:
            return True

    def _try_own(self) -> bool:
        """After a conflict: whether it is still ours, touched by somebody else's hand."""
        self._held = self._access.request("GET", f"{_PATH}/{NAME}", timeout=5.0, count="LEASE").json()
        return bool(self._held) and (self._held.get("spec") or {}).get("holderIdentity") == self.holder
