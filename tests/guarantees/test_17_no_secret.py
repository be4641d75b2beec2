"""Promise 17: no secret in any artefact, in whatever form it travels."""

from __future__ import annotations

import base64
import json
import secrets
import textwrap
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from sandbox import builds
from tests.guarantees.field import Field
from tests.guarantees.project import Project, Ran

pytestmark = [pytest.mark.guarantee(17), pytest.mark.short]

STEPS = """
import base64, json, logging, os, textwrap, warnings
from urllib.parse import quote
from pytest_bdd import parsers, then
from roadworthy import evidence
from roadworthy.profile import SecretRef

def forms(value):
    yield value
    yield base64.b64encode(value.encode()).decode()
    yield base64.b64encode(b"user:" + value.encode()).decode()
    yield quote(value, safe="")
    yield json.dumps({"p": value})
    yield json.dumps(json.dumps({"p": value}))
    yield chr(10).join(textwrap.wrap(value, 16, break_on_hyphens=False))
    yield chr(10).join(textwrap.wrap(base64.b64encode(value.encode()).decode(), 20))
    yield base64.encodebytes(value.encode() * 3).decode()

def spread(value):
    for form in forms(value):
        print("printed", form)
        logging.getLogger("toy").warning("logged %s", form)
        warnings.warn(f"warned {form}")
        evidence.record("http", "GET /login", f"Set-Cookie: session={form}; body {form}")

@then(parsers.parse("the {kind} canary is kept in {home}"))
def _(cluster, kind, home, record_property):
    if kind == "secret":
        value = cluster.secret(home, "canary", "password")
    elif kind == "environment":
        value = cluster.services.value(SecretRef(env="CANARY"))
    else:
        value = cluster.access.authorization()["Authorization"]
    record_property("seen", value)
    spread(value)
    all_of_it = " | ".join(forms(value))
    try:
        raise ValueError(all_of_it)
    except ValueError as error:
        raise AssertionError(f"it is {all_of_it}") from error
"""
REMEDY = """
from roadworthy.change import Apply, Change, Exec, HelmUpgrade, Patch, Target
from roadworthy.errors import Refused

def remedy(case):
    home = case.parameters["home"]
    value = case.cluster.secret(home, "canary", "password")
    meta = {"name": "made", "namespace": home}
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"fresh": "FRESH", "p": value}}
    yield Change("make " + value, Target("Secret", "made", home), Apply(manifest, force=True), why="for " + value,
                 before={"password": value}, after=manifest, component="toy")
    body = {"stringData": {"again": "FRESH"}}
    yield Change("patch", Target("Secret", "made", home), Patch(body), why="FRESH is not told" and "a toy", after=body)
    yield Change("run", Target("Pod", "no-such-pod-" + value[:4], home), Exec("c", ("login", value), stdin=value),
                 why="a toy")
"""
RELEASE = """
from roadworthy.change import Change, HelmUpgrade, Target

def remedy(case):
    home = case.parameters["home"]
    action = HelmUpgrade("CHART", "", ("VALUES",), "d" * 40, 60)
    yield Change("install", Target("Release", "toy", home), action, why="a toy")
"""
FEATURE = """
Feature: Canaries
  @remedy:leak @remedy:release
  Scenario Outline: <kind>
    Then the <kind> canary is kept in <home>
    Examples:
      | kind | home |
      | secret | HOME |
      | environment | HOME |
      | token | HOME |
"""


def made_up() -> str:
    """Return a value that looks different in every encoding."""
    return f'cAn4ry+/"\\&?=%{secrets.token_urlsafe(18)}~ü{secrets.token_hex(4)}'


def pieces(value: str) -> Iterator[bytes]:
    """Yield every form in which the value would be found, also by its core alone."""
    for form in (value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]):
        yield form.encode()
        yield json.dumps(form)[1:-1].encode()
    yield json.dumps(value, ensure_ascii=False)[1:-1].encode()
    raw = value.encode()
    for shift in range(3):
        yield base64.b64encode(b"x" * shift + raw)[4:-4]
    yield raw[14:38]  # the random part


def leaks(project: Project, ran: Ran, values: dict[str, str]) -> list[str]:
    """Return where a canary was found, in every file that the run left and in what it said."""
    places: dict[str, bytes] = {"the terminal": ran.said.encode()}
    for folder in ("reports", "tmp", "runtime", "allure", "junit.xml"):
        for path in [project.root / folder, *(project.root / folder).rglob("*")]:
            if path.is_file():
                places[str(path.relative_to(project.root))] = path.read_bytes()
    found = []
    for place, content in places.items():
        joined = b"".join(content.replace(b"\\n", b"").split())
        for name, value in values.items():
            for piece in pieces(value):
                if piece in content or b"".join(piece.split()) in joined:
                    at = content.find(piece)
                    around = content[max(0, at - 60) : at + 20] if at >= 0 else b"split over lines"
                    found.append(f"{name} in {place}: {piece[:12]!r}: {around!r}")
                    break
    return found


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("--remediate",), id="remediate"),
        pytest.param(("--plan",), id="plan", marks=pytest.mark.ci),
        pytest.param((), id="judge"),
    ],
)
def test_canaries(field: Field, words: tuple[str, ...]) -> None:
    """Secrets, values, environment and tokens, raw, base64, URL- and JSON-escaped and over lines, thrown, logged,
    printed, warned of, recorded as evidence, put into Changes, charts and commands: found nowhere."""
    values = {name: made_up() for name in ("secret", "environment", "fresh", "values")}
    path = f"/api/v1/namespaces/{field.home}/secrets"
    field.admin.make(path, {"metadata": {"name": "canary"}, "stringData": {"password": values["secret"]}})
    project = Project(field)
    project.profile(field.kubeconfig)
    project.write("guard_steps/maps.py", STEPS)
    project.remedy("leak", REMEDY.replace('"FRESH"', repr(values["fresh"])))
    chart = field.folder / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: toy\nversion: 0.1.0\n")
    template = """
    apiVersion: v1
    kind: Secret
    metadata: {name: from-values}
    stringData: {password: {{ .Values.password | quote }}}
    ---
    apiVersion: v1
    kind: Nonsense
    metadata: {name: never}
    """
    (chart / "templates" / "secret.yaml").write_text(textwrap.dedent(template))
    file = field.folder / "values.yaml"
    file.write_text(json.dumps({"password": values["values"]}))
    project.remedy("release", RELEASE.replace("CHART", str(chart)).replace("VALUES", str(file)))
    project.feature(FEATURE)
    helm = str(builds.ensure("helm") / "helm")
    more = ["--alluredir=allure", "--junitxml=junit.xml", "-v"]
    ran = project.run(*words, *more, CANARY=values["environment"], ROADWORTHY_HELM=helm)
    assert len(ran.criteria) == 3, ran.said[-4000:]
    assert "passed" not in ran.verdicts.values()
    if words == ("--remediate",):
        assert [entry for entry in project.journal() if entry["kind"] == "intent"]
        made = field.admin.get(f"{path}/made")
        assert base64.b64decode(made["data"]["fresh"]).decode() == values["fresh"]
    found = leaks(project, ran, {**values, "token": field.token})
    assert not found, "\n".join(found)


def test_the_search_finds_what_is_there(field: Field) -> None:
    """The control: each form, written to a report, is found."""
    project, value = Project(field), made_up()
    path = project.reports / "x.txt"
    path.parent.mkdir()
    forms = [
        value,
        json.dumps(value),
        quote(value, safe=""),
        base64.b64encode(b"user:" + value.encode()).decode(),
        "\n".join(textwrap.wrap(value, 16, break_on_hyphens=False)),
        base64.encodebytes(value.encode() * 3).decode(),
    ]
    for form in forms:
        Path(path).write_text(form)
        assert leaks(project, Ran(0, "", {}), {"it": value}), form
