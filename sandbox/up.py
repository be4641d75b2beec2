"""Brings a sandbox up, from whatever state it is in: nothing there, half dead, or in perfect health."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import addons, control_plane, host, identity, machine, network, node, nodes, repair, status, supervise
from sandbox.addons import readiness
from sandbox.api import Api
from sandbox.layout import CONTROL_PLANE, Sandbox
from sandbox.materials import Materials
from sandbox.paths import registry_storage
from sandbox.pki import Authority
from sandbox.progress import Progress

TOUCHED = {
    "containerd": ("containerd/config.toml",),
    "kubelet": ("kubernetes/kubelet.yaml", "kubernetes/kubelet.kubeconfig", "kubernetes/pki/kubelet.crt"),
    "kube-proxy": ("kubernetes/kube-proxy.yaml", "kubernetes/kube-proxy.kubeconfig"),
    "kube-apiserver": ("kubernetes/audit-policy.yaml", "kubernetes/pki/apiserver.crt"),
}
"""Service -> the files that it reads once: it is started again when one of them changes."""


@dataclass
class Run:
    """One `up`: what it works on, whom it tells, and when each stage was reached (seconds from its start)."""

    sandbox: Sandbox
    materials: Materials
    progress: Progress
    started: float = field(default_factory=time.monotonic)
    reached: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, task: str, seconds: float) -> Iterator[None]:
        """Show a step while it lasts; note when it was over."""
        self.progress.start(task, seconds)
        try:
            yield
        finally:
            self.progress.done(task)
        self.reached[task] = round(time.monotonic() - self.started, 2)


def write_etc(sandbox: Sandbox, name: str, files: Mapping[str, bytes], init: int | None) -> set[str]:
    """Write a machine's files below /etc, through the machine itself while it runs; return those that changed."""
    base = Path(f"/proc/{init}/root/etc") if init else sandbox.paths.etc(name)
    changed = set()
    for relative, content in files.items():
        path = base / relative
        if path.exists() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            path.unlink()
        private = relative.endswith((".key", "_key", ".kubeconfig", "shadow"))
        path.write_bytes(content)
        path.chmod(0o600 if private else 0o644)
        changed.add(relative)
    return changed


def _machine(run: Run, name: str, init: int | None, files: Mapping[str, bytes], services: Mapping[str, str]) -> None:
    """Bring one machine to where it should be."""
    sandbox = run.sandbox
    network.ensure_machine(sandbox, name)
    if init is not None and not machine.supervised(init):
        machine.kill(sandbox, (name,))
        init = None
    touched = write_etc(sandbox, name, files, init)
    redefined = supervise.define(sandbox, name, services)
    if init is None:
        binaries = {"kubernetes": run.materials.kubernetes, "kubectl": run.materials.kubectl}
        extra: dict[Path, str] = {}
        if name == CONTROL_PLANE:
            binaries["registry"] = run.materials.registry
            extra[registry_storage()] = control_plane.REGISTRY_STORAGE.lstrip("/")
        else:
            binaries["containerd"] = run.materials.containerd
        machine.kill(sandbox, (name,))
        machine.start(sandbox, name, binaries, extra)
        return
    if not repair.await_supervisors(sandbox, name, list(services)):
        machine.kill(sandbox, (name,))
        _machine(run, name, None, files, services)
        return
    for service in services:
        stale = service in redefined or touched & set(TOUCHED.get(service, ()))
        if stale and supervise.state(sandbox, name, service) == "run":
            supervise.tell(sandbox, name, service, "t")
    repair.start_all(sandbox, name, list(services))


def machines(run: Run) -> None:
    """Bring up the network and every machine, all at the same time."""
    sandbox = run.sandbox
    host.raise_limits()
    network.ensure_switch(sandbox)
    authority = control_plane.certificates(sandbox)
    identity.ensure_ssh(sandbox)
    running = machine.inits(sandbox)
    repair.end_orphans(running)

    def one(name: str) -> None:
        if name == CONTROL_PLANE:
            files = control_plane.etc(sandbox, authority)
            services = control_plane.services(sandbox)
        else:
            files = _node_files(run, authority, name)
            services = node.services(sandbox, name)
        _machine(run, name, running.get(name), {**identity.etc(sandbox, name), **files}, services)

    # The control plane first: the nodes' certificates are made while its etcd starts.
    with ThreadPoolExecutor(max_workers=4) as pool:
        for done in [pool.submit(one, name) for name in sandbox.machines]:
            done.result()


def _node_files(run: Run, authority: Authority, name: str) -> dict[str, bytes]:
    node.certificates(run.sandbox, authority, name)
    return node.etc(run.sandbox, authority, name, run.materials.images["pause"])


def bring_up(run: Run) -> None:
    """Bring everything up: machines, API server, nodes, add-ons.

    Raises:
        RoadworthyError: what could not be done, and where to look.

    """
    sandbox, api = run.sandbox, Api(run.sandbox)
    sandbox.save()
    with run.step("machines", 2):
        machines(run)
    with run.step("API server", 4):
        nodes.wait_for_api(sandbox, api)
    with run.step(f"{sandbox.nodes} nodes", 4):
        nodes.introduce(sandbox, api)
        addons.apply(sandbox, api, Authority(sandbox.paths.pki), run.materials.images)
        nodes.wait_ready(sandbox, api)
    with run.step("add-ons", 10):
        readiness.wait(api, machine.boots(sandbox))
        for name in sandbox.machines:
            repair.await_supervisors(sandbox, name, list(status.services(sandbox, name)))
