"""What a component is: installers/NAME/component.yaml as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roadworthy import document
from roadworthy.errors import BadInput
from roadworthy.profile import Profile

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "component.schema.json"
#: Seconds that an upgrade may take: over a slow line to a slow card, and from a registry next door.
_TIMEOUT = {"upstream": 300, "sandbox": 90}


@dataclass(frozen=True, slots=True)
class Image:
    """An image that the pods pull; ``platforms`` (``linux/arm64``) is empty where it is built for the nodes at hand."""

    name: str
    digest: str = ""
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Login:
    """A text with ``${username}`` and ``${password}`` of a service of the profile."""

    text: str
    service: str


@dataclass(frozen=True, slots=True)
class Secret:
    """Credentials of a component.

    Attributes:
        name: the object's.
        random: key -> length; made at the first install.
        plain: key -> value that is no secret.
        logins: key -> what follows another service's credentials.

    """

    name: str
    random: Mapping[str, int]
    plain: Mapping[str, str]
    logins: Mapping[str, Login] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edition:
    """How the component is installed on one sort of cluster.

    Attributes:
        chart: a folder in ``charts/``, or the address of a packed chart.
        version: the packed chart's version; empty for a folder.
        digest: the packed chart's ``sha256:…``; empty for a folder.
        values: the file of values.
        memory: what its pods may use at most, in bytes; on each node where ``per_node``.
        per_node: whether it runs on every node.
        images: what its pods pull.
        timeout: seconds that an upgrade may take.
        crds: files of custom resource definitions beside the chart; a packed chart's own are found in it.
        unavailable: why it can't be had on this sort of cluster; empty when it can.

    """

    chart: str
    version: str
    digest: str
    values: Path
    memory: int
    per_node: bool
    images: tuple[Image, ...]
    timeout: int
    crds: tuple[Path, ...] = ()
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """One component; ``where`` maps a field to ``file:line``."""

    name: str
    summary: str
    namespace: str
    requires: tuple[str, ...]
    secrets: tuple[Secret, ...]
    upstream: Edition
    sandbox: Edition
    where: Mapping[str, str]

    def edition(self, profile: Profile) -> Edition:
        """Return how it is installed on this cluster."""
        return self.sandbox if profile.provider == "sandbox" else self.upstream


def load(path: Path) -> Component:
    """Return the component that a component.yaml describes.

    Raises:
        BadInput: the file breaks the schema, or doesn't agree with its folder; the message names file and line.

    """
    found = document.read(path)
    document.check(found, SCHEMA)
    data = found.content
    if data["name"] != path.parent.name:
        seen = f"{data['name']} in the folder {path.parent.name}"
        raise BadInput("a component named as its folder", seen=seen, where=found.at("name"))
    return Component(
        name=data["name"],
        summary=data["summary"],
        namespace=data["namespace"],
        requires=tuple(data.get("requires", ())),
        secrets=tuple(_secret(item) for item in data.get("secrets", ())),
        upstream=_edition(found, "upstream"),
        sandbox=_edition(found, "sandbox"),
        where={field: found.at(field) for field in ("name", "requires", "secrets", "upstream", "sandbox")},
    )


def _edition(found: document.Document, key: str) -> Edition:
    data = found.content[key]
    values = found.path.parent / data["values"]
    if not values.is_file():
        raise BadInput(
            "the file of values beside component.yaml", seen=f"no {values.name}", where=found.at(key, "values")
        )
    if "://" not in data["chart"] and not (ROOT / "charts" / data["chart"] / "Chart.yaml").is_file():
        raise BadInput("a chart in installers/charts", seen=f"no {data['chart']}", where=found.at(key, "chart"))
    images = (Image(item["name"], item.get("digest", ""), tuple(item.get("platforms", ()))) for item in data["images"])
    return Edition(
        chart=data["chart"],
        version=data.get("version", ""),
        digest=data.get("digest", ""),
        values=values,
        memory=_bytes(data["memory"]["limit"]),
        per_node=data["memory"]["per"] == "node",
        images=tuple(images),
        timeout=data.get("timeout", _TIMEOUT[key]),
        crds=_crds(found, key),
        unavailable=data.get("unavailable", ""),
    )


def _crds(found: document.Document, key: str) -> tuple[Path, ...]:
    pattern = found.content[key].get("crds")
    files = tuple(sorted(found.path.parent.glob(pattern))) if pattern else ()
    if pattern and not files:
        raise BadInput("at least one file of definitions", seen=f"none is named {pattern}", where=found.at(key, "crds"))
    return files


def _secret(data: Mapping[str, Any]) -> Secret:
    fields = data["data"]
    return Secret(
        name=data["name"],
        random={key: said["random"] for key, said in fields.items() if "random" in said},
        plain={key: said["plain"] for key, said in fields.items() if "plain" in said},
        logins={key: Login(**said) for key, said in fields.items() if "service" in said},
    )


def _bytes(quantity: str) -> int:
    power: int = 1 + ["Ki", "Mi", "Gi"].index(quantity[-2:])
    return int(quantity[:-2]) * int(1024**power)


def load_all(root: Path = ROOT) -> dict[str, Component]:
    """Return every component below ``root``, by name, in the order of their names.

    Raises:
        BadInput: one of them can't be used; the message names file and line.

    """
    return {path.parent.name: load(path) for path in sorted(root.glob("*/component.yaml"))}
