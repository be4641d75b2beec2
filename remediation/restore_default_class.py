"""The default storage class isn't the one that the profile lists, or there are several: the mark is put right."""

from __future__ import annotations

from probes.storage import DEFAULT, classes
from remediation._common import refuse
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Patch, Target

#: What is changed.
RIGHTS: tuple[str, ...] = ("patch storageclasses.storage.k8s.io",)


def remedy(case: Case) -> Changes:
    """Mark the listed class as the default, then take the mark from every other."""
    listed = case.cluster.profile.storage_classes.get("default", "")
    found = {each.name: each for each in classes(case.cluster)}
    if not listed:
        return
    if listed not in found:
        refuse("the listed default storage class is there", [f"no class {listed}: its provisioner makes it"])
    marked = [name for name, each in found.items() if each.default]
    if marked == [listed]:
        return
    cause = f"the default storage class is {' and '.join(marked) or 'none'} instead of {listed}"
    for name in [listed, *(each for each in marked if each != listed)]:
        if found[name].default == (name == listed):
            continue
        value = "true" if name == listed else "false"
        target = Target("StorageClass", name)
        yield Change(
            verb="mark" if name == listed else "unmark",
            target=target,
            action=Patch({"metadata": {"annotations": {DEFAULT: value}}}),
            why=cause,
            before={DEFAULT: "true" if found[name].default else "false"},
            after={DEFAULT: value},
            reversible=True,
            blast_radius=(str(target),),
        )
