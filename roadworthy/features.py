"""Feature files as data: read by collection, by ``roadworthy criteria`` and by the graph.

pytest-bdd's own model would not do: it drops a scenario whose name stands twice, runs an outline without rows, and
forgets where a tag came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException, ParserError
from gherkin.parser import Parser

from roadworthy.criterion import Criterion, Problem, StepLine, Tag

PLACEHOLDER = re.compile(r"<([^<>]+)>")


@dataclass(slots=True)
class FeatureFile:
    """What one file holds. ``problems`` are in it, too: nothing is raised, so that all of them are shown at once."""

    path: Path
    name: str = ""
    criteria: list[Criterion] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read(path: Path) -> FeatureFile:
    """Parse one feature file."""
    parsed = FeatureFile(path)
    try:
        document: dict[str, Any] = dict(Parser().parse(path.read_text(encoding="utf-8")))
    except CompositeParserException as error:
        parsed.problems += [_syntax(path, one) for one in error.errors]
        return parsed
    except ParserError as error:
        parsed.problems.append(_syntax(path, error))
        return parsed
    except (OSError, UnicodeDecodeError) as error:
        parsed.problems.append(Problem(path, 1, f"can't be read: {error}"))
        return parsed
    feature = document.get("feature")
    if not feature:
        parsed.problems.append(Problem(path, 1, "holds no Feature"))
        return parsed
    parsed.name = feature["name"]
    _walk(parsed, feature)
    if not parsed.criteria and not parsed.problems:
        parsed.problems.append(Problem(path, feature["location"]["line"], "holds no Scenario"))
    return parsed


def python_name(name: str) -> str:
    """Return the test's name for a scenario's: ``Loki's up!`` is ``test_lokis_up``."""
    words = re.sub(r"\W+", "_", re.sub(r"['\u2019]", "", name.lower())).strip("_")
    return f"test_{words}"


def _syntax(path: Path, error: Any) -> Problem:
    text = re.sub(r"^\(\d+:\d+\): ", "", str(error)).splitlines()[0]
    return Problem(path, (getattr(error, "location", None) or {}).get("line", 1), f"Gherkin: {text}")


def _walk(parsed: FeatureFile, feature: dict[str, Any]) -> None:
    seen: dict[str, int] = {}
    background = _steps(feature)
    for child in feature["children"]:
        rule = child.get("rule")
        holder = rule or feature
        steps = background + (_steps(rule) if rule else [])
        for scenario in _scenarios(rule["children"] if rule else [child]):
            line, function = scenario["location"]["line"], python_name(scenario["name"])
            if first := seen.get(function):
                text = f'scenario "{scenario["name"]}" reads the same as that of line {first}'
                parsed.problems.append(Problem(parsed.path, line, f"{text}: name each by what is its own"))
                continue
            seen[function] = line
            inherited = [holder["tags"], feature["tags"]] if rule else [feature["tags"]]
            _scenario(parsed, scenario, rule["name"] if rule else "", steps, inherited)


def _scenarios(children: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (child["scenario"] for child in children if "scenario" in child)


def _steps(holder: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for child in holder["children"] if "background" in child for step in child["background"]["steps"]]


def _scenario(
    parsed: FeatureFile, scenario: dict[str, Any], rule: str, background: list[dict[str, Any]], inherited: list[Any]
) -> None:
    def problem(line: int, text: str) -> None:
        parsed.problems.append(Problem(parsed.path, line, text))

    name, line = scenario["name"], scenario["location"]["line"]
    steps = background + scenario["steps"]
    if not scenario["steps"]:
        problem(line, f'scenario "{name}" has no step: it would pass without judging anything')
    rows = list(_rows(scenario))
    outline = scenario["keyword"] in {"Scenario Outline", "Scenario Template"}
    for block in scenario["examples"]:
        if not block.get("tableBody"):
            problem(block["location"]["line"], f'Examples of "{name}" have no row: nothing would be judged')
    if outline and not scenario["examples"]:
        problem(line, f'outline "{name}" has no Examples: it would run with its placeholders unfilled')
    for parameters, row_line, _ in rows:
        wanted = {key for step in steps for key in PLACEHOLDER.findall(step["text"])}
        if unfilled := sorted(wanted - set(parameters)):
            problem(row_line, f'Examples of "{name}" lack the column {", ".join(f"<{key}>" for key in unfilled)}')
            break
    labels: dict[str, int] = {}
    function = python_name(name)
    slug = function.removeprefix("test_").replace("_", "-")
    for index, (parameters, row_line, block_tags) in enumerate(rows or [({}, line, [])]):
        label = "-".join(parameters.values())
        if first := labels.get(label) if rows else None:
            problem(row_line, f'Examples of "{name}" hold the row of line {first} again')
        labels[label] = row_line
        parsed.criteria.append(
            Criterion(
                id=f"{parsed.path.stem}/{slug}" + (f"[{label}]" if rows else ""),
                path=parsed.path,
                line=row_line,
                feature=parsed.name,
                rule=rule,
                scenario=_fill(name, parameters),
                function=function,
                row=index if rows else -1,
                parameters=parameters,
                tags=_tags([block_tags, scenario["tags"], *inherited]),
                steps=tuple(_lines(steps, parameters)),
            )
        )


def _rows(scenario: dict[str, Any]) -> Iterator[tuple[dict[str, str], int, list[Any]]]:
    for block in scenario["examples"]:
        header = [cell["value"] for cell in (block.get("tableHeader") or {"cells": []})["cells"]]
        for row in block.get("tableBody") or []:
            values = [cell["value"] for cell in row["cells"]]
            yield dict(zip(header, values, strict=False)), row["location"]["line"], block["tags"]


def _tags(groups: list[list[dict[str, Any]]]) -> tuple[Tag, ...]:
    ordered = [Tag(tag["name"].lstrip("@"), tag["location"]["line"]) for group in groups for tag in group]
    return tuple({tag.name: tag for tag in reversed(ordered)}[name] for name in dict.fromkeys(t.name for t in ordered))


def _lines(steps: list[dict[str, Any]], parameters: Mapping[str, str]) -> Iterator[StepLine]:
    kind = "given"
    for step in steps:
        kind = {"Context": "given", "Action": "when", "Outcome": "then"}.get(step["keywordType"], kind)
        yield StepLine(kind, step["keyword"].strip(), _fill(step["text"], parameters), step["location"]["line"])


def _fill(text: str, parameters: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: parameters.get(match[1], match[0]), text)
