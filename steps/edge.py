"""Steps about the ingress: what it answers, where it leads, and which certificates it shows."""

from __future__ import annotations

from urllib.parse import urlsplit

from pytest_bdd import parsers, then, when

from probes import edge, grafana, nodes
from probes.edge import Certificate, EdgeAnswer
from probes.grafana import Answer
from probes.words import few, told
from roadworthy.cluster import Cluster
from steps._node import NODE


@when("a host that nobody serves is asked for", target_fixture="answer")
def unknown_host(cluster: Cluster) -> EdgeAnswer:
    """Ask where the profile says that the ingress is."""
    return edge.ask(cluster, edge.nobody(cluster))


@when(
    parsers.parse("a host that nobody serves is asked for at the address of {ordinal:Node}", extra_types=NODE),
    target_fixture="answer",
)
def unknown_host_at(cluster: Cluster, ordinal: str) -> EdgeAnswer:
    """Ask at one node."""
    at = edge.address(cluster, nodes.listed(cluster, ordinal))
    return edge.ask(cluster, edge.nobody(cluster), at=at)


@when("a listed host is asked for without TLS", target_fixture="answer")
def plain(cluster: Cluster) -> EdgeAnswer:
    """Ask for the first host."""
    return edge.ask(cluster, edge.hosts(cluster)[0], tls=False)


@when("Grafana is asked for at its host", target_fixture="answer")
def grafana_front(cluster: Cluster) -> Answer:
    """Ask as a visitor who isn't logged in; TLS is verified."""
    return grafana.front(cluster)


@then(parsers.parse("the answer is {status:d}"))
def answered(answer: EdgeAnswer, status: int) -> None:
    """Judge the status."""
    expected, todo = f"{answer.url} at {answer.address} is answered with {status}", "look at the ingress's routes"
    assert answer.status == status, told(expected, seen=str(answer.status), where=answer.address, todo=todo)


@then(parsers.parse("the answer is {status:d} and leads to the log-in"))
def to_login(answer: Answer, status: int) -> None:
    """Judge status and aim."""
    seen, todo = f"{answer.status} {answer.location}".strip(), "look at Grafana's log and at its route in the ingress"
    good = answer.status == status and urlsplit(answer.location).path.rstrip("/").endswith("/login")
    assert good, told(f"{answer.url} leads to the log-in with {status}", seen=seen, where=answer.url, todo=todo)


@then("the answer leads to the same host over HTTPS")
def to_https(answer: EdgeAnswer) -> None:
    """Judge status and aim."""
    aim, host = urlsplit(answer.location), urlsplit(answer.url).hostname
    good = answer.status in {301, 302, 307, 308} and aim.scheme == "https" and aim.hostname == host
    seen, todo = f"{answer.status} {answer.location}".strip(), "switch the ingress's redirection on"
    assert good, told(f"{answer.url} leads to https://{host}/", seen=seen, where=answer.address, todo=todo)


@then("the certificate of every listed host is trusted and names that host", target_fixture="certificates")
def trusted(cluster: Cluster) -> list[Certificate]:
    """Judge each host's certificate as a browser would."""
    shown = [edge.certificate(cluster, host) for host in edge.hosts(cluster)]
    bad = [f"{each.host}: {each.fault} (it names {few(each.names)})" for each in shown if each.fault]
    assert not bad, told("every host's certificate is trusted", seen=few(bad), where=shown[0].address, todo="renew it")
    return shown


@then("none of them is the ingress's own stand-in")
def no_stand_in(certificates: list[Certificate]) -> None:
    """A stand-in can be trusted only by who trusts everybody; it says so in its name."""
    bad = [each.host for each in certificates if each.stand_in]
    todo = "give the ingress the certificate of these hosts"
    assert not bad, told("every host has a certificate of its own", seen=f"the stand-in for {few(bad)}", todo=todo)


@then(parsers.parse("each of them is valid for more than {days:d} days"))
def lasting(certificates: list[Certificate], days: int) -> None:
    """Judge the time left."""
    bad = [
        f"{each.host}: {each.seconds_left / 86400:.1f} d" for each in certificates if each.seconds_left <= days * 86400
    ]
    assert not bad, told(f"every certificate is valid for more than {days} days", seen=few(bad), todo="renew them")
