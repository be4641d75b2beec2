"""A user and an annotation of a scenario's own in Grafana."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from probes.grafana import SERVICE
from probes.marks import marked
from probes.words import short, told
from roadworthy.cluster import Cluster, HttpReply
from roadworthy.cluster.sweepers import sweeper
from roadworthy.markers import leftover


@dataclass(frozen=True, slots=True)
class User:
    """A user that only this scenario knows: wrong log-ins count against it, not against the administrator."""

    login: str
    password: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation, by its number and its text."""

    number: int
    text: str


def user(cluster: Cluster) -> User:
    """Make a user with a random password."""
    made = User(marked("user"), secrets.token_urlsafe(18))
    body = {"name": made.login, "login": made.login, "password": made.password}
    reply = _done(cluster.http(SERVICE).post("/api/admin/users", json=body), "Grafana's administrator makes a user")
    number = int(reply.json()["id"])
    cluster.markers().undo_later(lambda: _forget(cluster, f"/api/admin/users/{number}"), f"Grafana user {made.login}")
    return made


def annotation(cluster: Cluster) -> Annotation:
    """Write an annotation."""
    text = marked("annotation")
    body = {"text": text, "tags": ["roadworthy"], "time": int(cluster.now() * 1000)}
    reply = _done(cluster.http(SERVICE).post("/api/annotations", json=body), "Grafana takes an annotation")
    number = int(reply.json()["id"])
    cluster.markers().undo_later(lambda: _forget(cluster, f"/api/annotations/{number}"), f"annotation {text}")
    return Annotation(number, text)


def kept(cluster: Cluster, written: Annotation) -> str:
    """Return the text of an annotation as Grafana has it now; AssertionError when it has lost it."""
    reply = _done(
        cluster.http(SERVICE).get("/api/annotations?tags=roadworthy&limit=100"), "Grafana has its annotations"
    )
    found = [str(each["text"]) for each in reply.json() if int(each["id"]) == written.number]
    if not found:
        seen = f"{len(reply.json())} others, not number {written.number}"
        todo = "give Grafana a volume for its database"
        raise AssertionError(told("Grafana has kept the annotation", seen=seen, where=reply.url, todo=todo))
    return found[0]


@sweeper("grafana")
def sweep(cluster: Cluster) -> None:
    """Remove the users and annotations of runs that were killed."""
    if SERVICE not in cluster.profile.services:
        return
    client, now = cluster.http(SERVICE), cluster.now()
    for each in client.get("/api/annotations?tags=roadworthy&limit=100").json():
        if leftover(str(each["text"]), now):
            _forget(cluster, f"/api/annotations/{each['id']}")
    for each in client.get("/api/users/search?query=roadworthy-&perpage=100").json()["users"]:
        if leftover(str(each["login"]), now):
            _forget(cluster, f"/api/admin/users/{each['id']}")


def _forget(cluster: Cluster, path: str) -> None:
    reply = cluster.http(SERVICE).request("DELETE", path)
    if reply.status not in {200, 404}:
        raise AssertionError(told(f"{path} can be deleted", seen=f"{reply.status} {short(reply.text, 120)}"))


def _done(reply: HttpReply, what: str) -> HttpReply:
    if reply.status != 200:
        seen = f"{reply.status} {short(reply.text, 160)}"
        raise AssertionError(told(what, seen=seen, where=reply.url, todo="check the administrator's credentials"))
    return reply
