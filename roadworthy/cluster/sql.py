"""SQL on a database service of the profile: psycopg through a tunnel to one of its Ready pods."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

import psycopg

from roadworthy import evidence
from roadworthy.cluster.tunnel import Tunnel
from roadworthy.errors import TimedOut, Unknown
from roadworthy.profile import Service

#: libpq keeps a refused log-in's SQLSTATE to itself; its (English) words tell which one it was.
_REFUSALS = {
    "password authentication failed": "28P01",
    "no pg_hba.conf entry": "28000",
    'role "': "28000",
    'database "': "3D000",
    "too many clients": "53300",
    "remaining connection slots": "53300",
    "starting up": "57P03",
    "shutting down": "57P03",
}


def run(
    service: Service, tunnel: Tunnel, query: str, parameters: Sequence[Any], *, user: str, password: str, timeout: float
) -> list[tuple[Any, ...]]:
    """Run one statement (autocommit) and return its rows.

    Raises:
        AssertionError: the database refuses the log-in or the statement, or no pod of it is Ready; with the SQLSTATE
            if there is one.
        Unknown: the way to it is broken, or the statement took longer than ``timeout`` seconds.

    """
    began = time.monotonic()
    settings = service.settings
    try:
        with psycopg.connect(
            host="127.0.0.1",
            port=tunnel.port,
            user=user,
            password=password,
            dbname=str(settings.get("database", "postgres")),
            sslmode=str(settings.get("sslmode", "prefer")),
            connect_timeout=max(2, int(timeout)),
            options=f"-c statement_timeout={int(timeout * 1000)}",
            application_name="roadworthy",
            autocommit=True,
        ) as connection:
            cursor = connection.execute(cast("Any", query), tuple(parameters) or None)
            rows = cursor.fetchall() if cursor.description else []
    except psycopg.Error as error:
        evidence.record("sql", f"{service.name}: {query}", f"-> {error}")
        raise _meaning(error, service, tunnel, timeout) from error
    evidence.record("sql", f"{service.name}: {query} ({time.monotonic() - began:.2f} s)", f"-> {rows[:20]!r}"[:1024])
    return rows


def _meaning(error: psycopg.Error, service: Service, tunnel: Tunnel, timeout: float) -> Exception:
    """Return what a database error amounts to."""
    if isinstance(tunnel.failure, Unknown):
        return tunnel.failure
    if isinstance(tunnel.failure, AssertionError):
        return AssertionError(f"{service.name} is not reached: {tunnel.failure}")
    if isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors.ConnectionTimeout):
        return TimedOut(f"{service.name} answers within {timeout:.0f} s", seen=str(error).strip())
    words = str(error).strip()
    state = error.sqlstate or next((code for sign, code in _REFUSALS.items() if sign in words), "")
    return AssertionError(f"{service.name} refuses{f' with SQLSTATE {state}' if state else ''}: {words}")
