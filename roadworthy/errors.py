"""Every exception that Roadworthy raises on purpose, and the verdict that each becomes.

    RoadworthyError                  expected / seen / where / todo, printed in that order
    ├── BadInput                     refused before the first API call; names file and line
    ├── Unknown                      could not be evaluated            -> broken
    │   ├── TimedOut                 a socket or a process gave no answer in time
    │   ├── Denied                   401 or 403
    │   ├── Turbulence               429, 5xx, connection refused or reset by the API server
    │   └── Stale                    what was read is older than what was asked for
    ├── NotApplicable                the criterion has no meaning here  -> not applicable
    ├── Blocked                      something it needs has failed      -> blocked
    └── Refused                      a guard forbade a Change (limits, pause, lease, wrong cluster)

An ``AssertionError`` out of a step means that the criterion was evaluated and does not hold: ``failed``.
Any other exception is a bug of ours or of a step, and so ``broken``: it never triggers a remedy.
"""

from __future__ import annotations


class RoadworthyError(Exception):
    """An error that tells an operator what to do.

    Args:
        expected: what should have been the case, one sentence.
        seen: what was found instead.
        where: file and line, object, address or log to look at.
        todo: what to do next.

    """

    def __init__(self, expected: str, *, seen: str = "", where: str = "", todo: str = "") -> None:
        self.expected, self.seen, self.where, self.todo = expected, seen, where, todo
        super().__init__(self.render())

    def render(self) -> str:
        """Return the message, one labelled part after the other, empty parts left out."""
        parts = [self.expected]
        parts += [f"seen: {self.seen}"] if self.seen else []
        parts += [f"where: {self.where}"] if self.where else []
        parts += [f"to do: {self.todo}"] if self.todo else []
        return "; ".join(parts)


class BadInput(RoadworthyError):
    """Input that can't be used. Raised before anything is touched."""


class Unknown(RoadworthyError):
    """The criterion could not be evaluated: ``broken``, and never a reason to repair."""


class TimedOut(Unknown):
    """No answer within the time-out."""


class Denied(Unknown):
    """The credentials were refused, or lack a right."""


class Turbulence(Unknown):
    """The server answered 429 or 5xx, or the connection broke."""


class Stale(Unknown):
    """What could be read is older than what had to be read."""


class NotApplicable(RoadworthyError):
    """The criterion has no meaning on this cluster; the message is the reason."""


class Blocked(RoadworthyError):
    """Something that the criterion needs has failed; the message names the root."""


class Refused(RoadworthyError):
    """A guard stands between a remedy and the cluster."""
