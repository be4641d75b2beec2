"""Metrics as programs expose them for Prometheus, and how one pod's are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from probes.words import short, told
from roadworthy.cluster import Cluster
from roadworthy.errors import Denied, Unknown

#: Whichever pod is asked for.
RIGHTS: tuple[str, ...] = ("get pods/proxy",)

_LINE = re.compile(r"^(?P<name>[A-Za-z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+-?\d+)?\s*$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of an exposition."""

    name: str
    labels: Mapping[str, str]
    value: float


def samples(text: str, *names: str) -> Iterator[Sample]:
    """Yield the samples of these names (``_total`` may be missing or there: programs differ), in the text's order."""
    wanted = {*names, *(f"{name}_total" for name in names), *(name.removesuffix("_total") for name in names)}
    for line in text.splitlines():
        if line.startswith("#") or line.partition("{")[0].split(" ")[0] not in wanted:
            continue
        if found := _LINE.match(line):
            yield Sample(found["name"], dict(_LABEL.findall(found["labels"] or "")), float(found["value"]))


def total(text: str, *names: str) -> float | None:
    """Return the sum of the samples of these names; None when there is none."""
    values = [sample.value for sample in samples(text, *names)]
    return sum(values) if values else None


def exposition(cluster: Cluster, namespace: str, pod: str, port: int, path: str = "/metrics") -> str:
    """Return what one pod exposes, through the API server; AssertionError when the pod doesn't answer.

    The API server reports a silent pod as its own 502 or 503: only when it is well itself is that the pod's fault.
    """
    where = f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}"
    try:
        text = cluster.raw(where)
    except Denied:
        raise
    except Unknown as error:
        cluster.raw("/readyz")  # raises Unknown again when it is the API server that is in trouble
        seen, todo = short(str(error)), f"look at the log of {namespace}/{pod}"
        raise AssertionError(told(f"{namespace}/{pod} exposes {path}", seen=seen, where=where, todo=todo)) from error
    if text is None:
        raise AssertionError(told(f"{namespace}/{pod} exposes {path}", seen="404, no such page", where=where))
    return str(text)
