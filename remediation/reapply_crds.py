"""A custom resource definition that a component brings is missing or lost a version: it is applied again.

``@remedy:reapply_crds.velero``. Server-side, and never anything deleted: objects of the kind stay as they are. What
went with a definition that somebody deleted can't come back from here: the component's installer makes its own anew,
a backup the rest.
"""

from __future__ import annotations

from installers.engine import crds, load_all
from roadworthy.case import Case, Changes
from roadworthy.errors import BadInput

#: What is changed.
RIGHTS: tuple[str, ...] = ("apply customresourcedefinitions.apiextensions.k8s.io",)


def remedy(case: Case) -> Changes:
    """Apply what of a component's definitions isn't as it was declared; nothing where all are."""
    components = load_all()
    if case.argument not in components:
        todo = f"@remedy:reapply_crds.NAME, where NAME is one of {', '.join(components)}"
        raise BadInput("a component", seen=case.argument or "none", where="@remedy:reapply_crds", todo=todo)
    yield from crds.changes(case.cluster, components[case.argument])
