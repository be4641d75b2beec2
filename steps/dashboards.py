"""Steps about Grafana."""

from __future__ import annotations

import secrets

from pytest_bdd import given, parsers, then

from probes import dashboards, grafana
from probes.dashboards import Dashboard
from probes.grafana import Source
from probes.marks import grafana as marks
from probes.marks.grafana import Annotation, User
from probes.services import setting_list
from probes.words import few, told
from roadworthy.cluster import Cluster


@then(parsers.parse("Grafana says that its database is ok within {seconds:d} seconds"))
def healthy(cluster: Cluster, seconds: int) -> None:
    """Wait for its own word."""
    cluster.until(lambda: _healthy(cluster), within=seconds, what="Grafana")


@then("Grafana lets the administrator in")
def admin_in(cluster: Cluster) -> None:
    """Try the profile's credentials."""
    todo = "compare the Secret that the profile names with what Grafana was first started with"
    assert grafana.lets_in(cluster), told("the administrator's password is right", seen="refused", todo=todo)


@given("a user of Grafana's own", target_fixture="user")
def own_user(cluster: Cluster) -> User:
    """Make one: five wrong passwords lock a user out, and the administrator is needed."""
    return marks.user(cluster)


@then("Grafana lets that user in with the right password")
def right_password(cluster: Cluster, user: User) -> None:
    """Try it."""
    assert grafana.lets_in(cluster, (user.login, user.password)), told("the right password is let in", seen="refused")


@then("Grafana lets that user in with no other password")
def wrong_password(cluster: Cluster, user: User) -> None:
    """Try another, and an empty one."""
    let_in = [word for word in (secrets.token_hex(8), "") if grafana.lets_in(cluster, (user.login, word))]
    todo = "look at [auth] in grafana.ini"
    assert not let_in, told("a wrong password is refused", seen=f"{len(let_in)} of 2 were let in", todo=todo)


@given("an annotation is written in Grafana", target_fixture="annotation")
def annotated(cluster: Cluster) -> Annotation:
    """Write one."""
    return marks.annotation(cluster)


@then(parsers.parse("Grafana returns that annotation within {seconds:d} seconds"))
def annotation_kept(cluster: Cluster, annotation: Annotation, seconds: int) -> None:
    """Read it back."""
    text = cluster.until(lambda: marks.kept(cluster, annotation), within=seconds, what="the annotation")
    assert text == annotation.text, told("the annotation is the one that was written", seen=text)


@then("Grafana has every data source that the profile lists", target_fixture="sources")
def sources_there(cluster: Cluster) -> tuple[Source, ...]:
    """Compare by uid."""
    found, listed = grafana.sources(cluster), setting_list(cluster, grafana.SERVICE, "data_sources")
    missing = sorted(set(listed) - {source.uid for source in found})
    seen, todo = f"missing: {few(missing)}; there: {few(source.uid for source in found)}", "provision them again"
    good = bool(found) and not missing
    assert good, told("every listed data source is there", seen=seen, where="Grafana", todo=todo)
    return found


@then("every data source of Grafana is healthy")
def sources_healthy(sources: tuple[Source, ...]) -> None:
    """Judge each by its own check."""
    bad = [source for source in sources if not source.healthy]
    assert not bad, told("every data source is healthy", seen=few(bad), todo="look at their addresses and log-ins")


@then("Grafana has every dashboard that the profile lists")
def dashboards_there(cluster: Cluster) -> None:
    """Compare by uid."""
    found, listed = dashboards.listed(cluster), setting_list(cluster, grafana.SERVICE, "dashboards")
    missing, todo = sorted(set(listed) - set(found)), "provision them again"
    seen = f"missing: {few(missing)}; there: {few(found)}"
    good = bool(found) and not missing
    assert good, told("every listed dashboard is there", seen=seen, where="Grafana", todo=todo)


@then("every panel of every dashboard answers its query without error", target_fixture="asked")
def panels_answer(cluster: Cluster) -> tuple[Dashboard, ...]:
    """Ask each panel as a browser would."""
    found = dashboards.provisioned(cluster)
    bad = [panel for board in found for panel in board.panels if panel.errors]
    assert found, told("dashboards are provisioned", seen="none", todo="look at Grafana's provisioning")
    assert not bad, told(
        "every panel answers", seen=few(bad), where="Grafana", todo="mend these queries or their source"
    )
    return found


@then("every dashboard shows data")
def boards_show(asked: tuple[Dashboard, ...]) -> None:
    """A dashboard without one row of data is no use, however well its queries parse."""
    empty = [board.title for board in asked if not board.rows]
    assert not empty, told("every dashboard shows data", seen=f"no data in {few(empty)}", todo="compare its labels")


@then("the dashboard of the backups shows data, and every panel of it answers")
def backups_shown(cluster: Cluster) -> None:
    """Ask each of its panels as a browser would."""
    board = next((each for each in dashboards.provisioned(cluster) if each.uid == "backups"), None)
    assert board is not None, told("Grafana has the dashboard of the backups", seen="none", todo="provision it again")
    bad, silent = [each for each in board.panels if each.errors], [each.title for each in board.panels if not each.rows]
    seen = f"errors: {few(bad)}; panels without data: {few(silent)}"
    good = not bad and len(silent) < len(board.panels) / 2
    assert good, told("most panels show data, all answer", seen=seen, where=board.title, todo="compare its labels")


def _healthy(cluster: Cluster) -> None:
    found = grafana.health(cluster)
    seen, good = f"{found.status}, database {found.database}", found.status == 200 and found.database == "ok"
    assert good, told("Grafana's database is ok", seen=seen, where="/api/health", todo="look at Grafana's log")
