"""From a profile to a live cluster, after proof that it is the one which the profile means."""

from __future__ import annotations

from roadworthy.cluster import kubeconfig
from roadworthy.cluster.access import Access
from roadworthy.cluster.live import LiveCluster
from roadworthy.errors import BadInput, Refused, Unknown
from roadworthy.profile import Profile


def connect(profile: Profile) -> LiveCluster:
    """Open the cluster that a profile describes.

    Raises:
        BadInput: the kubeconfig or its context isn't there, or this is another cluster than the profile means.
        Unknown: the API server can't be reached.

    """
    cluster = LiveCluster(profile, Access(kubeconfig.load(profile.kubeconfig, profile.context)))
    try:
        if profile.kube_system_uid:
            same(cluster)
    except BaseException:
        cluster.close()
        raise
    return cluster


def uid(cluster: LiveCluster) -> str:
    """Return the UID of the namespace kube-system, which names a cluster for its whole life. Read anew at each call."""
    found = cluster.fresh("v1/Namespace", "kube-system")
    if found is None:
        raise Unknown("the namespace kube-system is there", where=cluster.access.config.server)
    return str(found["metadata"]["uid"])


def same(cluster: LiveCluster) -> str:
    """Return the cluster's UID, which is the profile's.

    Raises:
        BadInput: it is another cluster.

    """
    profile, seen = cluster.profile, uid(cluster)
    if seen != profile.kube_system_uid:
        raise BadInput(
            f"profile {profile.name} is for the cluster whose kube-system UID is {profile.kube_system_uid}",
            seen=f"context {cluster.access.config.context} at {cluster.access.config.server} is {seen}",
            where=profile.where,
            todo="choose the right --cluster, or correct kube_system_uid",
        )
    return seen


def writable(cluster: LiveCluster) -> str:
    """Return the cluster's UID if a remedy may write to it: context and UID are both the profile's, as of now.

    Raises:
        Refused: the profile doesn't say both, or they differ.

    """
    profile = cluster.profile
    missing = [key for key in ("context", "kube_system_uid") if not getattr(profile, key)]
    if missing:
        todo = "a remedy only writes to a cluster that its profile names by both"
        raise Refused(f"the profile says {' and '.join(missing)}", where=profile.where, todo=todo)
    if cluster.access.config.context != profile.context:
        raise Refused(f"the context is {profile.context}", seen=cluster.access.config.context, where=profile.where)
    try:
        return same(cluster)
    except BadInput as error:
        raise Refused(error.expected, seen=error.seen, where=error.where, todo=error.todo) from error
