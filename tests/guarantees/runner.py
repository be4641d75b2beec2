"""A runner in a process of its own: judges, repairs, and ends. ``python -m tests.guarantees.runner '<json>'``.

It does what ``pytest --remediate`` does with a criterion, without pytest: killed hundreds of times, it must start fast.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from roadworthy.case import Case
from roadworthy.cluster import connect
from roadworthy.converge import Convergence, Options
from roadworthy.profile import Node, Profile
from roadworthy.verdict import Verdict
from tests.guarantees import toys


def tell(line: str) -> None:
    """Say what is about to be changed, as a run does on its terminal."""
    sys.stdout.write(f"{line}\n")


def main(order: dict[str, Any]) -> None:
    """Carry out one order: ``profile``, ``journal``, ``home``, ``work`` (criterion, judge, ladder) …"""
    nodes = tuple(Node(**each) for each in order["profile"].pop("nodes", []))
    profile = Profile(**order["profile"], nodes=nodes)
    cluster = connect(profile)
    parameters = {"home": order["home"], **order.get("parameters", {})}
    options = Options(toys.REMEDIES, progress=tell, **order.get("options", {}))
    with Convergence(cluster, profile, options, Path(order["journal"])) as engine:
        engine.recover()
        for criterion, judge_name, ladder in order["work"]:
            judge = toys.JUDGES[judge_name](cluster, order["home"])
            judged = judge()
            if judged.verdict is Verdict.FAILED:
                case = Case(cluster, criterion, judged.message, "", parameters)
                done = engine.converge(case, [(name, "") for name in ladder], judge)
                sys.stdout.write(f"{criterion}: {done.verdict}: {done.reason}\n")
            else:
                sys.stdout.write(f"{criterion}: {judged.verdict}: {judged.message}\n")
            sys.stdout.flush()
    cluster.close()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
