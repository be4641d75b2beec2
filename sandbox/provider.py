"""Hands a running sandbox to whoever asks for a cluster: what it is called, where it is, how to get in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from roadworthy.errors import BadInput
from sandbox import layout, lock, manage, preflight
from sandbox.api import Api, ApiFailed, path
from sandbox.layout import CONTROL_PLANE, Sandbox
from sandbox.progress import Progress, for_stream


def facts(sandbox: Sandbox) -> dict[str, Any]:
    """Return what a profile needs to know of a running sandbox.

    Raises:
        ApiFailed: it doesn't run.

    """
    paths = sandbox.paths
    kube_system: str = Api(sandbox).get(path("v1", "Namespace", name="kube-system"))["metadata"]["uid"]
    return {
        "name": sandbox.name,
        "kubeconfig": str(paths.kubeconfig),
        "context": sandbox.context,
        "kube_system_uid": kube_system,
        "kubernetes": sandbox.release.version,
        "ca_bundle": str(paths.pki / "ca.crt"),
        "domain": sandbox.domain,
        "ingress_address": sandbox.address(CONTROL_PLANE),
        "audit_log": str(paths.audit_log),
        "ssh_user": "root",
        "ssh_key": str(paths.ssh_key),
        "known_hosts": str(paths.known_hosts),
        "nodes": [
            {"name": name, "address": sandbox.address(name), "role": "worker", "ssh_key": str(paths.ssh_key)}
            for name in sandbox.node_names
        ],
        "storage_classes": {"default": "local-path"},
        "node_agent": {
            "supervisor": "runit",
            "services": "containerd kubelet",
            "service_dir": "/etc/service",
        },
    }


def provide(
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    *,
    first: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Return the facts of a sandbox, after bringing it up when it doesn't run.

    A sandbox whose API server answers is taken as it is, nodes down and all: what is broken in it is for remedies to
    find, not for this function to hide.

    Args:
        options: `name`, `nodes`, `kubernetes` as in `roadworthy sandbox up`; all optional.
        progress: whom to tell; by default standard error.
        first: called before one is started that doesn't run.

    Raises:
        RoadworthyError: it can't be brought up.

    """
    wanted = dict(options or {})
    unknown = sorted(set(wanted) - {"name", "nodes", "kubernetes"})
    if unknown:
        raise BadInput("options of the sandbox: name, nodes, kubernetes", seen=", ".join(unknown))
    name, shown = manage.check_name(str(wanted.pop("name", "sandbox"))), progress or for_stream()
    preflight.privileges()
    # One that somebody takes down just now still answers for a moment.
    with lock.held(name, progress=shown):
        known = layout.load(name)
        if known is not None:
            with contextlib.suppress(ApiFailed, OSError):
                return facts(known)
    return facts(manage.up(name, progress=shown, first=first, **wanted).sandbox)
