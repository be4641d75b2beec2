"""A certificate that the ingress shows is expired, expires soon, isn't trusted or names another host: issued anew.

By whom depends on who issued it: cert-manager is asked to issue again; a cluster whose provider has an authority of
its own (the sandbox) signs a new one. A Secret that somebody filled by hand can only be renewed by them.
Pods that hold the old certificate in a file are made anew, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probes import edge
from probes.config_age import sources
from probes.moments import ago
from remediation._common import refuse
from remediation.refresh_config import renew
from roadworthy import certificates
from roadworthy.case import Case, Changes
from roadworthy.change import Apply, Change, Patch, Target
from roadworthy.cluster import Cluster, Obj

#: What is changed.
RIGHTS: tuple[str, ...] = ("apply secrets", "patch certificates.cert-manager.io/status")

#: A certificate that is valid for less is renewed, seconds.
SOON = 7 * 86400.0

ISSUED_BY = "cert-manager.io/certificate-name"
CERTIFICATE = "cert-manager.io/v1/Certificate"


def remedy(case: Case) -> Changes:
    """Renew the certificate behind every listed host that shows a bad one."""
    cluster, reasons, acted = case.cluster, list[str](), False
    for (namespace, name), words in _bad(cluster).items():
        cause = f"{'; '.join(words.values())}"
        change = _renewal(cluster, namespace, name, sorted(words), cause)
        if isinstance(change, str):
            reasons.append(f"{cause}; {change}")
            continue
        yield change
        acted = True
        yield from renew(cluster, lambda where=namespace, what=name: _holders(cluster, where, what))  # type: ignore[misc]
    if not acted:
        refuse("a bad certificate could be renewed", reasons)


def _bad(cluster: Cluster) -> dict[tuple[str, str], dict[str, str]]:
    """Return what is wrong, by the Secret (namespace, name) that it comes from and then by host."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for host in edge.hosts(cluster):
        try:
            shown = edge.certificate(cluster, host)
        except AssertionError as error:
            refuse("the ingress shows a certificate", [str(error)])
            raise
        words = _fault(shown)
        if words:
            found.setdefault(_secret(cluster, host), {})[host] = words
    return found


def _fault(shown: edge.Certificate) -> str:
    about = f"the certificate for {shown.host} (issued by {shown.issuer})"
    if shown.seconds_left <= 0:
        return f"{about} expired {ago(-shown.seconds_left)} ago"
    if shown.stand_in:
        return f"{about} is the ingress's own stand-in"
    if shown.fault:
        return f"{about} isn't valid: {shown.fault}"
    return f"{about} expires in {ago(shown.seconds_left)}" if shown.seconds_left < SOON else ""


def _secret(cluster: Cluster, host: str) -> tuple[str, str]:
    """Return where a host's certificate comes from: its Ingress's Secret, else the one that the profile names."""
    for ingress in cluster.list("Ingress"):
        for tls in ingress["spec"].get("tls", ()):
            if host in tls.get("hosts", ()) and tls.get("secretName"):
                return ingress["metadata"]["namespace"], tls["secretName"]
    traefik = cluster.profile.services.get("traefik")
    name = str(traefik.settings.get("certificate", "")) if traefik else ""
    return (traefik.namespace, name) if traefik and name else ("", "")


def _renewal(cluster: Cluster, namespace: str, name: str, hosts: list[str], cause: str) -> Change | str:
    """Return the Change that renews a Secret's certificate, or why there is none."""
    if not name:
        return "no Ingress names a Secret for it, nor does services.traefik.settings.certificate of the profile"
    secret = cluster.fresh("Secret", name, namespace=namespace)
    issued = ((secret or {}).get("metadata", {}).get("annotations") or {}).get(ISSUED_BY, "")
    if issued and cluster.serves(CERTIFICATE):
        return _ask_cert_manager(cluster, namespace, issued, cause)
    pair = certificates.issue(cluster.profile, [*hosts, *_wildcard(cluster)])
    if pair is None:
        return f"Secret {namespace}/{name} was filled by hand: renew it there"
    target = Target("Secret", name, namespace)
    return Change(
        verb="renew",
        target=target,
        action=Apply(_manifest(namespace, name, pair), force=True),
        why=f"{cause}; signed anew by the cluster's own authority",
        before={"keys": sorted((secret or {}).get("data") or {})},
        after={"keys": ["tls.crt", "tls.key"]},
        blast_radius=(str(target), *(f"host {host}" for host in hosts)),
    )


def _wildcard(cluster: Cluster) -> list[str]:
    return [f"*.{cluster.profile.domain}"] if cluster.profile.domain else []


def _manifest(namespace: str, name: str, pair: tuple[str, str]) -> Mapping[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": {"tls.crt": pair[0], "tls.key": pair[1]},
    }


def _ask_cert_manager(cluster: Cluster, namespace: str, name: str, cause: str) -> Change | str:
    """Return what ``cmctl renew`` does: the condition that makes cert-manager issue again."""
    live = cluster.fresh(CERTIFICATE, name, namespace=namespace)
    if live is None:
        return f"cert-manager's Certificate {namespace}/{name}, which issued it, is gone: make it again"
    others = [each for each in live.get("status", {}).get("conditions", ()) if each["type"] != "Issuing"]
    issuing = {"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "Renewed by Roadworthy"}
    target = Target("Certificate", name, namespace, live["metadata"].get("uid", ""), CERTIFICATE.rpartition("/")[0])
    return Change(
        verb="renew",
        target=target,
        action=Patch({"status": {"conditions": [*others, issuing]}}, subresource="status"),
        why=f"{cause}; cert-manager issues it again",
        before={"notAfter": live.get("status", {}).get("notAfter")},
        after={"Issuing": "True"},
        blast_radius=(str(target),),
    )


def _holders(cluster: Cluster, namespace: str, name: str) -> list[Obj]:
    """Return the pods that have the Secret in a file or in their environment."""
    return [each for each in cluster.list("Pod", namespace=namespace) if ("Secret", name) in set(sources(each))]
