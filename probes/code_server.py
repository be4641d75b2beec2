"""Code Server: its health, its door, and its home."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.services import described
from probes.words import short, told
from roadworthy.cluster import Cluster
from roadworthy.errors import Turbulence

SERVICE = "code-server"
RATE_LIMITED = "Login rate limited"


@dataclass(frozen=True, slots=True)
class Door:
    """What came of one log-in: ``cookie`` is the session's (empty: it stayed shut)."""

    status: int
    cookie: str
    said: str


def health(cluster: Cluster) -> tuple[bool, str]:
    """Return whether Code Server is well, and its words; ``expired`` only means that no browser is open."""
    reply = cluster.http(SERVICE).get("/healthz", login=False)
    said = f"{reply.status} {short(reply.text, 120)}"
    return reply.status == 200 and reply.json().get("status") in {"alive", "expired"}, said


def log_in(cluster: Cluster, password: str) -> Door:
    """Try a password at the door.

    Raises:
        Turbulence: there were more wrong ones than 2 a minute and 12 an hour on top (code-server's src/node/routes/
            login.ts): it refuses everybody for a while, so nothing can be told of a password.

    """
    reply = cluster.http(SERVICE).request("POST", "/login", data={"password": password}, login=False)
    headers = {key.lower(): value for key, value in reply.headers.items()}
    if RATE_LIMITED in reply.text:
        todo = (
            "find who tries passwords (its log tells from where); its limit is lifted after a minute, or by a restart"
        )
        raise Turbulence("Code Server takes log-ins", seen=RATE_LIMITED, where="/login", todo=todo)
    found = re.search(r"(code-server-session[^=;]*=[^;]+)", headers.get("set-cookie", ""))
    return Door(reply.status, found[1] if found and reply.status in {302, 303} else "", short(_words(reply.text), 120))


def password(cluster: Cluster) -> str:
    """Return the password that the profile refers to; AssertionError when there is none to be read."""
    reference = described(cluster, SERVICE).password
    if reference is None:
        where = cluster.profile.where
        raise AssertionError(told("the profile says where Code Server's password is", seen="no reference", where=where))
    return cluster.secret(reference.namespace, reference.name, reference.key)


def workbench(cluster: Cluster, cookie: str) -> tuple[bool, str]:
    """Return whether the editor opens for a session, and what was answered."""
    client = cluster.http(SERVICE)
    reply = client.get("/", headers={"Cookie": cookie}, login=False, timeout=20.0)
    headers = {key.lower(): value for key, value in reply.headers.items()}
    if reply.status in {301, 302, 307} and "login" not in headers.get("location", "login"):
        aim = headers["location"].removeprefix("./")
        reply = client.get(f"/{aim.lstrip('/')}", headers={"Cookie": cookie}, login=False, timeout=20.0)
    return reply.status == 200 and "workbench" in reply.text, f"{reply.status} {short(_words(reply.text), 120)}"


def _words(page: str) -> str:
    """Return a page's text without its markup, the wrong-password notice first if there is one."""
    notice = re.search(r"(Incorrect password|Missing password)", page)
    return notice[1] if notice else re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style).*?</\1>", " ", page))
