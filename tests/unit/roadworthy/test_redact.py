"""No secret in any text, whatever form it travels in."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from roadworthy import redact

CANARY = 'Kanarien/"vogel"+7 ä\\x'


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "_known", {})
    monkeypatch.setattr(redact, "_wrapped", {})


@pytest.mark.parametrize(
    "form",
    [
        CANARY,
        json.dumps({"x": CANARY}),
        json.dumps({"x": CANARY}, ensure_ascii=False),
        f"https://h/p?x={quote(CANARY, safe='')}&y=1",
        base64.b64encode(CANARY.encode()).decode(),
        base64.b64encode(b"a" + CANARY.encode() + b"zz").decode(),
        base64.b64encode(b"ab" + CANARY.encode() + b"z").decode(),
        base64.urlsafe_b64encode(b"user:" + CANARY.encode()).decode(),
    ],
)
def test_a_registered_value_is_struck_out_in_every_form(form: str) -> None:
    redact.register(CANARY)
    shown = redact.text(f"before {form} after")
    assert redact.STRUCK in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert "vogel" not in shown
    assert base64.b64encode(CANARY.encode()).decode()[4:20] not in shown


def test_a_value_wrapped_over_lines_is_struck_out() -> None:
    secret = "a-very-long-secret-value-that-is-wrapped"
    redact.register(secret)
    encoded = base64.b64encode(secret.encode()).decode()
    folded = "\n   ".join(encoded[i : i + 20] for i in range(0, len(encoded), 20))
    assert encoded[20:36] not in redact.text(f"data:\n   {folded}\n")
    assert "that-is" not in redact.text(f"{secret[:11]}\n{secret[11:]}")


def test_each_line_of_a_key_is_a_secret() -> None:
    redact.register("-----BEGIN X-----\nMIIEvQIBADANBgkqhkiG\nAQEFAASCBKcwggSj\n-----END X-----\n")
    assert "MIIEv" not in redact.text("log: MIIEvQIBADANBgkqhkiG was read")


def test_who_a_user_is_called_is_no_secret() -> None:
    for key in ("username", "admin-user", "database", "POSTGRES_USER", "host"):
        redact.register("postgres", key)
    assert redact.text("postgres-0 runs") == "postgres-0 runs"
    redact.register("postgres", "password")
    assert redact.text("postgres-0 runs") == f"{redact.STRUCK}-0 runs"


def test_a_short_value_strikes_out_no_words() -> None:
    redact.register("a")
    assert redact.text("banana") == "banana"


@pytest.mark.parametrize(
    ("content", "gone"),
    [
        ("Authorization: Bearer abc.def-123", "abc.def"),
        ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "dXNlc"),
        ('{"authorization":"Token s3cr3t"}', "s3cr3t"),
        ("Set-Cookie: grafana_session=0123abcd; Path=/", "0123abcd"),
        ("postgres://suite:hunter22@10.0.0.1:5432/db", "hunter22"),
        ("token eyJhbGciOiJSUzI1NiIs.eyJpc3MiOiJrdWJlcm5l.c2ln shown", "eyJpc3"),
        ("users:\n- user:\n    client-key-data: LS0tLS1CRUdJTiBSU0E=\n", "LS0tLS1"),
        ('{"password": "hunter22", "a": 1}', "hunter22"),
        ('"{\\"password\\": \\"hunter22\\"}"', "hunter22"),
        ("GET /login?password=hunter22&x=1", "hunter22"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
    ],
)
def test_what_looks_like_a_secret_is_struck_out_unregistered(content: str, gone: str) -> None:
    assert gone in content
    assert gone not in redact.text(content)


@pytest.mark.parametrize(
    "content",
    [
        "Grafana let somebody in with a wrong password: 200 was answered",
        "10:00:01 GET https://grafana.sandbox.test/login 302",
        "the token has expired; where: Secret databases/postgres",
    ],
)
def test_ordinary_words_stay(content: str) -> None:
    assert redact.text(content) == content


def test_a_secret_object_shows_its_keys_only() -> None:
    shown = redact.data({"kind": "Secret", "data": {"password": "aGk="}, "metadata": {"name": "x"}})
    assert shown == {"kind": "Secret", "data": {"password": redact.STRUCK}, "metadata": {"name": "x"}}


def test_data_keeps_its_shape() -> None:
    redact.register("canary-value")
    shown = redact.data({"a": ["canary-value", 3, None, True], "password": "x"})
    assert shown == {"a": [redact.STRUCK, 3, None, True], "password": redact.STRUCK}
