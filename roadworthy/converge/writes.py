"""One write to the API server, tried out or done, and what a refused one amounts to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roadworthy.change import Change
from roadworthy.cluster.answers import CONFLICT, NOT_FOUND, Reply
from roadworthy.converge.records import ActionFailed
from roadworthy.converge.tools import Tools
from roadworthy.errors import Refused

SECONDS = 30.0


def write(  # noqa: PLR0913 - what a write has
    tools: Tools,
    change: Change,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: Any,
    media: str,
    *,
    dry: bool,
    gone_is_fine: bool = False,
) -> Reply:
    """Send one write; ``dry`` has the server check and answer it without doing it."""
    if dry:
        query = {**query, "dryRun": "All"}  # of a DELETE it is ignored where there is a body; the audit log shows it
    if dry and method == "DELETE":
        body = {**body, "dryRun": ["All"]}  # without this one it would be deleted for real
    if not dry:
        tools.leased()
    access = tools.cluster.access
    reply = access.request(method, path, query=query, body=body, content_type=media, timeout=SECONDS)
    verdict(reply, change, gone_is_fine=gone_is_fine)
    return reply


def verdict(reply: Reply, change: Change, *, gone_is_fine: bool) -> None:
    """Raise what a refused write amounts to."""
    if reply.ok or (gone_is_fine and reply.status == NOT_FOUND):
        return
    if reply.status == CONFLICT:
        raise Refused(f"{change.target} is as it was when it was judged", seen=reply.message, todo="judge again")
    raise ActionFailed(f"{change.verb} {change.target}", seen=f"{reply.status}: {reply.message}")
