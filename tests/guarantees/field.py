"""One test's field: a namespace, an identity, a proxy in front of the API server, and runners on both sides of it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from roadworthy.case import Case
from roadworthy.cluster import connect
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import Convergence, Options
from roadworthy.profile import Node, Profile
from tests.guarantees import toys
from tests.guarantees.ground import ROOT, TOOLBOX, Admin, Audit, eventually, kubeconfig
from tests.guarantees.proxy import Proxy

LIMITS: dict[str, object] = {"confirm_after": 0.2, "settle": 20.0, "back_off": 0.1, "lease": 30.0}
LABELS = {"app": "web"}


@dataclass
class Field:
    """See the module. ``facts`` are the sandbox's; ``folder`` is this test's own."""

    facts: dict[str, Any]
    folder: Path
    role: str = "cluster-admin"

    def __post_init__(self) -> None:
        self.admin = Admin(Path(self.facts["kubeconfig"]))
        self.home = f"guarantees-{secrets.token_hex(3)}"
        self._stack = ExitStack()
        self.admin.make("/api/v1/namespaces", {"metadata": {"name": self.home}})
        self._stack.callback(self.admin.delete, f"/api/v1/namespaces/{self.home}")
        eventually(lambda: self.admin.get(f"/api/v1/namespaces/{self.home}/serviceaccounts/default"))
        self.user = f"system:serviceaccount:{self.home}:runner"
        self.token = self.identity("runner", self.role)
        self.audit = Audit(Path(self.facts["audit_log"]), self.admin, self.user)
        self.kubeconfig = self.config("direct", {"token": self.token})

    def identity(self, name: str, role: str) -> str:
        """Make a service account with a cluster role; return a token of it."""
        accounts = f"/api/v1/namespaces/{self.home}/serviceaccounts"
        self.admin.make(accounts, {"metadata": {"name": name}})
        subject = {"kind": "ServiceAccount", "name": name, "namespace": self.home}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
        bindings, binding = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", f"{self.home}-{name}"
        body = {"metadata": {"name": binding}, "roleRef": reference, "subjects": [subject]}
        self.admin.make(bindings, body)
        self._stack.callback(self.admin.delete, f"{bindings}/{binding}")
        asked = {"spec": {"expirationSeconds": 7200}}
        return str(self.admin.make(f"{accounts}/{name}/token", asked)["status"]["token"])

    def config(self, name: str, user: dict[str, Any], *, proxied: bool = False, context: str = "guard") -> Path:
        """Write a kubeconfig of this test."""
        server = self.proxy.server if proxied else self.admin.server
        authority = self.proxy.authority if proxied else self.admin.authority
        return kubeconfig(self.folder / f"kubeconfig-{name}", server, authority, user, context)

    @cached_property
    def proxy(self) -> Proxy:
        made = Proxy(self.admin.server, self.admin.authority, self.folder)
        self._stack.callback(made.close)
        return made

    @cached_property
    def proxied(self) -> Path:
        """The kubeconfig that leads through the proxy."""
        return self.config("proxied", {"token": self.token}, proxied=True)

    @property
    def journal(self) -> Path:
        """The folder of the journal."""
        return self.folder / "reports" / "journal"

    def entries(self) -> list[dict[str, Any]]:
        """Return what the journal holds, as it lies on the disk."""
        path = self.journal / "guard.jsonl"
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith(b"\n")]

    def kinds(self) -> list[str]:
        return [entry["kind"] for entry in self.entries()]

    def profile(self, path: Path | None = None, **limits: object) -> Profile:
        """Return a profile of the sandbox as this test's user sees it."""
        known = {"name", "address", "role", "arch"}
        nodes = tuple(Node(**{k: v for k, v in each.items() if k in known}) for each in self.facts["nodes"])
        found = Profile("guard", "guard.yaml", context="guard", kubeconfig=str(path or self.kubeconfig), nodes=nodes)
        uid = self.facts["kube_system_uid"]
        return replace(found, kube_system_uid=uid, limits={**LIMITS, **limits}, ssh_key=self.facts["ssh_key"])

    def connect(self, profile: Profile | None = None) -> LiveCluster:
        cluster = connect(profile or self.profile())
        self._stack.callback(cluster.close)
        return cluster

    def engine(self, cluster: LiveCluster, remedies: dict[str, Any] | None = None, **options: Any) -> Convergence:
        """Return an engine in this process, on the test's journal."""
        known = Options({**toys.REMEDIES, **(remedies or {})}, **options)
        made = Convergence(cluster, cluster.profile, known, self.journal)
        self._stack.callback(made.__exit__, None, None, None)
        return made

    def case(self, cluster: LiveCluster, criterion: str = "guard/wanted", **parameters: str) -> Case:
        return Case(cluster, criterion, "wanted is wrong", "", {"home": self.home, **parameters})

    def wrong(self, name: str = "wanted", value: str = "wrong") -> None:
        """Have the map say something wrong."""
        self.admin.put_map(self.home, name, k=value)

    def right(self) -> bool:
        return self.admin.map(self.home, "wanted") == {"k": "right"}

    def workload(self, replicas: int = 1, **metadata: Any) -> None:
        """Make the Deployment ``web``, and wait until its pods are ready."""
        container = {"name": "web", "image": TOOLBOX, "command": ["/bin/sh", "-c", "echo up; exec sleep 100000"]}
        spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
        template = {"metadata": {"labels": LABELS}, "spec": spec}
        body = {
            "metadata": {"name": "web", **metadata},
            "spec": {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template},
        }
        self.admin.make(f"/apis/apps/v1/namespaces/{self.home}/deployments", body)
        eventually(lambda: len(self.pods()) == replicas, 120)

    def pods(self) -> list[dict[str, Any]]:
        """Return the Ready pods of ``web``."""
        status, found = self.admin.ask("GET", f"/api/v1/namespaces/{self.home}/pods?labelSelector=app%3Dweb")
        assert status == 200, found
        up = {"type": "Ready", "status": "True"}.items()
        return [
            each
            for each in found["items"]
            if not each["metadata"].get("deletionTimestamp")
            and any(up <= condition.items() for condition in each["status"].get("conditions", ()))
        ]

    def order(self, path: Path | None = None, work: list[Any] | None = None, **more: Any) -> list[str]:
        """Return the command line of a runner in a process of its own."""
        told = {
            "profile": {
                "name": "guard",
                "where": "guard.yaml",
                "context": "guard",
                "kubeconfig": str(path or self.proxied),
                "kube_system_uid": self.facts["kube_system_uid"],
                "limits": {**LIMITS, **more.pop("limits", {})},
            },
            "journal": str(self.journal),
            "home": self.home,
            **more,
            "work": work or [["guard/wanted", "map", ["put_map"]]],
        }
        return [sys.executable, "-m", "tests.guarantees.runner", json.dumps(told)]

    def start(self, argv: list[str], **environment: str) -> subprocess.Popen[str]:
        """Start a runner in a process group of its own; it doesn't outlive the test."""
        runtime = self.folder / "runtime"
        runtime.mkdir(exist_ok=True)
        env = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), **environment}
        child = subprocess.Popen(
            argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self._stack.callback(_end, child)
        return child

    def run(self, argv: list[str], seconds: float = 240.0) -> str:
        """Run a runner to its end and return what it said."""
        child = self.start(argv)
        said, _ = child.communicate(timeout=seconds)
        assert child.returncode == 0, said
        return said

    def defer(self, undo: Callable[[], Any]) -> None:
        self._stack.callback(undo)

    def lease(self) -> dict[str, Any]:
        """Return the spec of the Lease."""
        found = self.admin.get("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/roadworthy")
        return dict(found["spec"]) if found else {}

    def close(self) -> None:
        self._stack.close()


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.kill()
    child.wait()
    if child.stdout:
        child.stdout.close()
