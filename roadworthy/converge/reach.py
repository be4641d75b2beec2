"""Changes outside of API objects: a command in a container, a request to a service, a playbook on a node."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from roadworthy import private, redact
from roadworthy.change import Change, Exec, Http, Play
from roadworthy.cluster import ssh
from roadworthy.converge import fence
from roadworthy.converge.records import ActionFailed, Executed, HalfDone
from roadworthy.converge.tools import LAST_WORDS, Tools, run
from roadworthy.errors import BadInput
from roadworthy.s3_action import S3

_BAD = 400


def execute(tools: Tools, change: Change, action: Exec, *, dry: bool) -> Executed | str:
    """Run a command in a container of the pod that was judged, and no other."""
    fence.found(tools, change.target)
    if dry:
        return f"+ in {change.target}, container {action.container}: {shlex.join(action.argv)}"
    tools.leased()
    ended = tools.cluster.execute(
        change.target.namespace,
        change.target.name,
        action.argv,
        container=action.container,
        stdin=action.stdin or "",
        timeout=action.timeout_seconds,
    )
    if ended.code:
        words = redact.text((ended.stderr or ended.stdout)[-LAST_WORDS:])
        raise HalfDone(f"{action.argv[0]} in {change.target} succeeds", seen=f"exit {ended.code}: {words}")
    return Executed(change, redact.text(ended.stdout.strip()[-200:]) or "done")


def http(tools: Tools, change: Change, action: Http, *, dry: bool) -> Executed | str:
    """Send one request to a service of the profile."""
    if dry:
        body = f" {json.dumps(redact.data(dict(action.body)), sort_keys=True)}" if action.body is not None else ""
        return f"+ {action.service}: {action.method} {action.path}{body}"
    tools.leased()
    reply = tools.cluster.http(action.service).request(action.method, action.path, json=action.body)
    if reply.status >= _BAD:
        seen = f"{reply.status}: {redact.text(reply.text[:LAST_WORDS])}"
        raise ActionFailed(f"{action.service} takes {action.method} {action.path}", seen=seen)
    return Executed(change, f"answered {reply.status}")


def s3(tools: Tools, change: Change, action: S3, *, dry: bool) -> Executed | str:
    """Call an object store of the profile."""
    words = f"{action.operation} {json.dumps(redact.data(dict(action.arguments)), sort_keys=True)}"
    if dry:
        return f"+ {action.service}: {words}"
    tools.leased()
    try:
        tools.cluster.s3(action.service).call(action.operation, **action.arguments)
    except AssertionError as error:
        raise ActionFailed(f"{action.service} does {words}", seen=redact.text(str(error))) from error
    return Executed(change, "done")


def play(tools: Tools, change: Change, action: Play, *, dry: bool) -> Executed | str:
    """Run a playbook on one node; ``dry`` is Ansible's check mode with its diff.

    By ``ansible-playbook`` as ``ansible-runner`` would, but in a process group of its own that ends with the Lease.
    """
    profile = tools.cluster.profile
    node = next((each for each in profile.nodes if each.name == action.node), None)
    playbook = tools.options.root / "ansible" / action.playbook
    program = shutil.which(
        "ansible-playbook", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    )
    if node is None or program is None or not playbook.is_file():
        seen = "no such node" if node is None else "no ansible-playbook" if program is None else "no such playbook"
        raise BadInput(
            f"{action.playbook} can be run on {action.node}", seen=seen, where=f"{playbook}, {profile.where}"
        )
    folder = Path(tempfile.mkdtemp(prefix="ansible-", dir=private.folder()))
    try:
        host = {"ansible_host": node.address or node.name, "ansible_user": profile.ssh_user}
        inventory = {"all": {"hosts": {node.name: host}}}
        (folder / "inventory.json").write_text(json.dumps(inventory))
        (folder / "variables.json").write_text(json.dumps(dict(action.variables)))
        argv = [
            program,
            "-i",
            str(folder / "inventory.json"),
            "-e",
            f"@{folder / 'variables.json'}",
            "--limit",
            node.name,
        ]
        argv += ["--check", "--diff"] if dry else []
        argv += [f"--ssh-common-args={shlex.join(ssh.options(profile))}", str(playbook)]
        env = {k: v for k, v in os.environ.items() if not k.startswith("ANSIBLE_")}
        env |= {
            "ANSIBLE_CONFIG": str(tools.options.root / "ansible" / "ansible.cfg"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_SSH_ARGS": "-C -o ControlMaster=no",  # a shared connection would outlive the play
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOST_KEY_CHECKING": "1",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
        }
        if not dry:
            tools.leased()
        ended = run(tools, argv, env=env, timeout=action.timeout_seconds, what=f"{action.playbook} on {node.name}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if ended.code:
        said = "\n".join(part for part in (redact.text(ended.out).strip(), ended.err.strip()) if part)[-LAST_WORDS:]
        failed = ActionFailed if dry else HalfDone
        raise failed(f"{action.playbook} on {node.name} succeeds", seen=f"exit {ended.code}: {said}")
    told = redact.text(ended.out)
    return told.strip()[-LAST_WORDS:] if dry else Executed(change, _recap(told))


def _recap(output: str) -> str:
    """Return the line in which Ansible sums up."""
    return next((line.strip() for line in reversed(output.splitlines()) if "changed=" in line), "done")
