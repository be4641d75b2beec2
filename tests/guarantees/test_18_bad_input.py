"""Promise 18: bad input fails before the first call, in one line that names file and line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from installers.engine import component, order, values
from roadworthy import document, features, profile_loader, tags
from roadworthy.errors import BadInput
from roadworthy.profile import Profile
from tests.guarantees.field import Field
from tests.guarantees.ground import ROOT
from tests.guarantees.project import Project

pytestmark = pytest.mark.guarantee(18)
quick = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
AT = re.compile(r"\S+:\d+")

#: Pieces that files are broken with: of the format itself, of other types, of nobody's type.
_FORMAT = ["", "x", "-", ":", "{", "}", "[", "]", "|", "@", "#", '"""', "\t", "\x00", "\udc80", "ü", "&a", "*a", "!x"]
_YAML = ["<<:", "1", "null", "true", "30", "30 s", "99999d", "-5m", "150%", "@{domain", "@{nobody}", "? ", "---"]
_FILES = ["!file ../../etc/passwd", "!yaml nothing", "!files *"]
_GHERKIN = ["Scenario: x", "Examples:", "| a |", "@remedy:", "@needs:x", "Rule:", "Background:", "  Given ", "<a>"]
PIECES = st.sampled_from([*_FORMAT, *_YAML, *_FILES, *_GHERKIN])
EDITS = st.lists(
    st.tuples(st.sampled_from(["cut", "put", "repeat", "replace", "swap"]), st.floats(0, 1), st.floats(0, 1), PIECES),
    min_size=1,
    max_size=6,
)
_KEYS = ["nodes", "limits", "services", "name", "waivers", "options", "drills", "context", "maintenance_window", "x"]
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner),
    max_leaves=12,
)


def broken(text: str, edits: list[tuple[str, float, float, str]]) -> bytes:
    """Return a file's text after some edits of lines and of places within them."""
    for how, where, further, piece in edits:
        lines = text.splitlines(keepends=True) or [""]
        at = int(where * (len(lines) - 1))
        place = int(further * len(lines[at]))
        if how == "cut":
            del lines[at : at + 1 + int(further * 3)]
        elif how == "repeat":
            lines.insert(at, lines[at])
        elif how == "replace":
            lines[at] = lines[at].partition(":")[0] + f": {piece}\n"
        elif how == "swap":
            other = int(further * (len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        else:
            lines[at] = lines[at][:place] + piece + lines[at][place:]
        text = "".join(lines)
    return text.encode("utf-8", errors="surrogatepass")


def one_line(error: BadInput) -> None:
    assert "\n" not in str(error), str(error)
    assert AT.search(error.where), f"no file and line: {error}"


def named(path: Path, error: BadInput) -> None:
    assert str(path) in error.where


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fuzz")
    shutil.copy(ROOT / "clusters" / "profile.schema.json", made)
    return made


@pytest.mark.short
class TestFuzz:
    """300 broken versions of each kind of file that people write: told of, or harmless; never anything else."""

    @quick
    @given(edits=EDITS)
    def test_features(self, folder: Path, edits: list[Any]) -> None:
        """Every problem has a line that is in the file, and one line of text."""
        source = max((ROOT / "features").glob("*.feature"), key=lambda path: path.stat().st_size)
        path = folder / "fuzz.feature"
        path.write_bytes(content := broken("".join(source.read_text().splitlines(keepends=True)[:80]), edits))
        read = features.read(path)
        names = tags.Names(frozenset(), set(), {}, "install", frozenset(), frozenset())
        for problem in [*read.problems, *tags.problems(read.criteria, names)]:
            assert 1 <= problem.line <= len(content.splitlines()) + 2
            assert "\n" not in problem.text

    @quick
    @given(edits=EDITS)
    @pytest.mark.parametrize("name", ["pi", "sandbox"])
    def test_profiles(self, folder: Path, name: str, edits: list[Any]) -> None:
        (folder / "fuzz.yaml").write_bytes(broken((ROOT / "clusters" / f"{name}.yaml").read_text(), edits))
        try:
            profile = profile_loader.load(folder, "fuzz")
        except BadInput as error:
            one_line(error)
        else:
            assert isinstance(profile, Profile)

    @quick
    @given(edits=EDITS)
    @pytest.mark.parametrize("name", ["grafana", "loki"])
    def test_components(self, folder: Path, name: str, edits: list[Any]) -> None:
        source = ROOT / "installers" / name
        copied = folder / name
        if not copied.exists():
            shutil.copytree(source, copied)
        path = copied / "component.yaml"
        path.write_bytes(broken((source / "component.yaml").read_text(), edits))
        try:
            found = component.load(path)
            order.resolve([found.name], {found.name: found})
        except BadInput as error:
            one_line(error)

    @quick
    @given(edits=EDITS)
    @pytest.mark.parametrize("name", ["grafana", "loki"])
    def test_values(self, folder: Path, name: str, edits: list[Any]) -> None:
        source, copied = ROOT / "installers" / name, folder / f"values-{name}" / name
        if not copied.exists():
            shutil.copytree(source, copied)
        found = component.load(copied / "component.yaml")
        (copied / "values.yaml").write_bytes(broken((source / "values.yaml").read_text(), edits))
        profile = Profile("fuzz", "fuzz.yaml", domain="x.test", storage_classes={"default": "d"})
        try:
            values.render(found, profile)
        except BadInput as error:
            one_line(error)

    @quick
    @given(content=SHAPES)
    def test_profiles_of_any_shape(self, folder: Path, content: Any) -> None:
        (folder / "shape.yaml").write_text(yaml.safe_dump(content, allow_unicode=True))
        try:
            profile_loader.load(folder, "shape")
        except BadInput as error:
            one_line(error)

    @quick
    @given(content=st.binary(max_size=80))
    def test_any_bytes(self, folder: Path, content: bytes) -> None:
        path = folder / "bytes.yaml"
        path.write_bytes(content)
        try:
            document.read(path)
        except BadInput as error:
            named(path, error)


GOOD = "Feature: F\n  Scenario: s\n    Then wanted says right in HOME\n"
BAD: dict[str, tuple[str, str]] = {
    "an unknown remedy": ("features/guard.feature", GOOD.replace("  Scenario", "  @remedy:nobody\n  Scenario")),
    "an unknown tag": ("features/guard.feature", GOOD.replace("  Scenario", "  @wrytes\n  Scenario")),
    "an unknown step": ("features/guard.feature", GOOD + "    And pigs fly\n"),
    "no Gherkin": ("features/guard.feature", "Feature: F\n  Scenario: s\n    Dann ist es\n"),
    "needs nothing that exists": ("features/guard.feature", GOOD.replace("  Scenario", "  @needs:nobody\n  Scenario")),
    "a limit without its unit": ("clusters/guard.yaml", "context: guard\nnodes: []\nlimits:\n  deadline: 30\n"),
    "an unknown limit": ("clusters/guard.yaml", "context: guard\nnodes: []\nlimits:\n  speed: 30s\n"),
    "a key twice": ("clusters/guard.yaml", "context: guard\nnodes: []\ncontext: other\n"),
    "a password as a value": (
        "clusters/guard.yaml",
        "context: guard\nnodes: []\nservices:\n  x:\n    namespace: y\n    password: hunter2\n",
    ),
}


@pytest.mark.short
@pytest.mark.parametrize("what", BAD)
def test_nothing_is_asked_before(field: Field, what: str) -> None:
    """With one bad file in the project, pytest ends with a usage error that names file and line, after no request."""
    project = Project(field)
    project.profile(field.proxied)
    project.feature(GOOD)
    name, content = BAD[what]
    project.write(name, content.replace("HOME", field.home))
    ran = project.run("--remediate")
    assert ran.code in {2, 3, 4}, ran.said[-3000:]
    assert re.search(rf"{re.escape(name)}:\d+", ran.said), ran.said[-3000:]
    assert "hunter2" not in ran.said
    assert "Traceback" not in ran.said
    assert field.proxy.seen == []


@pytest.mark.short
@pytest.mark.parametrize("what", ["plan", "journal"])
@pytest.mark.ci
def test_a_plan_of_another_version_and_a_broken_journal(field: Field, what: str) -> None:
    """Refused likewise."""
    project = Project(field)
    project.profile(field.proxied)
    project.feature(GOOD)
    words = ["--remediate"]
    if what == "plan":
        words += ["--from-plan", str(project.write("plan.json", '{\n  "version": 99\n}\n'))]
    else:
        project.write("reports/journal/guard.jsonl", '{"number": 1}\n')
    ran = project.run(*words)
    assert ran.code == 4, ran.said[-3000:]
    assert re.search(r"plan\.json:2" if what == "plan" else r"guard\.jsonl:1", ran.said)
    assert field.proxy.seen == []
