"""Ways to break a sandbox, each with its way back."""

from sandbox.faults.registry import Fault, fault, inject, names, undo, usage

__all__ = ["Fault", "fault", "inject", "names", "undo", "usage"]
