"""Rights as ClusterRoles, each rule with what asks for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import yaml

from roadworthy.rights.needs import Asked, Needs
from roadworthy.rights.right import Right

READ, MARKERS, REPAIR = "roadworthy-read", "roadworthy-markers", "roadworthy-repair"
_VERBS = ("get", "list", "watch", "create", "update", "patch", "delete")
#: Names of what asks for a rule that its comment holds.
_NAMED = 3
_WHAT = {
    READ: "What judging needs. `create` on pods/portforward and services/proxy is how one reaches a service to ask it\n"
    "# something: nothing smaller exists.",
    MARKERS: "What `@writes` and `@drill` scenarios make for themselves and take away again.",
    REPAIR: "What `--remediate` needs besides.",
}


def documents(needs: Needs, only: Iterable[str] = (), *, secrets: bool = True) -> Iterator[str]:
    """Yield the ClusterRoles as YAML, those that have rules: for judging, for markers, for repairing.

    ``only``: of these names. Without ``secrets`` none to read or write a Secret: credentials come by other ways.
    """
    for name, rights in roles(needs).items():
        granted = Asked(set, {right: by for right, by in rights.items() if secrets or right.resource != "secrets"})
        if granted and (not only or name in only):
            yield _document(name, granted)


def binding(name: str, account: str) -> str:
    """Return the ClusterRoleBinding of a role to a service account, ``namespace/name``, as YAML."""
    namespace, _, who = account.rpartition("/")
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    subject = {"kind": "ServiceAccount", "name": who, "namespace": namespace or "default"}
    head = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name}}
    return yaml.safe_dump({**head, "roleRef": reference, "subjects": [subject]}, sort_keys=False)


def roles(needs: Needs) -> dict[str, Asked]:
    """Return the rights of each role, with what asks for them; the one for repairing comes on top of the first."""
    covered = _covered(needs)
    repairing = ((right, by) for right, by in needs.repairing.items() if right not in covered)
    return {READ: needs.judging, MARKERS: needs.markers, REPAIR: defaultdict(set, repairing)}


def _covered(needs: Needs) -> set[Right]:
    """Return those rights for repairing that judging has anyway."""
    plain = {(right.group, right.resource, right.verb, right.url) for right in needs.judging if not right.name}
    return {right for right in needs.repairing if (right.group, right.resource, right.verb, right.url) in plain}


def rules(rights: Iterable[Right]) -> list[dict[str, list[str]]]:
    """Return as few rules as say it: resources of a group that share their verbs stand together."""
    verbs: defaultdict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for right in rights:
        verbs[right.url, right.group, right.resource, right.name].add(right.verb)
    shared: defaultdict[tuple[bool, str, tuple[str, ...]], set[str]] = defaultdict(set)
    named: defaultdict[tuple[str, str, tuple[str, ...]], set[str]] = defaultdict(set)
    for (url, group, resource, name), those in verbs.items():
        if not name:
            shared[bool(url), "" if url else group, _sorted(those)].add(url or resource)
        elif left := those - verbs.get((url, group, resource, ""), set()):
            named[group, resource, _sorted(left)].add(name)
    found: list[dict[str, list[str]]] = []
    for (path, group, order), what in sorted(shared.items()):
        where = {"nonResourceURLs": sorted(what)} if path else {"apiGroups": [group], "resources": sorted(what)}
        found.append({**where, "verbs": list(order)})
    for (group, resource, order), names in sorted(named.items()):
        where = {"apiGroups": [group], "resources": [resource], "resourceNames": sorted(names)}
        found.append({**where, "verbs": list(order)})
    return found


def _sorted(verbs: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(verbs, key=lambda verb: (_VERBS.index(verb) if verb in _VERBS else 99, verb)))


def _document(name: str, rights: Asked) -> str:
    head = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}}
    lines = [f"# {_WHAT[name]}", yaml.safe_dump(head, sort_keys=False).rstrip(), "rules:"]
    for rule in rules(rights):
        lines.append(f"  # {_asking(rule, rights)}")
        for number, (key, value) in enumerate(rule.items()):
            shown = yaml.safe_dump(value, default_flow_style=True, width=10000).strip()
            lines.append(f"  {'- ' if not number else '  '}{key}: {shown}")
    return "\n".join(lines) + "\n"


def _asking(rule: Mapping[str, list[str]], rights: Asked) -> str:
    those = [
        right
        for right in rights
        if right.verb in rule["verbs"]
        and (right.url in rule.get("nonResourceURLs", ()) if right.url else right.resource in rule.get("resources", ()))
        and (right.url or right.group in rule.get("apiGroups", ()))
        and (not rule.get("resourceNames") or right.name in rule["resourceNames"])
    ]
    names = sorted({name for right in those for name in rights[right]})
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
