"""The signature of the facade; see the package's docstring."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from roadworthy.cluster.http import ServiceClient
from roadworthy.cluster.object_store import ObjectStore
from roadworthy.profile import Profile

#: One API object as decoded JSON. Never written to: it is the shared local copy.
Obj = Mapping[str, Any]
Objects = list[Obj]  # in a class with a method ``list`` the bare word would mean that
Rows = list[tuple[Any, ...]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ExecResult:
    """What a command in a container or on a node came to."""

    code: int
    stdout: str
    stderr: str


class Cluster(Protocol):
    """What a probe may ask of the live cluster.

    Every call raises ``roadworthy.errors.Unknown`` (or a child) when it can't know.
    """

    profile: Profile

    def list(self, kind: str, *, namespace: str = "", labels: Mapping[str, str] | None = None) -> Objects:
        """Return the objects of a kind from local memory.

        The kind is ``"Pod"``, or ``"longhorn.io/v1beta2/Node"`` where the group must be said.

        A kind that the API server doesn't serve gives an empty list; ask ``serves`` to tell the two apart.
        """
        ...

    def get(self, kind: str, name: str, *, namespace: str = "") -> Obj | None:
        """Return one object from local memory, or None."""
        ...

    def serves(self, kind: str) -> bool:
        """Whether the API server has this kind."""
        ...

    def fresh(self, kind: str, name: str, *, namespace: str = "") -> Obj | None:
        """Read one object from the API server now (a consistent read), or None when it isn't there."""
        ...

    def raw(self, path: str, *, timeout: float = 10.0) -> Any:
        """GET a path of the API server (``/version`` …); decoded JSON, or text, or None where there is nothing."""
        ...

    def now(self) -> float:
        """The API server's clock in seconds since the epoch, so that ages don't depend on ours."""
        ...

    def until(self, check: Callable[[], T], *, within: float, kinds: Sequence[str] = (), what: str = "") -> T:
        """Return ``check()``'s first result that raised no AssertionError.

        With ``kinds`` the check runs whenever a watched object of them changes (and once a second); without, it polls
        with jittered back-off (0.2 s to 2 s). After ``within`` seconds (scaled by the profile's time factor) the last
        AssertionError is raised, its message prefixed with ``what`` and the waited time.
        """
        ...

    def http(self, service: str) -> ServiceClient:
        """Return a client for a service of the profile, by its ingress host or through the API server's proxy."""
        ...

    def sql(
        self,
        service: str,
        query: str,
        parameters: Sequence[Any] = (),
        *,
        user: str = "",
        password: str = "",
        timeout: float = 10.0,
    ) -> Rows:
        """Run one statement on the database service of the profile (autocommit) and return its rows (empty for none).

        Credentials are the profile's unless ``user``/``password`` are given. A refused log-in raises AssertionError
        with its SQLSTATE.
        """
        ...

    def s3(self, service: str, *, access_key: str = "", secret_key: str = "") -> ObjectStore:
        """Return a client for an object store of the profile, with the profile's keys unless others are given."""
        ...

    def secret(self, namespace: str, name: str, key: str) -> str:
        """Return the decoded value of a Secret's key; it is registered for redaction before it is returned."""
        ...

    def logs(self, namespace: str, pod: str, *, container: str = "", tail: int = 50, previous: bool = False) -> str:
        """Return the last lines a container logged."""
        ...

    def execute(
        self,
        namespace: str,
        pod: str,
        argv: Sequence[str],
        *,
        container: str = "",
        stdin: str = "",
        timeout: float = 30.0,
    ) -> ExecResult:
        """Run a command in a container (only for reading, in probes)."""
        ...

    def ssh(self, node: str, command: str, *, timeout: float = 15.0) -> ExecResult:
        """Run a read-only command on a node over SSH, as the profile says it is reached."""
        ...

    def markers(self) -> Markers:
        """The only door by which a ``@writes`` or ``@drill`` scenario may change something.

        What it makes is labelled and swept.
        """
        ...


class Markers(Protocol):
    """Objects that a scenario makes for itself.

    All carry the label ``roadworthy.dev/marker=<run id>`` and an expiry annotation.
    """

    def create(self, manifest: Mapping[str, Any]) -> Obj:
        """Create an object (its namespace must exist or be ``namespace()``'s).

        It is deleted when the scenario ends, also after a kill (next run sweeps).
        """
        ...

    def namespace(self) -> str:
        """Return a namespace of this scenario's own, made at the first call."""
        ...

    def delete(self, kind: str, name: str, *, namespace: str = "") -> None:
        """Delete an object that this scenario made, or that others made of it and named with its run's id.

        A sweeper may delete what carries the id of a run that is over.
        """
        ...

    def restart(self, kind: str, name: str, *, namespace: str, within: float = 120.0) -> list[str]:
        """(``@drill`` only) delete the workload's pods and wait until as many new ones are Ready.

        Return the new pods' names.
        """
        ...

    def undo_later(self, undo: Callable[[], None], what: str) -> None:
        """Register the undoing of a marker outside the API (a row, an annotation), run when the scenario ends.

        What must be undone after a kill too is swept by the probe that wrote it: it names its markers
        ``roadworthy-<run id>-…`` and a sweeper registered with ``sweepers.sweeper(component)`` removes
        the old ones when the next run that uses the component starts.
        """
        ...
