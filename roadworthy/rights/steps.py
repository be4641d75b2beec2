"""The step functions that a criterion's steps run, as places in the code."""

from __future__ import annotations

import importlib
import inspect
from functools import cache

from pytest_bdd.steps import step_function_context_registry

from roadworthy.criterion import Criterion
from roadworthy.rights.code import Place
from roadworthy.rooms import Rooms


def places(rooms: Rooms, criterion: Criterion) -> frozenset[Place]:
    """Return where the step functions of a criterion are, with the fixtures of their own modules."""
    _load(rooms)
    found: set[Place] = set()
    for step in criterion.steps:
        for context in step_function_context_registry.values():
            if context.type in {None, step.kind} and context.parser.is_matching(step.text):
                function = context.step_func
                found |= {
                    (function.__module__, name) for name in (function.__name__, *inspect.signature(function).parameters)
                }
    return frozenset(found)


@cache
def _load(rooms: Rooms) -> None:
    rooms.importable()
    for name in rooms.step_modules():
        importlib.import_module(name)
