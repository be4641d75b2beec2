"""Secrets that follow another service's credentials: made from them, put right after them, and told by key alone."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from installers.engine import load_all, secrets
from installers.engine.component import Component, Login, Secret
from roadworthy.change import Apply, Change, Patch
from roadworthy.errors import BadInput
from roadworthy.profile import SecretRef, Service
from tests.unit.installers.doubles import FakeCluster

USER, KEY = SecretRef("stores", "keys", "access-key"), SecretRef("stores", "keys", "secret-key")
STORE = Service("store", "stores", username=USER, password=KEY)
TEXT = "[default]\nid=${username}\nkey=${password}\n"


def component(service: str = "store") -> Component:
    secret = Secret("cloud", {}, {}, {"cloud": Login(TEXT, service)})
    return replace(load_all()["postgres"], namespace="here", secrets=(secret,))


def secret(space: str, name: str, **data: str) -> dict[str, Any]:
    coded = {key.replace("_", "-"): base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"kind": "Secret", "metadata": {"name": name, "namespace": space}, "data": coded}


KEYS = secret("stores", "keys", access_key="me", secret_key="hush-hush")
RIGHT = "[default]\nid=me\nkey=hush-hush\n"


def changes(*objects: Any, services: Any = None, wanted: Component | None = None) -> list[Change]:
    cluster: Any = FakeCluster(objects, services={"store": STORE} if services is None else services)
    return list(secrets.changes(cluster, wanted or component()))


def test_it_is_made_of_the_services_credentials() -> None:
    (change,) = changes(KEYS)
    assert isinstance(change.action, Apply)
    assert change.action.manifest["stringData"] == {"cloud": RIGHT}
    assert "hush" not in f"{change.why} {change.before} {change.after}"


def test_nothing_is_to_do_while_it_says_what_the_service_does() -> None:
    assert changes(KEYS, secret("here", "cloud", cloud=RIGHT)) == []


def test_a_new_key_of_the_service_is_followed_and_others_keys_stay() -> None:
    (change,) = changes(KEYS, secret("here", "cloud", cloud=RIGHT.replace("hush-hush", "old"), mine="x"))
    assert isinstance(change.action, Patch)
    assert change.action.body == {"stringData": {"cloud": RIGHT}}
    assert "has another cloud than store lets in" in change.why
    assert change.after == {"keys": ["cloud", "mine"]}


def test_in_a_plan_of_a_service_that_isnt_there_yet_its_place_is_held() -> None:
    (change,) = changes()
    assert isinstance(change.action, Apply)
    assert change.action.manifest["stringData"] == {"cloud": TEXT}


def test_without_the_service_an_existing_secret_is_left_alone() -> None:
    assert changes(secret("here", "cloud", cloud="whatever")) == []


def test_credentials_may_be_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    outside = replace(STORE, username="me", password=SecretRef(env="CLOUD_KEY"))
    with pytest.raises(BadInput, match="CLOUD_KEY"):
        changes(services={"store": outside})
    monkeypatch.setenv("CLOUD_KEY", "hush-hush")
    (change,) = changes(services={"store": outside})
    assert change.action.manifest["stringData"] == {"cloud": RIGHT}  # type: ignore[union-attr]


@pytest.mark.parametrize("services", [{}, {"store": Service("store", "stores")}])
def test_a_profile_that_doesnt_say_how_to_log_in_is_told(services: dict[str, Service]) -> None:
    with pytest.raises(BadInput, match="the service store with its username and password"):
        changes(services=services)
