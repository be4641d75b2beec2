"""Several measurements of one service's pod, one after the other, as the metrics API takes them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from probes.services import described, pods_of
from probes.usage import Usage, pod_usage
from probes.words import told
from roadworthy.cluster import Cluster

#: How long one measurement may take to come (metrics-server takes one every 15 s by default, K3s as well). Seconds.
INTERVAL = 45.0


@dataclass(frozen=True, slots=True)
class Sampled:
    """The measurements of a pod: ``cpu`` their median in millicores, ``memory`` the most in MiB."""

    pod: str
    samples: tuple[Usage, ...]

    @property
    def cpu(self) -> float:
        """Median."""
        return statistics.median(each.cpu for each in self.samples)

    @property
    def memory(self) -> float:
        """Most."""
        return max(each.memory for each in self.samples)


def sampled(cluster: Cluster, service: str, count: int) -> Sampled:
    """Return ``count`` measurements of a service's first pod, each of another time."""
    pod, namespace = pods_of(cluster, service)[0].name, described(cluster, service).namespace
    taken: dict[float, Usage] = {}

    def enough() -> Sampled:
        usage = pod_usage(cluster, namespace, pod)
        if usage is not None:
            taken[usage.time] = usage
        if len(taken) < count:
            seen, where = f"{len(taken)} so far", f"metrics API, pod {namespace}/{pod}"
            raise AssertionError(told(f"{pod} is measured {count} times", seen=seen, where=where))
        return Sampled(f"{namespace}/{pod}", tuple(taken[time] for time in sorted(taken)))

    return cluster.until(enough, within=INTERVAL * (count + 1), what=f"measurements of {service}")
