"""Kubernetes quantities (``250m``, ``24Mi``, ``1523641n``) as plain numbers."""

from __future__ import annotations

_DECIMAL = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}
_SUFFIXES = _DECIMAL | _BINARY


def quantity(text: str) -> float:
    """Return the number that a quantity stands for, in cores or bytes; ValueError when it is none."""
    number = text.rstrip("".join(set("".join(_SUFFIXES))))
    suffix = text[len(number) :]
    if suffix not in _SUFFIXES:
        raise ValueError(f"not a quantity: {text!r}")
    return float(number) * _SUFFIXES[suffix]
