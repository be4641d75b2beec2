"""Grafana lost data sources or dashboards, or somebody edited them: they are provisioned again.

First its configuration is put back and read anew (`refresh_config`). When the files are right and Grafana still
doesn't hold what they say, a data source that took another's name under a uid of its own is deleted, and Grafana is
told to read its files again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from probes import dashboards, grafana
from remediation import refresh_config
from remediation._common import refuse
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Http, Target
from roadworthy.cluster import Cluster

#: Grafana is asked to change things itself: no right on the cluster's objects.
RIGHTS: tuple[str, ...] = ()

COMPONENT = "grafana"
RELOAD = "/api/admin/provisioning/{what}/reload"


def remedy(case: Case) -> Changes:
    """Bring back what the profile lists."""
    refresh, outcome, refreshed = refresh_config.remedy(_for_grafana(case)), None, False
    while True:
        try:
            change = refresh.send(outcome)
        except StopIteration:
            break
        outcome = yield change
        refreshed = True
    if refreshed:
        return  # Grafana reads its files when it starts; whether that was enough is judged first
    try:
        changes = [*_sources(case.cluster), *_dashboards(case.cluster)]
    except AssertionError as error:
        refuse("Grafana can be asked what it holds", [str(error)])
        return
    for change in changes:
        yield change


def _for_grafana(case: Case) -> Case:
    return Case(case.cluster, case.criterion, case.message, COMPONENT, case.parameters)


def _listed(cluster: Cluster, what: str) -> list[str]:
    """Return the uids that the profile lists; they stand in the order of the file."""
    service = cluster.profile.services.get(COMPONENT)
    found: Any = service.settings.get(what, ()) if service else ()
    return [str(each) for each in found]


def _sources(cluster: Cluster) -> Changes:
    live = grafana.sources(cluster)
    missing = [uid for uid in _listed(cluster, "data_sources") if uid not in {each.uid for each in live}]
    strangers = [each for each in live if each.uid not in _listed(cluster, "data_sources")]
    sick = [each for each in live if not each.healthy]
    if not missing and not sick:
        return
    cause = "; ".join(_causes(missing, sick))
    for each in strangers:
        if missing and each.name.lower() in {uid.lower() for uid in missing}:
            target = Target("DataSource", each.name)
            why = f"{cause}; data source {each.name} has uid {each.uid}: it stands in the way of the provisioned one"
            action = Http(COMPONENT, "DELETE", f"/api/datasources/uid/{each.uid}")
            yield Change("delete", target, action, why, before={"uid": each.uid, "type": each.type})
    yield _reload("datasources", cause)


def _causes(missing: list[str], sick: list[grafana.Source]) -> Iterator[str]:
    if missing:
        yield f"Grafana lacks data source {', '.join(missing)}"
    if sick:
        yield f"data source {'; '.join(str(each) for each in sick)}"


def _dashboards(cluster: Cluster) -> Changes:
    live = dashboards.listed(cluster)
    missing = [uid for uid in _listed(cluster, "dashboards") if uid not in live]
    if missing:
        yield _reload("dashboards", f"Grafana lacks dashboard {', '.join(missing)}")


def _reload(what: str, cause: str) -> Change:
    action = Http(COMPONENT, "POST", RELOAD.format(what=what), {})
    why = f"{cause}; it reads its files again"
    return Change(
        "provision",
        Target("Provisioning", what),
        action,
        why,
        blast_radius=("Deployment grafana",),
        component=COMPONENT,
    )
