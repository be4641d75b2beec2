"""Numbers with their unit, as profiles write them: ``30s``, ``5m``, ``1h30m``, ``250ms``, ``40%``, ``500Gi``."""

from __future__ import annotations

import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([KMGT])(i?)B?")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")


def seconds(written: str) -> float:
    """Return a duration in seconds; ValueError when it has no unit or isn't one."""
    if not _DURATION.fullmatch(written):
        raise ValueError(f"a duration with its unit, like 30s, 5m or 1h30m, not {written!r}")
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(written))


def share(written: str) -> float:
    """Return a percentage as a fraction of 1; ValueError when it isn't one."""
    if not re.fullmatch(r"\d+(\.\d+)?%", written) or float(written[:-1]) > 100:
        raise ValueError(f"a percentage from 0% to 100%, not {written!r}")
    return float(written[:-1]) / 100


def size(written: str) -> float:
    """Return a size in bytes (``500Gi``, ``1.7TB``); ValueError when it has no unit or isn't one."""
    found = _SIZE.fullmatch(written)
    if not found:
        raise ValueError(f"a size with its unit, like 500Gi or 1.7TB, not {written!r}")
    prefix, binary = found[2], found[3]
    return float(found[1]) * float(1024 if binary else 1000) ** (1 + "KMGT".index(prefix))


def quantity(written: object) -> object:
    """Return a limit as the engine calculates with it: seconds, a fraction, or the number or word that it is."""
    if not isinstance(written, str):
        return written
    for unit in (seconds, share):
        try:
            return unit(written)
        except ValueError:
            continue
    return written


def told(duration: float) -> str:
    """Return seconds as people say them: ``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if duration < 60:
        return f"{duration:.1f} s" if duration < 10 else f"{duration:.0f} s"
    minutes, rest = divmod(round(duration), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
