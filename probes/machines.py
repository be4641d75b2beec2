"""What each node's machine is (architecture, page size, its kernel's abilities), and if its images fit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.nodes import node as node_state
from probes.words import short
from roadworthy.cluster import Cluster, Obj
from roadworthy.errors import Unknown

#: Kubernetes' name of each architecture as ``uname -m`` and programs' version texts have it.
MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "riscv64": "riscv64", "ppc64le": "ppc64le"}

#: Ways in which a program ends on a machine that it wasn't made for (exit 133: jemalloc on pages that are too big).
UNFIT = re.compile(
    r"exec format error|Unsupported system page size|ELF load command alignment not page-aligned", re.IGNORECASE
)

#: The runtime's socket is root's; the profile's user may be somebody else.
LIST_IMAGES = (
    'PATH=$PATH:/usr/local/bin; as=; [ "$(id -u)" = 0 ] || as="sudo -n"; '
    "if command -v ctr >/dev/null; then $as ctr -n k8s.io images ls; else $as k3s ctr images ls; fi"
)


@dataclass(frozen=True, slots=True)
class Machine:
    """One node's machine; ``page_size`` in bytes, by the kernel itself."""

    node: str
    arch: str
    page_size: int

    def __str__(self) -> str:
        """Return ``node-3: arm64, pages of 16384 bytes``."""
        return f"{self.node}: {self.arch}, pages of {self.page_size} bytes"


@dataclass(frozen=True, slots=True)
class RunningImage:
    """An image that a pod on a node runs, with the platforms that the node's runtime holds it for."""

    image: str
    pod: str
    platforms: tuple[str, ...]

    def made_for(self, arch: str) -> bool:
        """Whether one of the platforms is Linux on that architecture (any variant)."""
        return any(platform.split("/")[:2] == ["linux", arch] for platform in self.platforms)

    def __str__(self) -> str:
        """Return ``image (platforms) in pod``."""
        return f"{self.image} ({', '.join(self.platforms)}) in {self.pod}"


def machine(cluster: Cluster, name: str) -> Machine:
    """Return what a node's machine is, asked over SSH; Unknown when it doesn't say."""
    answer = cluster.ssh(name, "uname -m; getconf PAGESIZE")
    said = answer.stdout.split()
    if answer.code or len(said) != 2 or not said[1].isdigit():
        seen = short(answer.stderr or answer.stdout) or f"exit code {answer.code}"
        raise Unknown(f"{name} tells its architecture and page size", seen=seen, where=f"ssh {name} uname, getconf")
    return Machine(name, MACHINES.get(said[0], said[0]), int(said[1]))


def images_on(cluster: Cluster, name: str) -> tuple[RunningImage, ...]:
    """Return the images that containers on a node run, with their platforms as the node's own runtime tells them."""
    node_state(cluster, name)
    held = _held(cluster, name)
    found = []
    for pod, state in _containers(cluster, name):
        digest = state.get("imageID", "").rpartition("@")[2].removeprefix("docker-pullable://")
        if not digest or "running" not in state.get("state", {}):
            continue
        platforms = held.get(digest) or held.get(state.get("image", ""))
        if platforms is None:
            seen = f"{state.get('image')} ({digest}) isn't among its {len(held)} images"
            raise Unknown(f"the runtime of {name} knows what {pod} runs", seen=seen, where=f"ssh {name} ctr images ls")
        found.append(RunningImage(str(state.get("image", "")), pod, platforms))
    return tuple(found)


def images_of(cluster: Cluster, name: str, pod: str) -> tuple[RunningImage, ...]:
    """Return the images that one pod on a node runs."""
    return tuple(image for image in images_on(cluster, name) if image.pod.rpartition("/")[2] == pod)


def unfit(cluster: Cluster, name: str) -> tuple[str, ...]:
    """Return the containers on a node that ended because they aren't made for its machine, with their words."""
    found = []
    for pod, state in _containers(cluster, name):
        for key in ("state", "lastState"):
            ended = (state.get(key) or {}).get("terminated") or {}
            held = (state.get(key) or {}).get("waiting") or {}
            words = ended.get("message") or held.get("message") or ""
            if not UNFIT.search(words) and (ended or held.get("reason") == "CrashLoopBackOff"):
                words = _last_words(cluster, pod, state["name"]) if ended.get("exitCode") or held else ""
            if UNFIT.search(words) or ended.get("exitCode") == 133:
                found.append(f"{pod} ({state.get('image')}): {short(words) or 'exit code 133, as over the page size'}")
                break
    return tuple(found)


def kernel_can(cluster: Cluster, name: str, *, filesystem: str = "", module: str = "") -> bool:
    """Whether a node's kernel has a file system or a module, loaded, built in or there to be loaded; asked over SSH."""
    words = []
    if filesystem:
        words.append(f"grep -qw {filesystem} /proc/filesystems")
    for one in filter(None, (module, filesystem)):
        words += [f"grep -qw ^{one} /proc/modules", f"test -d /sys/module/{one}", f"modprobe -n -q {one} 2>/dev/null"]
    answer = cluster.ssh(name, f"PATH=$PATH:/usr/sbin:/sbin; if {' || '.join(words)}; then echo yes; else echo no; fi")
    said = answer.stdout.strip()
    if said not in {"yes", "no"}:
        raise Unknown(f"{name} tells what its kernel can", seen=short(answer.stderr or said), where=f"ssh {name}")
    return said == "yes"


def _held(cluster: Cluster, name: str) -> dict[str, tuple[str, ...]]:
    """Return the platforms of each image on a node, by digest and by reference."""
    answer = cluster.ssh(name, LIST_IMAGES)
    lines = answer.stdout.splitlines()
    if answer.code or not lines or not lines[0].startswith("REF"):
        seen = short(answer.stderr or answer.stdout) or f"exit code {answer.code}"
        raise Unknown(f"the runtime of {name} lists its images", seen=seen, where=f"ssh {name} ctr images ls")
    held: dict[str, tuple[str, ...]] = {}
    for line in lines[1:]:
        parts = line.split()  # REF TYPE DIGEST SIZE UNIT PLATFORMS LABELS
        if len(parts) >= 6:
            platforms = tuple(parts[5].split(","))
            held.update({parts[2]: platforms, parts[0]: platforms})
    return held


def _containers(cluster: Cluster, name: str) -> list[tuple[str, Obj]]:
    """Return every container's status on a node, with its pod as ``namespace/name``."""
    return [
        (f"{pod['metadata']['namespace']}/{pod['metadata']['name']}", state)
        for pod in cluster.list("Pod")
        if pod["spec"].get("nodeName") == name and not pod["metadata"].get("deletionTimestamp")
        for key in ("initContainerStatuses", "containerStatuses")
        for state in pod.get("status", {}).get(key, ())
    ]


def _last_words(cluster: Cluster, pod: str, container: str) -> str:
    namespace, _, pod_name = pod.partition("/")
    try:
        return cluster.logs(namespace, pod_name, container=container, tail=3)
    except Unknown:  # its log is gone with it: then this is not known to be the machine's fault
        return ""
