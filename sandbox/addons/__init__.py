"""What every sandbox has installed: DNS, storage, metrics, ingress. Manifests are beside this file."""

from __future__ import annotations

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from roadworthy.errors import BadInput
from sandbox import etcd
from sandbox.api import Api, Object
from sandbox.layout import CLUSTER_DOMAIN, Sandbox
from sandbox.pki import Authority, Subject

FOLDER = Path(__file__).parent
FIRST = "namespaces.yaml"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def _values(sandbox: Sandbox, authority: Authority) -> dict[str, str]:
    addresses = [sandbox.address(machine) for machine in sandbox.machines]
    return {
        "DOMAIN": sandbox.domain,
        "INGRESS": sandbox.ingress_service,
        "DNS": sandbox.dns,
        "ADDRESS": addresses[0],
        "ADDRESSES": f"[{', '.join(addresses)}]",
        "MACHINES": " ".join(name for machine in sandbox.machines for name in (machine, f"{machine}.{sandbox.domain}")),
        "HOSTS": "\n            ".join(
            f"{sandbox.address(machine)} {machine} {machine}.{sandbox.domain}" for machine in sandbox.machines
        ),
        "REPLICAS": str(min(2, sandbox.nodes)),
        "CA_BASE64": base64.b64encode(authority.certificate_file.read_bytes()).decode(),
    }


def manifests(sandbox: Sandbox, authority: Authority, images: dict[str, str]) -> dict[str, list[Object]]:
    """Return the objects of each manifest file.

    Args:
        sandbox: whose addresses and names are filled in.
        authority: whose certificate is.
        images: recipe -> full name of the image.

    Raises:
        BadInput: a manifest has a place for something unknown.

    """
    values = _values(sandbox, authority)
    found = {}
    for file in sorted(FOLDER.glob("*.yaml")):

        def fill(match: re.Match[str], file: Path = file) -> str:
            name = match[1]
            value = images.get(name.removeprefix("IMAGE:")) if name.startswith("IMAGE:") else values.get(name)
            if value is None:
                raise BadInput(f"a value for @{name}@", where=str(file), todo=f"one of {', '.join(sorted(values))}")
            return value

        text = re.sub(r"@([A-Z_0-9]+(?::[a-z-]+)?)@", fill, file.read_text())
        found[file.name] = [item for item in yaml.load_all(text, Loader=yaml.CSafeLoader) if item]
    return found


def _tls_secret(namespace: str, name: str, files: tuple[Path, Path]) -> Object:
    def inline(file: Path) -> str:
        return base64.b64encode(file.read_bytes()).decode()

    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": name, "namespace": namespace},
        "data": {"tls.crt": inline(files[0]), "tls.key": inline(files[1])},
    }


def secrets(sandbox: Sandbox, authority: Authority) -> list[Object]:
    """Return the Secrets with the add-ons' own certificates."""
    service = "metrics-server.kube-system.svc"
    metrics = authority.ensure(
        "metrics-server",
        Subject(service, names=("metrics-server", service, f"{service}.{CLUSTER_DOMAIN}"), server=True, client=False),
    )
    wildcard = authority.ensure(
        "wildcard",
        Subject(f"*.{sandbox.domain}", names=(f"*.{sandbox.domain}", sandbox.domain), server=True, client=False),
    )
    return [
        _tls_secret("kube-system", "metrics-server-tls", metrics),
        _tls_secret("ingress", "wildcard-tls", wildcard),
        etcd.secret(sandbox),
    ]


def remembering(item: Object) -> Object:
    """Return the object with what it is written on it, as `kubectl apply` does: whoever finds it changed can tell."""
    metadata = item["metadata"]
    notes = {**metadata.get("annotations", {}), LAST_APPLIED: json.dumps(item, separators=(",", ":"), sort_keys=True)}
    return {**item, "metadata": {**metadata, "annotations": notes}}


def apply(sandbox: Sandbox, api: Api, authority: Authority, images: dict[str, str]) -> None:
    """Make all add-ons what the manifests say; nothing changes where they are."""
    groups = manifests(sandbox, authority, images)
    for item in groups.pop(FIRST):
        api.apply(item)
    for item in secrets(sandbox, authority):
        api.apply(item)

    def all_of(items: list[Object]) -> None:
        own = Api(sandbox)
        for item in items:
            own.apply(remembering(item))

    # It is complete ten seconds after its start, when it has measured twice: the others have time until then.
    all_of(groups.pop("metrics-server.yaml"))
    with ThreadPoolExecutor(max_workers=len(groups)) as pool:
        for done in [pool.submit(all_of, items) for items in groups.values()]:
            done.result()
