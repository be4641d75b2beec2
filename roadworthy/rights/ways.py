"""What it takes to reach the services of a profile, to read their credentials, and to make markers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from roadworthy.cluster.markers import MARKED
from roadworthy.cluster.workloads import ROLLED_OUT_KINDS
from roadworthy.profile import Profile, SecretRef, Service
from roadworthy.rights import kinds
from roadworthy.rights.right import WATCH, Right, parse

#: A drill deletes a workload's pods, with its key in hand, and while nobody holds the Lease.
_DRILLS = frozenset(
    {
        Right("", "pods", "delete"),
        Right("coordination.k8s.io", "leases", "get", "roadworthy", "kube-system"),
        *(Right("apps", f"{kind.lower()}s", verb) for kind in ROLLED_OUT_KINDS for verb in ("get", "patch")),
    }
)
_SERVICE_WAYS = {"http", "post", "sql", "s3"}


def words(profile: Profile, declared: str) -> Iterator[Right]:
    """Yield what a module's declaration means on this cluster: ``http grafana`` depends on how Grafana is reached."""
    how, _, name = declared.partition(" ")
    yield from service(profile, how, name) if how in _SERVICE_WAYS else parse(declared)


def service(profile: Profile, how: str, name: str) -> Iterator[Right]:
    """Yield what reaching a service takes (any of them, where no name is given): its way, and its credentials."""
    chosen = [profile.services[name]] if name in profile.services else [] if name else list(profile.services.values())
    for each in chosen:
        if how == "s3" and each.settings.get("endpoint"):
            pass  # outside the cluster: only its credentials may be in it
        elif how in {"sql", "s3"} or (not each.host and each.username):
            yield from _tunnel(each)
        elif not each.host and each.port:
            verbs = ("get",) if how == "http" else ("get", "create")
            yield from (Right("", "services/proxy", verb, _proxied(each), each.namespace) for verb in verbs)
        yield from _credentials(each)


def credentials(profile: Profile) -> Iterator[Right]:
    """Yield what reading every credential takes that the profile keeps in a Secret."""
    for each in profile.services.values():
        yield from _credentials(each)


def _tunnel(each: Service) -> Iterator[Right]:
    yield from (Right("", kind, verb) for kind in ("services", "pods") for verb in WATCH)
    yield from (Right("", "pods/portforward", verb, "", each.namespace) for verb in ("get", "create"))


def _proxied(each: Service) -> str:
    """Return the name by which the API server's proxy knows a service and its port."""
    return f"{each.scheme}:{each.service}:{each.port}"


def _credentials(each: Service) -> Iterator[Right]:
    for reference in (each.username, each.password):
        if isinstance(reference, SecretRef) and reference.name:
            yield Right("", "secrets", "get", reference.name, reference.namespace)


def markers(made: Iterable[str], *, drills: bool, taken: Iterable[str] = ()) -> frozenset[Right]:
    """Return what scenarios need to make objects of these kinds, and to take away what they or a killed run made.

    ``taken``: kinds that others make because of them (a restored namespace), and that they take away as well.
    """
    found = {Right("", "namespaces", "create"), Right("", "serviceaccounts", "get")} if made else set()
    for kind in made:
        if where := kinds.resource(kind):
            found |= {Right(*where, verb) for verb in ("create", "get")}
    for kind in taken:
        if where := kinds.resource(kind):
            found |= {Right(*where, verb) for verb in ("get", "delete")}
    for kind in (*MARKED, *(kind for kind in made if "." in kind)) if made else ():
        if where := kinds.resource(kind):
            found.add(Right(*where, "delete"))
    return frozenset(found | (_DRILLS if drills else set()))


def sweeping() -> frozenset[Right]:
    """Return what looking for the markers of killed runs takes."""
    return frozenset(Right(*where, "list") for kind in MARKED if (where := kinds.resource(kind)))
