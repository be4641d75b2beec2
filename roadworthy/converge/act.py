"""One Change -> one executor. Each has a dry run and, where it is possible, an undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from roadworthy import redact
from roadworthy.change import (
    Apply,
    Change,
    Delete,
    Evict,
    Exec,
    HelmRollback,
    HelmUpgrade,
    Http,
    Patch,
    Play,
    Scale,
)
from roadworthy.converge import api, helm, reach
from roadworthy.converge.records import Executed
from roadworthy.converge.tools import Tools
from roadworthy.s3_action import S3

#: What does which Action: ``(tools, change, action, dry=…)`` returns what was executed, or the diff of a dry run.
EXECUTORS: Mapping[type[Any], Callable[..., Executed | str]] = {
    Apply: api.apply,
    Patch: api.patch,
    Delete: api.delete,
    Evict: api.evict,
    Scale: api.scale,
    HelmUpgrade: helm.upgrade,
    HelmRollback: helm.rollback,
    Exec: reach.execute,
    Http: reach.http,
    S3: reach.s3,
    Play: reach.play,
}


def seen(change: Change) -> None:
    """Remember what a Change would put into a Secret, so that it is struck out wherever the Change is told of."""
    if change.target.kind == "Secret":
        action: Any = change.action
        for each in (getattr(action, "manifest", None), getattr(action, "body", None), change.before, change.after):
            redact.register_secret(each)


def prepare(tools: Tools, change: Change) -> None:
    """Have ready what a Change needs beside the cluster, however long that takes: the images that its pods will pull.

    Raises:
        BadInput: one can't be had. Nothing was done.

    """
    wanted = change.action.images if isinstance(change.action, HelmUpgrade) else ()
    if tools.options.images is not None and wanted:
        tools.options.images(wanted)


def act(tools: Tools, change: Change) -> Executed:
    """Carry a Change out.

    Raises:
        Refused: the object isn't what was judged any more, or a disruption budget says no. Nothing was done.
        ActionFailed: it was tried and came to nothing.
        Unknown: what became of it can't be told.

    """
    executed = EXECUTORS[type(change.action)](tools, change, change.action, dry=False)
    if isinstance(executed, str):
        raise TypeError(f"{type(change.action).__name__} was only tried out")
    return executed


def rehearse(tools: Tools, change: Change) -> str:
    """Return what a Change would alter, as a diff; raises as ``act`` does, and changes nothing."""
    seen(change)
    shown = EXECUTORS[type(change.action)](tools, change, change.action, dry=True)
    if not isinstance(shown, str):
        raise TypeError(f"{type(change.action).__name__} was carried out in a rehearsal")
    return shown
