"""Rights: what a run needs of the API server, derived from the selected criteria, asked for first, granted by rbac.

- right: one right, and the words in which modules declare them
- kinds: kind -> resource, as RBAC calls it
- code: what functions can be reached from a step or a remedy, and what they ask of the cluster
- calls: one call of the facade -> rights
- survey: a criterion or a remedy -> rights, by what its code can come to
- needs: criteria -> rights for judging, for markers, for repairing
- asking: which of them are missing, by SelfSubjectAccessReview
- roles: rights -> ClusterRoles
"""

from __future__ import annotations

from roadworthy.rights.needs import Needs, needs
from roadworthy.rights.right import Right, parse

__all__ = ["Needs", "Right", "needs", "parse"]
