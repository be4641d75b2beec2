"""What a remedy may ask for: one Change at a time, as data.

A remedy yields Changes; the engine checks, journals, executes and proves each one. So dry run, diff, limits, undo
and audit are written once, in the engine, and every remedy has them. A Change holds an Action, and an Action is
plain data: nothing in it is executed before the engine has let it pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roadworthy.s3_action import S3

Manifest = Mapping[str, Any]
#: Kind -> resource of what takes others with it when it goes, or may be the only good one: never taken away again.
KEPT = {"CustomResourceDefinition": "customresourcedefinitions", "Namespace": "namespaces", "Backup": "backups"}


@dataclass(frozen=True, slots=True)
class Target:
    """One object of the cluster.

    Attributes:
        kind: as the API writes it, e.g. ``Pod``; ``Release`` and ``Host`` for what lives outside the API.
        name: object name.
        namespace: empty for what is cluster-wide.
        uid: when set, the action only applies to exactly this incarnation (a precondition in the request).
        api_version: needed for kinds that are not built in.

    """

    kind: str
    name: str
    namespace: str = ""
    uid: str = ""
    api_version: str = ""

    def __str__(self) -> str:
        """Return ``Kind namespace/name``."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Apply:
    """Server-side apply of a whole object (creates it where it is missing)."""

    manifest: Manifest
    force: bool = False


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch of the target; ``content_type`` is ``merge``, ``strategic`` or ``json``; ``subresource`` may be empty."""

    body: Manifest | Sequence[Manifest]
    content_type: str = "merge"
    subresource: str = ""
    #: Optimistic lock: the patch is refused when the object has moved on from this version.
    resource_version: str = ""


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the target; its ``uid`` is sent as a precondition. ``grace_seconds=0`` forces (stuck pods only)."""

    grace_seconds: int | None = None
    orphan: bool = False


@dataclass(frozen=True, slots=True)
class Evict:
    """Ask for the pod's eviction: a disruption budget may refuse, and then the Change is refused."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Set the number of replicas; ``for_now``: the same remedy scales back, or the next run does if this one dies."""

    replicas: int
    for_now: bool = False


@dataclass(frozen=True, slots=True)
class HelmUpgrade:
    """``helm upgrade --install`` of a component; release name and namespace are the target's.

    It runs server-side with ``--force-conflicts``, so that what somebody changed by hand is put back although the
    release itself is unchanged.

    Attributes:
        chart: a folder on this machine, ``oci://…`` or ``https://…`` of a packed chart.
        version: the chart's exact version (empty for a folder).
        values: files on this machine, the last one wins. They hold no secret.
        digest: pins chart, values and files together; 40 hex digits.
        timeout_seconds: for the whole upgrade, waiting included.
        chart_digest: ``sha256:…`` of the packed chart, checked before it is used (empty for a folder).
        labels: stored on the release (``--labels``): ``roadworthy.dev/digest`` and ``roadworthy.dev/component``.
        images: what the release's pods will pull; a provider that fills its own registry is asked for them first.
        wait: whether to wait until its pods are ready, and to roll back when they don't get there.

    """

    chart: str
    version: str
    values: tuple[str, ...]
    digest: str
    timeout_seconds: int = 180
    chart_digest: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    wait: bool = True


@dataclass(frozen=True, slots=True)
class HelmRollback:
    """``helm rollback`` to a revision (0: the last deployed one)."""

    revision: int = 0


@dataclass(frozen=True, slots=True)
class Exec:
    """Run a command in a container. ``argv`` must hold no secret; ``stdin`` is never journaled."""

    container: str
    argv: tuple[str, ...]
    stdin: str | None = None
    timeout_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Http:
    """One request to a service of the profile (e.g. re-provision Grafana). ``body`` is never journaled."""

    service: str
    method: str
    path: str
    body: Manifest | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """An Ansible playbook (a file below ``ansible/``) on one node, over SSH; check mode is its dry run."""

    playbook: str
    node: str
    variables: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: int = 300


Action = Apply | Patch | Delete | Evict | Scale | HelmUpgrade | HelmRollback | Exec | Http | S3 | Play


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a remedy wants done.

    Attributes:
        verb: one word for people: ``delete``, ``install``, ``restart``, ``scale`` …
        target: what is changed.
        action: how.
        why: the cause that was found, in words that name the object and the node: it is what reports show.
        before: what is there now (the part that changes), JSON-like; ``None`` when nothing is.
        after: what will be there, JSON-like; ``None`` when it will be gone.
        reversible: whether the engine can undo it.
        blast_radius: the objects, as ``str(Target)``, that feel it; the target itself is always one of them.
        component: the component that is touched, so that its criteria are judged again afterwards.

    """

    verb: str
    target: Target
    action: Action
    why: str
    before: Any = None
    after: Any = None
    reversible: bool = False
    blast_radius: tuple[str, ...] = ()
    component: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a Change; the engine sends it back into the remedy's generator.

    Attributes:
        change: the Change.
        done: whether it was executed (False for a plan and for what a guard refused).
        detail: the server's or tool's last words, redacted.
        seconds: how long it took.

    """

    change: Change
    done: bool
    detail: str = ""
    seconds: float = 0.0
