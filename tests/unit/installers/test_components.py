"""component.yaml: what is there is whole, and what is wrong is told with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from installers.engine import load_all
from installers.engine.component import ROOT, load
from installers.engine.order import resolve
from installers.engine.values import read, render
from roadworthy.errors import BadInput
from roadworthy.profile import Profile
from tests.unit.installers.doubles import profile

GOOD = """\
name: thing
summary: Something to install.
namespace: things
upstream: &both
  chart: workload
  values: values.yaml
  memory: {limit: 64Mi, per: cluster}
  images:
    - name: sandbox.local/thing:1.0
sandbox: *both
"""


@pytest.fixture
def thing(tmp_path: Path) -> Path:
    folder = tmp_path / "thing"
    folder.mkdir()
    (folder / "values.yaml").write_text("workloads: {}\n")
    (folder / "component.yaml").write_text(GOOD)
    return folder / "component.yaml"


def test_a_good_one_is_read(thing: Path) -> None:
    component = load(thing)
    assert (component.name, component.upstream.memory, component.upstream.timeout) == ("thing", 64 * 1024**2, 300)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("name: thing\n", "name: other\n", 1, "the folder thing"),
        ("summary: Something to install.\n", "", 1, "summary"),
        ("namespace: things", "namespace: Not a name", 3, "small letters"),
        ("namespace: things", "namespace: things\nnamspace: things", 4, "did you mean 'namespace'"),
        ("namespace: things", "namespace: things\nname: again", 4, "again"),
        ("  chart: workload", "  chart: nonesuch", 5, "no nonesuch"),
        ("values: values.yaml", "values: other.yaml", 6, "no other.yaml"),
        ("limit: 64Mi", "limit: plenty", 7, "limit"),
        ("thing:1.0", "thing:latest", 9, "exact tag"),
        ("  chart: workload", "  chart: https://charts.invalid/thing-1.0.0.tgz", 4, "version"),
        ("sandbox.local/thing:1.0", "docker.io/thing/thing:1.0", 9, "digest"),
        ("name: thing\n", "name: [thing\n", 2, "valid YAML"),
        ("name: thing\n", "", 1, "name"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(thing: Path, old: str, new: str, line: int, words: str) -> None:
    thing.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(BadInput) as caught:
        load(thing)
    assert f"{thing}:{line}" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "\0", "name: &a [*a]"])
def test_what_is_no_component_is_refused(thing: Path, content: str) -> None:
    thing.write_text(content)
    with pytest.raises(BadInput, match=r"component\.yaml:\d"):
        load(thing)


def test_requirements_come_first() -> None:
    names = [component.name for component in resolve(["grafana"], load_all())]
    assert names.index("node-exporter") < names.index("prometheus") < names.index("grafana")
    assert names.index("loki") < names.index("grafana")
    assert len(names) == len(set(names))


def test_an_unknown_requirement_is_told_with_its_line(tmp_path: Path) -> None:
    for name, requires in (("one", "[nobody]"), ("two", "[three]"), ("three", "[two]")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "values.yaml").write_text("workloads: {}\n")
        text = GOOD.replace("name: thing\n", f"name: {name}\nrequires: {requires}\n", 1)
        (tmp_path / name / "component.yaml").write_text(text)
    components = load_all(tmp_path)
    with pytest.raises(BadInput, match=r"seen: nobody; where: .*one/component.yaml:2"):
        resolve(["one"], components)
    with pytest.raises(BadInput, match=r"two -> three -> two; where: .*three/component.yaml:2"):
        resolve(["two"], components)
    with pytest.raises(BadInput, match="a component: one, three, two"):
        resolve(["four"], components)


@pytest.mark.parametrize("name", load_all())
@pytest.mark.parametrize("said", [profile(), profile(provider="", storage_classes={"default": "a", "replicated": "b"})])
def test_every_component_renders_and_uses_what_it_lists(name: str, said: Profile) -> None:
    component = load_all()[name]
    edition = component.edition(said)
    rendered = render(component, said)
    text = rendered.values.read_text()
    assert "@{" not in text
    assert rendered.digest == render(component, said).digest
    for image in edition.images:
        assert (image.digest or image.name).removeprefix("sha256:") in text
    if edition.chart == "workload":
        content = yaml.safe_load(text)
        pods = [each["pod"] for part in ("workloads", "cronJobs") for each in (content.get(part) or {}).values()]
        containers = [container for pod in pods for container in pod["containers"]]
        limits = sum(int(c["resources"]["limits"]["memory"].removesuffix("Mi")) for c in containers)
        assert limits * 1024**2 <= edition.memory
        assert {c["image"].partition("@")[0] for c in containers} <= {image.name for image in edition.images}


def test_no_values_hold_a_secret() -> None:
    for name, component in load_all().items():
        for edition in (component.upstream, component.sandbox):
            text = edition.values.read_text().lower()
            assert "password:" not in text.replace("secretkeyref", ""), name


@pytest.mark.parametrize(
    ("values", "line", "words"),
    [
        ("a: 1\nb: '@{nonesuch}'\n", 2, "one of cluster, domain"),
        ("a: '@{domain}'\n", 1, "says its domain"),
        ("a: 1\nb: !file none.txt\n", 2, "a file of the component's own folder"),
        ("b: !file ../thing/../../secret\n", 1, "a file of the component's own folder"),
        ("a:\n  b: !files none/*.json\n", 2, "at least one file"),
        ("a: 1\na: 2\n", 2, "each key once"),
        ("a: !unheard-of x\n", 1, "valid YAML"),
    ],
)
def test_values_tell_what_is_wrong_with_their_line(thing: Path, values: str, line: int, words: str) -> None:
    (thing.parent / "values.yaml").write_text(values)
    with pytest.raises(BadInput) as caught:
        read(load(thing).upstream, profile(domain=""))
    assert f"values.yaml:{line}" in str(caught.value)
    assert words in str(caught.value)


def test_a_template_engine_gives_files_back_as_they_were(thing: Path) -> None:
    (thing.parent / "a.json").write_text('{"legend": "{{node}}"}')
    (thing.parent / "values.yaml").write_text("data: !templated '*.json'\n")
    data = read(load(thing).upstream, profile())["data"]
    assert data["a.json"] == '{"legend": "{{ "{{" }}node}}"}'


def test_the_chart_counts_for_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "charts", tmp_path / "charts")
    monkeypatch.setattr("installers.engine.values.ROOT", tmp_path)
    component = load_all()["loki"]
    before = render(component, profile()).digest
    chart = tmp_path / "charts" / "workload" / "values.yaml"
    chart.write_text(chart.read_text() + "# changed\n")
    assert render(component, profile()).digest != before
