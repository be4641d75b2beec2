"""Convergence: a failed criterion, its remedies, and everything that stands between them and a live cluster.

Reads top to bottom: ``confirm``, ``guard``, ``act``, ``settle``, held together by ``ladder``.
"""

from __future__ import annotations

from roadworthy.converge.journal import Journal
from roadworthy.converge.ladder import Convergence
from roadworthy.converge.records import Converged, Judgement, Ladder, Options, RemedyReport

__all__ = ["Converged", "Convergence", "Journal", "Judgement", "Ladder", "Options", "RemedyReport"]
