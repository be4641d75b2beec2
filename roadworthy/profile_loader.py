"""Load clusters/NAME.yaml. Everything that is wrong with it is found before the first call to the cluster."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from roadworthy import backups, document, units
from roadworthy.document import Document
from roadworthy.errors import BadInput
from roadworthy.maintenance import Window
from roadworthy.profile import Node, Profile, SecretRef, Service

SCHEMA = "profile.schema.json"
#: What is taken of a provider's answer: names of Profile's fields; ``nodes`` as mappings like those in a profile.
PROVIDED = (
    *("kubeconfig", "context", "kube_system_uid", "distribution", "domain", "ingress_address", "ca_bundle"),
    *("nodes", "ssh_user", "ssh_key", "node_agent", "storage_classes", "images"),
)


class Provider(Protocol):
    """Makes or finds a cluster."""

    def __call__(self, options: dict[str, Any], *, first: Callable[[], None]) -> dict[str, Any]:
        """Return what it says of the cluster; calls ``first`` before it starts one that doesn't run."""


def load(folder: Path, name: str) -> Profile:
    """Return the profile ``name`` as its file says it; nothing is asked of a provider yet.

    Raises:
        BadInput: there is no such profile, or something in it is wrong; names file and line.

    """
    path = folder / f"{name}.yaml"
    path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    names = sorted(file.stem for file in folder.glob("*.yaml"))
    if name not in names:
        todo = document.nearest(name, names) if names else f"write {path}; docs/ tells how"
        raise BadInput(f"a cluster profile of the name {name}", seen="none", where=str(folder), todo=todo)
    said = document.read(path)
    document.check(said, _schema(folder))
    _no_plain_credentials(said, said.content)
    return _profile(name, said)


def provided(profile: Profile, first: Callable[[], None] = lambda: None) -> Profile:
    """Return the profile with what its provider, if it names one, says about the cluster that it has made or found.

    Args:
        profile: as its file says it.
        first: called before a cluster is started that doesn't run.

    Raises:
        BadInput: nobody provides it.

    """
    if not profile.provider:
        return profile
    found = {point.name: point for point in entry_points(group="roadworthy.providers")}
    if profile.provider not in found:
        raise BadInput(f"a provider {profile.provider!r}", seen=", ".join(found) or "none", where=profile.where)
    provide: Provider = found[profile.provider].load()
    given = {key: value for key, value in provide(dict(profile.options), first=first).items() if key in PROVIDED}
    known = {one.name for one in fields(Node)}
    nodes = ({key: value for key, value in node.items() if key in known} for node in given.pop("nodes", []))
    provided = replace(profile, **given, nodes=tuple(Node(**node) for node in nodes) or profile.nodes)
    return replace(provided, services=_hosts(provided))


def waiver_ids(folder: Path) -> frozenset[str]:
    """Return the ids of all waivers in all profiles of the folder; a broken profile is told of when it is chosen."""
    found: set[str] = set()
    for file in sorted(folder.glob("*.yaml")):
        try:
            waivers = document.read(file).content.get("waivers")
        except BadInput:
            continue
        found |= {str(w["id"]) for w in waivers or [] if isinstance(w, dict) and "id" in w}
    return frozenset(found)


def _schema(folder: Path) -> Path:
    beside = folder / SCHEMA
    return beside if beside.is_file() else Path(__file__).resolve().parent.parent / "clusters" / SCHEMA


def _profile(name: str, said: Document) -> Profile:
    content = said.content
    ssh, window, drills = content.get("ssh", {}), _window(said), content.get("drills", "never")
    if drills == "window" and window is None:
        raise BadInput("drills: window has a maintenance_window", seen="none", where=said.at("drills"))
    profile = Profile(
        name=name,
        where=str(said.path),
        **{
            key: content.get(key) or ""
            for key in ("provider", "context", "kube_system_uid", "domain", "ingress_address")
        },
        **{key: _path(said.path.parent, content.get(key, "")) for key in ("kubeconfig", "ca_bundle")},
        distribution=content.get("distribution", "kubernetes"),
        nodes=_nodes(said),
        storage_classes=content.get("storage_classes", {}),
        storage=content.get("storage", {}),
        services={key: _service(key, value) for key, value in content.get("services", {}).items()},
        images=content.get("images", {}),
        drills=drills == "always",
        drill_window=window if drills == "window" else None,
        maintenance=window,
        time_factor=float(content.get("time_factor", 1.0)),
        ssh_user=ssh.get("user", "root"),
        ssh_key=_path(said.path.parent, ssh.get("key", "")),
        node_agent=content.get("node_agent", {}),
        limits={key: units.quantity(value) for key, value in content.get("limits", {}).items()},
        waivers=tuple(_waivers(said)),
        options=content.get("options", {}),
        backups=backups.load(content.get("backups", {})),
    )
    return replace(profile, services=_hosts(profile)) if profile.domain else profile


def _hosts(profile: Profile) -> dict[str, Service]:
    """Return the services with the domain put into their host names."""
    services = profile.services.items()
    return {
        name: replace(service, host=service.host.replace("@{domain}", profile.domain)) for name, service in services
    }


def _path(folder: Path, said: str) -> str:
    """Return a path as seen from the profile's folder; empty stays empty."""
    return str((folder / Path(said).expanduser()).resolve()) if said else ""


def _nodes(said: Document) -> tuple[Node, ...]:
    seen: dict[str, int] = {}
    for index, node in enumerate(said.content["nodes"]):
        if node["name"] in seen:
            raise BadInput("each node once", seen=f"{node['name']} again", where=said.at("nodes", index))
        seen[node["name"]] = index
    return tuple(Node(**node) for node in said.content["nodes"])


def _service(name: str, said: Mapping[str, Any]) -> Service:
    username, password = said.get("username", ""), said.get("password")
    return Service(
        name=name,
        **{key: said[key] for key in ("namespace", "workload", "host", "port", "scheme", "settings") if key in said},
        service=said.get("service", name),
        username=username if isinstance(username, str) else _reference(username),
        password=_reference(password) if password else None,
    )


def _reference(said: Mapping[str, Any]) -> SecretRef:
    return SecretRef(env=said["env"]) if "env" in said else SecretRef(**said["secret"])


def _window(said: Document) -> Window | None:
    if "maintenance_window" not in said.content:
        return None
    try:
        return Window.of(said.content["maintenance_window"])
    except (ValueError, KeyError) as error:
        where = said.at("maintenance_window", "timezone")
        raise BadInput("a time zone by its name, like Europe/Berlin", seen=str(error), where=where) from error


def _waivers(said: Document) -> list[dict[str, object]]:
    waivers = said.content.get("waivers", [])
    for index, waiver in enumerate(waivers):
        try:
            date.fromisoformat(waiver["expires"])
        except ValueError as error:
            where = said.at("waivers", index, "expires")
            raise BadInput("a day like 2026-12-31", seen=str(error), where=where) from error
    return waivers  # type: ignore[no-any-return]


def _no_plain_credentials(said: Document, part: Any, *steps: str | int) -> None:
    """Refuse a credential as a value where the schema leaves the keys to the probes (settings, options)."""
    if isinstance(part, dict):
        for key, value in part.items():
            if re.search(r"password|passwd|token|api.?key|private.?key", str(key), re.IGNORECASE) and isinstance(
                value, str
            ):
                expected = f"{'.'.join(map(str, [*steps, key]))} is a reference, never a value"
                raise BadInput(expected, seen="a text", where=said.at(*steps, key), todo="write {env: VARIABLE}")
            _no_plain_credentials(said, value, *steps, str(key))
    elif isinstance(part, list):
        for index, value in enumerate(part):
            _no_plain_credentials(said, value, *steps, index)
