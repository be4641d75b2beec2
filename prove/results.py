"""What one row of the matrix came to, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from prove.bench import Judged
from prove.matrix import Row


@dataclass
class Result:
    """What one row came to. Times in seconds: from the fault until it was red, and of the run that repaired it."""

    row: Row
    seen_red: bool | None = None
    seen_repaired: bool | None = None
    seen_green: bool | None = None
    message: str = ""
    to_red: float = 0.0
    to_green: float = 0.0
    remedies: str = ""
    changes: int = 0
    note: str = ""
    problem: str = ""

    def red(self, seen: Judged, seconds: float) -> None:
        """Note the run that was judged after the fault."""
        self.to_red = seconds
        self.message = seen.only["reason"]
        self.seen_red = seen.only["verdict"] == "failed" and self.row.matches(self.message)

    def repaired(self, seen: Judged) -> None:
        """Note the run with --remediate; whether it came out as the row says is for its judge to note."""
        self.to_green, self.changes = seen.seconds, len(seen.changes)
        self.remedies = ", ".join(dict.fromkeys(name for name, _ in seen.changes))
        self.seen_repaired = False
        self.note = "; ".join(dict.fromkeys(change["why"] for _, change in seen.changes))

    def undone(self, seen: Judged) -> None:
        """Note the run after the fault was undone."""
        self.seen_green = seen.only["verdict"] == "passed"

    @property
    def marks(self) -> tuple[bool | None, bool | None, bool | None]:
        """Whether it was seen red with the right message, repaired (or rightly not), and green after; None: not run."""
        return self.seen_red, self.seen_repaired, self.seen_green

    @property
    def proven(self) -> bool | None:
        """Whether all of it was seen; None where it can't be on this sandbox."""
        if self.problem:
            return False
        return True if all(self.marks) else None

    @property
    def by(self) -> str:
        """Who repaired it, in words."""
        if self.row.shapes:
            return "tests, on objects of its shape"
        return self.remedies or ("nothing, rightly" if self.row.remedy == "none" and self.seen_repaired else "")

    @property
    def data(self) -> dict[str, object]:
        """What is kept of it in proof.json; times in seconds."""
        return {
            "row": self.row.id,
            "criterion": self.row.criterion.id,
            "fault": self.row.what,
            "seen_red": self.seen_red,
            "seen_repaired": self.seen_repaired,
            "seen_green": self.seen_green,
            "to_red": round(self.to_red, 1),
            "to_green": round(self.to_green, 1),
            "remedies": self.remedies,
            "changes": self.changes,
            "message": self.message,
            "cause": self.note,
            "problem": self.problem,
        }
