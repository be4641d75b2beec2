from typing import Any

import pytest

from probes.quantities import quantity
from probes.words import few, short, told


@pytest.mark.parametrize(
    ("text", "number"),
    [("250m", 0.25), ("24Mi", 24 * 2**20), ("1523641n", 0.001523641), ("2", 2.0), ("1.5Gi", 1.5 * 2**30)],
)
def test_quantities(text: Any, number: Any) -> None:
    assert quantity(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "Mi", "12Xi", "1mm"])
def test_what_is_no_quantity(text: Any) -> None:
    with pytest.raises(ValueError, match=r"not a quantity|could not convert"):
        quantity(text)


def test_lists_stay_short() -> None:
    assert few("abcdefg") == "a, b, c, d, e and 2 more"
    assert few([]) == "none"
    assert short("a\n b", 100) == "a b"


def test_messages_are_told_in_one_order() -> None:
    assert told("a", seen="b", where="c", todo="d") == "a; seen: b; where: c; to do: d"
