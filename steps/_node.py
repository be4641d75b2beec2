"""``node-5`` in a feature: the fifth node that the profile lists."""

from __future__ import annotations


class Ordinal:
    """A parameter of a step that matches ``node-<n>`` and nothing else (so that "a pod on every node …" is another)."""

    pattern = r"node-\d+"

    def __call__(self, text: str) -> str:
        """Return it as it stands; ``probes.nodes.listed`` makes a name of it."""
        return text


#: For ``parsers.parse("… {ordinal:Node} …", extra_types=NODE)``.
NODE = {"Node": Ordinal()}
