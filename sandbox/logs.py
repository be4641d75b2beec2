"""Keeps a machine's logs small: a sandbox may run for weeks, and a service that can't do its work writes a lot.

Every service appends to `<service>.log`, which also a truncated file suffers, so that no service needs to know. The
API server's audit log is rotated by itself.
"""

from __future__ import annotations

LOGS = "/var/log/roadworthy"
MOST = 10 << 20
"""Bytes of one log. What is older is in `<service>.log.1`, the same size at most; what was before that is gone."""
EVERY = 60
"""Seconds between two looks; `sv hup` makes it look at once."""
KEEPER = "log-keeper"
OTHERS = "audit"
"""Logs that somebody else keeps."""


def keeper(folder: str = LOGS, most: int = MOST, every: float = EVERY) -> str:
    """Return the `run` script of the service that does it."""
    return f"""\
#!/bin/bash
exec </dev/null >>{folder}/{KEEPER}.log 2>&1
look() {{
    for log in {folder}/*.log; do
        case ${{log##*/}} in {OTHERS}*) continue ;; esac
        size=$(stat -c %s "$log") || continue
        # One that grew a lot since the last look leaves its newest part only.
        if [ "$size" -gt {most} ]; then tail -c {most} "$log" >"$log.1" && : >"$log"; fi
    done
}}
trap look HUP
exec {{pause}}<> <(:)
while :; do
    look
    read -rt {every:g} -u $pause
done
"""
