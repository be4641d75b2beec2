"""K3s's snapshots of etcd and Longhorn's backups against a real API server and real SSH. Neither runs here.

What is shown: that the criteria read what an API server with these kinds serves (k3s.cattle.io/v1 ETCDSnapshotFile,
longhorn.io/v1beta2 BackupTarget, Backup and BackupVolume), what K3s writes on its nodes, and the files that are on the
machine; and that they fail with node, volume and reason. Not shown: that K3s or Longhorn store anything.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import manage
from sandbox.layout import Sandbox
from sandbox.progress import Silent
from sandbox.shell_in import ssh
from tests.accept.sandboxes import ROOT, TOOLBOX, eventually, kubectl
from tests.accept.test_storage_kinds import VOLUME, definition, volume_status

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="the sandbox is made of namespaces: it needs root"),
]
NAME = "kinds"
PROFILE = {
    "provider": "sandbox",
    "options": {"name": NAME, "nodes": 1},
    "distribution": "k3s",
    "nodes": [],
    "images": {"tools": TOOLBOX},
    "services": {"longhorn": {"namespace": "longhorn-system"}},
}
SCHEDULED = "phase2/snapshots-of-etcd-are-taken-every-six-hours-and-48-are-kept"
RUNS = "phase2/the-settings-for-snapshots-that-are-written-down-are-the-ones-that-run"
YOUNG = "phase2/the-newest-snapshot-of-etcd-is-younger-than-six-hours"
WHOLE = "phase2/every-snapshot-of-etcd-is-whole"
TARGET = "phase2/the-backup-target-of-longhorn-is-available"
VOLUMES = "phase2/every-volume-of-longhorn-was-backed-up-within-a-day"
FILE = 'cluster-init: true\netcd-snapshot-schedule-cron: "0 */6 * * *"\netcd-snapshot-retention: 48\n'
RIGHT = ["server", "--etcd-snapshot-schedule-cron", "0 */6 * * *", "--etcd-snapshot-retention", "48"]


def ago(**span: int) -> str:
    return f"{datetime.now(UTC) - timedelta(**span):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    try:
        yield manage.up(NAME, nodes=1, progress=Silent()).sandbox
    finally:
        manage.down(NAME)


@pytest.fixture
def judge(tmp_path: Path, sandbox: Sandbox) -> Callable[[str], dict[str, tuple[str, str]]]:
    """Run criteria as a user would, chosen by words of their names; return verdict and reason of each."""
    profiles = tmp_path / "clusters"
    profiles.mkdir()
    shutil.copy(ROOT / "clusters" / "profile.schema.json", profiles)
    (profiles / f"{NAME}.yaml").write_text(yaml.safe_dump(PROFILE))
    where = ("--profile-dir", str(profiles), "--reports", str(tmp_path / "reports"))
    command = [sys.executable, "-m", "pytest", "features/phase2.feature", "--cluster", NAME, *where, "-k"]

    def run(chosen: str) -> dict[str, tuple[str, str]]:
        report = tmp_path / "reports" / "verdicts.json"
        report.unlink(missing_ok=True)
        done = subprocess.run([*command, chosen], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
        assert report.exists(), done.stdout + done.stderr
        return {each["id"]: (each["verdict"], each["reason"]) for each in json.loads(report.read_text())["criteria"]}

    return run


def server(sandbox: Sandbox, arguments: list[str], text: str) -> None:
    """Have node-1 stand as a K3s server that runs with these arguments, and has this configuration."""
    roles = ("node-role.kubernetes.io/control-plane=true", "node-role.kubernetes.io/etcd=true")
    kubectl(sandbox, "label", "--overwrite", "node", "node-1", *roles)
    kubectl(sandbox, "annotate", "--overwrite", "node", "node-1", f"k3s.io/node-args={json.dumps(arguments)}")
    words = "mkdir -p /etc/rancher/k3s && cat > /etc/rancher/k3s/config.yaml"
    subprocess.run([*ssh(sandbox, "node-1"), words], input=text, text=True, check=True, timeout=30)


def snapshot(moment: str, **status: Any) -> dict[str, Any]:
    name = f"etcd-snapshot-node-1-{moment.lower().replace(':', '')}"
    place = f"file:///var/lib/rancher/k3s/server/db/snapshots/{name}"
    said = {"readyToUse": True, "creationTime": moment, "size": "12345344", **status}
    return {
        "apiVersion": "k3s.cattle.io/v1",
        "kind": "ETCDSnapshotFile",
        "metadata": {"name": f"local-{name}"},
        "spec": {"snapshotName": name, "nodeName": "node-1", "location": place},
        "status": said,
    }


def test_k3ss_snapshots_are_judged_by_its_own_objects(
    sandbox: Sandbox, judge: Callable[[str], dict[str, tuple[str, str]]]
) -> None:
    kind = definition("ETCDSnapshotFile", "etcdsnapshotfiles")
    kind["metadata"]["name"] = "etcdsnapshotfiles.k3s.cattle.io"
    kind["spec"] |= {"group": "k3s.cattle.io", "scope": "Cluster"}
    kind["spec"]["versions"][0] |= {"name": "v1", "subresources": {}}
    kubectl(sandbox, "apply", "-f", "-", stdin=yaml.safe_dump(kind))
    eventually(lambda: kubectl(sandbox, "apply", "-f", "-", stdin=yaml.safe_dump(snapshot(ago(hours=2)))))

    server(sandbox, RIGHT, FILE)
    judged = judge("etcd or settings_for_snapshots")
    assert {judged[each][0] for each in (SCHEDULED, RUNS, YOUNG, WHOLE)} == {"passed"}, judged

    # The roadmap's "needs a K3s restart to activate".
    server(sandbox, ["server"], FILE)
    judged = judge("etcd or settings_for_snapshots")
    assert "K3s on node-1: by the schedule 0 */12 * * *" in judged[SCHEDULED][1]
    assert "node-1 runs with 0 */12 * * *, 5 kept, its files say 0 */6 * * *, 48 kept" in judged[RUNS][1]

    server(sandbox, RIGHT, FILE)
    kubectl(sandbox, "delete", "etcdsnapshotfiles.k3s.cattle.io", "--all")
    error = {"message": "etcdserver: request timed out", "time": ago(hours=9)}
    bad = [snapshot(ago(hours=8)), snapshot(ago(hours=9), readyToUse=False, error=error)]
    kubectl(sandbox, "apply", "-f", "-", stdin=yaml.safe_dump_all(bad))
    judged = judge("etcd or settings_for_snapshots")
    assert "is 8 h old" in judged[YOUNG][1]
    assert "etcdserver: request timed out" in judged[WHOLE][1]


def test_longhorns_backups_are_judged_by_its_own_objects(
    sandbox: Sandbox, judge: Callable[[str], dict[str, tuple[str, str]]]
) -> None:
    kinds = [("Node", "nodes"), ("Volume", "volumes"), ("BackupTarget", "backuptargets")]
    kinds += [("Backup", "backups"), ("BackupVolume", "backupvolumes")]
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "longhorn-system"}}
    kubectl(sandbox, "apply", "-f", "-", stdin=yaml.safe_dump_all([*(definition(*each) for each in kinds), namespace]))

    def made(kind: str, name: str, **more: Any) -> dict[str, Any]:
        meta = {"name": name, "namespace": "longhorn-system", **more.pop("metadata", {})}
        return {"apiVersion": "longhorn.io/v1beta2", "kind": kind, "metadata": meta, **more}

    target = made("BackupTarget", "default", spec={"backupTargetURL": "nfs://nas:/backup", "pollInterval": "5m0s"})
    stored = made("BackupVolume", "pvc-5f2b-a1b2", spec={"volumeName": "pvc-5f2b", "backupTargetName": "default"})
    backup = made("Backup", "backup-1", metadata={"labels": {"backup-volume": "pvc-5f2b"}}, spec={"snapshotName": "s"})
    objects = [target, stored, backup, VOLUME]
    eventually(lambda: kubectl(sandbox, "apply", "-f", "-", stdin=yaml.safe_dump_all(objects)))

    def status(what: str, said: dict[str, Any]) -> None:
        words = ("patch", what, "--namespace=longhorn-system", "--subresource=status", "--type=merge", "-p")
        kubectl(sandbox, *words, json.dumps({"status": said}))

    status("volumes.longhorn.io/pvc-5f2b", volume_status("healthy")["status"])
    status("backuptargets.longhorn.io/default", {"available": True, "conditions": []})
    status("backupvolumes.longhorn.io/pvc-5f2b-a1b2", {"lastBackupAt": ago(hours=3)})
    status("backups.longhorn.io/backup-1", {"state": "Completed"})
    assert {verdict for verdict, _ in judge("longhorn").values()} == {"passed"}

    said = {
        "type": "Unavailable",
        "status": "True",
        "reason": "Unavailable",
        "message": "mount: access denied by server",
    }
    status("backuptargets.longhorn.io/default", {"available": False, "conditions": [said]})
    status("backupvolumes.longhorn.io/pvc-5f2b-a1b2", {"lastBackupAt": ago(days=3)})
    judged = judge("longhorn")
    assert "default (nfs://nas:/backup): Unavailable: mount: access denied by server" in judged[TARGET][1]
    assert "logging/data-loki-0: 3 d ago" in judged[VOLUMES][1]

    status("backupvolumes.longhorn.io/pvc-5f2b-a1b2", {"lastBackupAt": ago(hours=3)})
    status("backups.longhorn.io/backup-1", {"state": "Error", "error": "failed to put: context deadline exceeded"})
    assert "pvc-5f2b: failed to put: context deadline exceeded" in judge("longhorn")[VOLUMES][1]
