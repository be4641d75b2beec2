"""Helm's upgrade and rollback, by the ``helm`` binary, with a private kubeconfig that knows one cluster only."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from roadworthy import private, redact
from roadworthy.change import Change, HelmRollback, HelmUpgrade
from roadworthy.converge.records import ActionFailed, Executed, HalfDone
from roadworthy.converge.tools import Ended, Tools, diff, run
from roadworthy.errors import BadInput, Refused

#: Label of every release that we make: which run of ours did.
RUN_LABEL = "roadworthy.dev/run"
#: What helm may take beyond the time-out that it is given, to roll back and to say so. Seconds.
_MORE = 60.0
_HISTORY = 5


def binary(tools: Tools) -> str:
    """Return the helm binary's path."""
    chosen = tools.options.helm or os.environ.get("ROADWORTHY_HELM", "") or shutil.which("helm") or ""
    if not chosen or not os.access(chosen, os.X_OK):
        raise BadInput("helm is there", seen=chosen or "nothing", todo="install helm 4, or name it in $ROADWORTHY_HELM")
    return chosen


@contextmanager
def _home(tools: Tools) -> Iterator[dict[str, str]]:
    """Give helm a home of its own for one command: kubeconfig, cache and all, in the private folder."""
    config = tools.cluster.access.config
    home = Path(tempfile.mkdtemp(prefix="helm-", dir=private.folder()))
    try:
        kubeconfig = private.write(f"{home.name}/kubeconfig", yaml.safe_dump(config.minified()))
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HELM_", "KUBE"))}
        around = ",".join(filter(None, [os.environ.get("NO_PROXY", ""), urlsplit(config.server).hostname or ""]))
        yield {
            **kept,
            "KUBECONFIG": str(kubeconfig),
            "HELM_CACHE_HOME": str(home / "cache"),
            "HELM_CONFIG_HOME": str(home / "config"),
            "HELM_DATA_HOME": str(home / "data"),
            "NO_PROXY": around,
            "no_proxy": around,
        }
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _helm(tools: Tools, env: dict[str, str], words: list[str], timeout: float = 60.0) -> Ended:
    return run(tools, [binary(tools), *words], env=env, timeout=timeout, what=f"helm {words[0]} {words[1]}")


def _revision(tools: Tools, env: dict[str, str], change: Change) -> dict[str, Any]:
    """Return the release's status; empty when there is none."""
    ended = _helm(tools, env, ["status", change.target.name, "-n", change.target.namespace, "-o", "json"])
    if ended.code == 0:
        status: dict[str, Any] = json.loads(ended.out)
        return status
    if "not found" in ended.err:
        return {}
    raise ActionFailed(f"the state of {change.target} can be read", seen=ended.words)


def _chart(tools: Tools, env: dict[str, str], action: HelmUpgrade) -> str:
    """Return what to install: the chart itself, or a copy that was fetched and found to be the pinned one."""
    if not action.chart_digest:
        return action.chart
    folder = Path(env["HELM_CACHE_HOME"]) / "pulled"
    folder.mkdir(parents=True)  # helm doesn't
    words = [
        "pull",
        action.chart,
        "--destination",
        str(folder),
        *(["--version", action.version] if action.version else []),
    ]
    ended = _helm(tools, env, words, timeout=120)
    packed = sorted(folder.glob("*.tgz"))
    if ended.code or len(packed) != 1:
        raise ActionFailed(f"the chart {action.chart} {action.version} can be fetched", seen=ended.words)
    seen = "sha256:" + hashlib.sha256(packed[0].read_bytes()).hexdigest()
    if seen != action.chart_digest:
        todo = "find out who replaced it before you correct the digest"
        raise Refused(f"the chart {action.chart} {action.version} is {action.chart_digest}", seen=seen, todo=todo)
    return str(packed[0])


def _words(tools: Tools, env: dict[str, str], change: Change, action: HelmUpgrade) -> list[str]:
    """Return the command line of an upgrade."""
    labels = {**action.labels, RUN_LABEL: tools.run}
    words = ["upgrade", change.target.name, _chart(tools, env, action), "--install", "-n", change.target.namespace]
    words += ["--labels", ",".join(f"{k}={v}" for k, v in sorted(labels.items()))]
    words += ["--server-side=true", "--force-conflicts", "--history-max", str(_HISTORY)]
    words += ["--timeout", f"{action.timeout_seconds}s"]
    words += ["--version", action.version] if action.version and not action.chart_digest else []
    for values in action.values:
        words += ["-f", values]
    return words


def upgrade(tools: Tools, change: Change, action: HelmUpgrade, *, dry: bool) -> Executed | str:
    """``helm upgrade --install``."""
    with _home(tools) as env:
        before = _revision(tools, env, change)
        words = _words(tools, env, change, action)
        if dry:
            return _rendered_diff(tools, env, change, words)
        words += ["--wait=watcher", "--rollback-on-failure"] if action.wait else ["--wait=hookOnly"]
        tools.leased()
        ended = _helm(tools, env, words, timeout=action.timeout_seconds + _MORE)
    old = int(before.get("version", 0))
    words = ["rollback", change.target.name, str(old)] if old else ["uninstall", change.target.name]

    def undo() -> str:
        return _take_back(tools, change, words)

    if ended.code:
        own = None if action.wait else undo  # where it waited, helm has taken it back itself
        raise HalfDone(f"{change.target} is installed", seen=ended.words, where=action.chart, undo=own)
    return Executed(change, "upgraded" if old else "installed", undo)


def rollback(tools: Tools, change: Change, action: HelmRollback, *, dry: bool) -> Executed | str:
    """``helm rollback``."""
    with _home(tools) as env:
        words = ["rollback", change.target.name, *([str(action.revision)] if action.revision else [])]
        if dry:
            now = _helm(tools, env, ["get", "manifest", change.target.name, "-n", change.target.namespace])
            revision = ["--revision", str(action.revision)] if action.revision else []
            then = _helm(tools, env, ["get", "manifest", change.target.name, "-n", change.target.namespace, *revision])
            return diff(_readable(now.out), _readable(then.out), str(change.target))
    return Executed(change, _take_back(tools, change, words))


def _take_back(tools: Tools, change: Change, words: list[str]) -> str:
    """Run a rollback or an uninstall, and wait for it."""
    with _home(tools) as env:
        words = [*words, "-n", change.target.namespace, "--wait", "--timeout", "180s"]
        # What somebody changed by hand is in the way of a rollback as it is of an upgrade.
        words += ["--force-conflicts"] if words[0] == "rollback" else []
        tools.leased()
        ended = _helm(tools, env, words, timeout=180 + _MORE)
    if ended.code:
        raise HalfDone(f"helm {words[0]} of {change.target} succeeds", seen=ended.words)
    return f"{words[0]} done"


def _rendered_diff(tools: Tools, env: dict[str, str], change: Change, words: list[str]) -> str:
    """Return how the release's manifest would differ, rendered against the live server."""
    ended = _helm(tools, env, [*words, "--dry-run=server", "-o", "json"])
    if ended.code:
        raise ActionFailed(f"{change.target} can be rendered", seen=ended.words)
    live = _helm(tools, env, ["get", "manifest", change.target.name, "-n", change.target.namespace])
    then = str(json.loads(ended.out).get("manifest", ""))
    return diff(_readable(live.out) if live.code == 0 else "", _readable(then), str(change.target))


def _readable(manifest: str) -> str:
    """Return a manifest's objects in a fixed order and form, secrets struck out."""
    try:
        things = [redact.data(each) for each in yaml.safe_load_all(manifest) if each]
    except yaml.YAMLError:
        return redact.text(manifest)
    things.sort(key=lambda each: (each.get("kind", ""), each.get("metadata", {}).get("name", "")))
    return "---\n".join(yaml.safe_dump(each, sort_keys=True, width=1000) for each in things)
