"""A run that ends early (Ctrl-C, ``-x``): what had been judged ahead by then is told, although its turn never came."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roadworthy.attempt import Attempt
    from roadworthy.session import Run


def keep(run: Run, judged: Mapping[str, Attempt], told: Container[str]) -> None:
    """Keep the verdicts of what was judged and isn't told, for verdicts.json; ids are the criteria's."""
    from roadworthy.judging import Judging

    left = [(item, judged.get(item.criterion.id)) for item in run.items if item.criterion.id not in told]
    for item, made in left:
        if made is not None:
            Judging(run, item).leave(made)
