"""What scenarios make goes away, whatever happens to the run; on the real sandbox."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

from roadworthy import markers
from roadworthy.cluster.live import LiveCluster
from roadworthy.profile import Profile
from tests.accept.cluster.conftest import ROOT, TOOLBOX

pytestmark = [pytest.mark.sandbox, pytest.mark.accept]


class TestMarkers:
    def test_a_pod_in_a_namespace_of_its_own(self, cluster: LiveCluster) -> None:
        with cluster.scenario("accept/x", ["writes"]):
            namespace = cluster.markers().namespace()
            spec = {"containers": [{"name": "c", "image": TOOLBOX, "command": ["sleep", "60"]}]}
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": namespace}, "spec": spec}
            cluster.markers().create(pod)

        def gone() -> None:
            assert cluster.fresh("Namespace", namespace) is None

        cluster.until(gone, within=90)

    def test_a_drill_restarts(self, cluster: LiveCluster, home: str, web: str) -> None:
        with cluster.scenario("accept/x", ["drill"]):
            new = cluster.markers().restart("Deployment", "web", namespace=home)
        assert new != [web]

    def test_what_a_killed_run_left_is_swept_by_the_next(self, cluster: LiveCluster, profile: Profile) -> None:
        script = f"""
            import os, signal
            from roadworthy.cluster import connect
            from roadworthy.profile import Profile
            cluster = connect(Profile("x", "x", kubeconfig={profile.kubeconfig!r}, context={profile.context!r}))
            with cluster.scenario("accept/killed", ["writes"]):
                print(cluster.markers().namespace(), flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
        """
        ended = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        left = ended.stdout.strip()
        assert (cluster.fresh("Namespace", left) or {})["metadata"]["labels"][markers.LABEL]
        assert f"/api/v1/namespaces/{left}" in cluster.sweep(())
