"""One right, as RBAC knows it, and the words in which a module declares what it needs.

RIGHTS = (
    "delete,patch pods",                    # verbs, a resource of the core group
    "patch deployments.apps/scale",         # resource.group/subresource
    "get secrets named grafana-admin in monitoring",
    "get /readyz",                          # a path that is no resource
    "http grafana",                         # whatever it takes to reach a service of the profile
)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORDS = re.compile(
    r"(?P<verbs>[a-z*,]+) (?:(?P<url>/\S*)|(?P<resource>[a-z*]+)(?:\.(?P<group>[a-z0-9.-]+))?(?P<sub>/[a-z*]+)?"
    r"(?: named (?P<name>\S+))?(?: in (?P<namespace>\S+))?)"
)
#: What reading from local memory takes: it lists once and watches from then on.
WATCH = ("list", "watch")


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One verb on one resource, or on a path.

    Attributes:
        group: empty for the core's.
        resource: plural, with its subresource: ``pods/log``.
        verb: as RBAC calls it.
        name: of the only object that is meant; empty: any.
        namespace: where it is meant, if in one only: by this it is asked for. A ClusterRole grants it everywhere.
        url: a path that is no resource; everything but the verb is then empty.

    """

    group: str
    resource: str
    verb: str
    name: str = ""
    namespace: str = ""
    url: str = ""

    def __str__(self) -> str:
        """Return it in the words that ``parse`` reads."""
        if self.url:
            return f"{self.verb} {self.url}"
        resource, _, sub = self.resource.partition("/")
        words = f"{self.verb} {resource}{f'.{self.group}' if self.group else ''}{f'/{sub}' if sub else ''}"
        words += f" named {self.name}" if self.name else ""
        return words + (f" in {self.namespace}" if self.namespace else "")


def parse(words: str) -> Iterator[Right]:
    """Yield the rights that a declaration names, one per verb.

    Raises:
        ValueError: it isn't one.

    """
    found = _WORDS.fullmatch(words)
    if found is None:
        raise ValueError(f"'verbs resource[.group][/sub] [named x] [in namespace]' or 'verb /path', not {words!r}")
    said = {key: value or "" for key, value in found.groupdict().items()}
    for verb in said["verbs"].split(","):
        yield Right(said["group"], said["resource"] + said["sub"], verb, said["name"], said["namespace"], said["url"])


def several(verbs: tuple[str, ...] | list[str], group: str, resource: str, *, namespace: str = "") -> set[Right]:
    """Return the rights to several verbs on one resource."""
    return {Right(group, resource, verb, namespace=namespace) for verb in verbs}
