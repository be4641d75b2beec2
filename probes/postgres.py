"""PostgreSQL: its version, its role, the machine it was built for, and whom it lets in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.machines import MACHINES
from probes.words import told
from roadworthy.cluster import Cluster

SERVICE = "postgres"
#: SQLSTATEs of a refused log-in: wrong password, and not allowed in at all.
REFUSED = ("28P01", "28000")
#: The rules by which it lets somebody in from elsewhere without asking for anything: "type database user address".
OPEN_RULES = (
    "SELECT concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','), address, netmask) "
    "FROM pg_hba_file_rules WHERE error IS NULL AND auth_method = 'trust' AND type <> 'local' "
    "AND NOT (address IN ('::1', 'localhost', 'samehost') OR address LIKE '127.%' AND netmask LIKE '255.%') "
    "ORDER BY line_number"
)


@dataclass(frozen=True, slots=True)
class Server:
    """What the server says about itself; ``number`` is e.g. 160013, ``arch`` what it was built for (``amd64``)."""

    number: int
    version: str
    arch: str
    recovering: bool

    @property
    def major(self) -> int:
        """The major version."""
        return self.number // 10_000


def server(cluster: Cluster) -> Server:
    """Ask the server who it is."""
    query = "SELECT current_setting('server_version_num')::int, version(), pg_is_in_recovery()"
    ((number, version, recovering),) = cluster.sql(SERVICE, query)
    found = re.search(r" on (\w+?)-", version)
    return Server(int(number), str(version), MACHINES.get(found[1], found[1]) if found else "", bool(recovering))


def lets_in(cluster: Cluster, password: str) -> bool:
    """Whether the server lets the profile's user in with a password; AssertionError for any other trouble."""
    try:
        cluster.sql(SERVICE, "SELECT 1", password=password)
    except AssertionError as error:
        if any(state in str(error) for state in REFUSED):
            return False
        where = f"service {SERVICE}"
        raise AssertionError(told("PostgreSQL decides on a log-in", seen=str(error), where=where)) from error
    return True


def open_rules(cluster: Cluster) -> list[str]:
    """Return the rules of pg_hba.conf that let somebody in from outside its pod unasked; for superusers to read.

    We come in by a port-forward, so from 127.0.0.1, which the official image trusts by default: that a wrong password
    is let in there says nothing of anybody else.
    """
    return [str(rule) for (rule,) in cluster.sql(SERVICE, OPEN_RULES)]
