from typing import Any

import pytest

from probes import code_server
from roadworthy.errors import Turbulence
from tests.unit.probes.doubles import cluster
from tests.unit.probes.shapes import secret_ref, service


def door(answer: Any) -> Any:
    return cluster(http={"code-server": {"POST /login": answer}})


def test_the_right_password_gives_a_session() -> None:
    headers = {"Set-Cookie": "code-server-session=%24argon2id%24v=19; Path=/; SameSite=Lax", "Location": "./"}
    assert code_server.log_in(door((302, "", headers)), "right").cookie.startswith("code-server-session=")


def test_the_wrong_password_gives_a_page_that_says_so() -> None:
    page = '<html><style>.x{}</style><div class="error">Incorrect password</div></html>'
    found = code_server.log_in(door((200, page)), "wrong")
    assert (found.cookie, found.said) == ("", "Incorrect password")


def test_a_door_that_is_shut_to_everybody_tells_nothing_of_a_password() -> None:
    page = '<html><div class="error">Login rate limited!</div></html>'
    with pytest.raises(Turbulence, match="takes log-ins; seen: Login rate limited"):
        code_server.log_in(door((200, page)), "right")


def test_expired_only_means_that_no_browser_is_open() -> None:
    there = cluster(http={"code-server": {"GET /healthz": (200, {"status": "expired", "lastHeartbeat": 0})}})
    assert code_server.health(there)[0]


def test_behind_the_door_is_the_editor() -> None:
    def front(more: Any) -> Any:
        return (200, "<div id='vscode-workbench-web'>") if "Cookie" in more["headers"] else (302, "", {})

    there = cluster(http={"code-server": {"GET /": front}})
    assert code_server.workbench(there, "code-server-session=x")[0]


def test_the_password_is_read_from_the_secret_that_the_profile_names() -> None:
    reference = secret_ref("dev-tools", "code-server", "password")
    there = cluster(services=service("code-server", "dev-tools", password=reference))
    assert code_server.password(there) == "dev-tools/code-server/password"
    with pytest.raises(AssertionError, match="no reference"):
        code_server.password(cluster(services=service("code-server", "dev-tools")))
