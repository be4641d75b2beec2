"""One measured figure and its promise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` and ``most`` are in ``unit``; without ``most`` nothing was promised."""

    what: str
    value: float
    unit: str
    most: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the promise holds."""
        return self.most is None or self.value <= self.most

    def shown(self, number: float | None) -> str:
        """Return a number with the unit; nothing for none."""
        return "" if number is None else f"{number:,.1f} {self.unit}"
