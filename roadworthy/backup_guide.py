"""The guide to a cluster's backups, made of its profile: what is backed up, when, where, and how each kind comes back.

``templates/backup-guide.md`` holds the words. In it ``@{word}`` stands for what the profile says, ``%% if``,
``%% else`` and ``%% end`` for what only some clusters have, ``%% each schedule`` for a line of each of Velero's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from roadworthy.errors import BadInput
from roadworthy.profile import Profile

TEMPLATE = Path(__file__).parent / "templates" / "backup-guide.md"
_WORD = re.compile(r"@\{([a-z_]+)\}")
_BLOCK = re.compile(r"^```sh (look|act|real|by hand)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Block:
    """Commands of the guide; ``how`` they may be tried: ``look``, ``act``, ``real`` or ``by hand``."""

    how: str
    commands: str


def page(profile: Profile) -> str:
    """Return the guide of a cluster, as Markdown."""
    return "\n".join(_lines(TEMPLATE.read_text(encoding="utf-8").splitlines(), profile)) + "\n"


def blocks(profile: Profile) -> tuple[Block, ...]:
    """Return the commands of a cluster's guide, in its order."""
    return tuple(Block(how, commands) for how, commands in _BLOCK.findall(page(profile)))


def when(cron: str) -> str:
    """Return a schedule in words, as far as it is one of the usual ones; else as it stands."""
    minute, hour, day, month, weekday = cron.split()
    if (day, month) != ("*", "*") or not minute.isdigit():
        return f"`{cron}`"
    if (every := re.fullmatch(r"\*/(\d+)", hour)) and weekday == "*":
        return f"every {every[1]} hours"
    if not hour.isdigit():
        return f"`{cron}`"
    at = f"{int(hour):02d}:{int(minute):02d}"
    if weekday == "*":
        return f"every day at {at}"
    return f"every {_DAYS[int(weekday)]} at {at}" if weekday in set("01234567") else f"`{cron}`"


def _lines(template: list[str], profile: Profile) -> Iterator[str]:
    """Yield the lines, with what this cluster hasn't left out."""
    words, shown, each = _words(profile), True, False
    for number, line in enumerate(template, start=1):
        said = line.removeprefix("%%").strip() if line.startswith("%%") else ""
        if said in {"if k3s", "if not k3s"}:
            shown = (profile.distribution == "k3s") is (said == "if k3s")
        elif said == "else":
            shown = not shown
        elif said == "each schedule":
            each = True
        elif said == "end":
            shown, each = True, False
        elif said:
            raise BadInput("if, else, each or end", seen=said, where=f"{TEMPLATE}:{number}")
        elif shown and each:
            yield from (_filled(line, {**words, **more}, number) for more in _schedules(profile))
        elif shown:
            yield _filled(line, words, number)


def _filled(line: str, words: Mapping[str, str], number: int) -> str:
    def word(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise BadInput(f"one of {', '.join(words)}", seen=match[1], where=f"{TEMPLATE}:{number}")
        return words[match[1]]

    return _WORD.sub(word, line)


def _words(profile: Profile) -> dict[str, str]:
    backups = profile.backups

    def space(service: str, default: str) -> str:
        found = profile.services.get(service)
        return found.namespace if found else default

    return {
        "cluster": profile.name,
        "bucket": backups.bucket,
        "etcd_when": when(backups.etcd.cron),
        "etcd_keep": str(backups.etcd.keep),
        "dumps_when": when(backups.dumps.cron),
        "dumps_keep": str(backups.dumps.keep_days),
        "offsite_when": when(backups.offsite.cron),
        "offsite_bucket": backups.offsite.bucket,
        "velero_namespace": space("velero", "velero"),
        "store_namespace": space("object-store", "object-store"),
        "etcd_namespace": space("etcd-snapshots", "etcd-snapshots"),
        "offsite_namespace": space("offsite-copy", "offsite"),
        "databases": space("postgres-backup", "databases"),
    }


def _schedules(profile: Profile) -> Iterator[dict[str, str]]:
    for name, each in profile.backups.schedules.items():
        all_but = f"every namespace but {', '.join(each.exclude)}" if each.exclude else "every namespace"
        what = f"{all_but}, with volumes"
        yield {"name": name, "what": what, "when": when(each.cron), "keep": f"{each.keep / 86400:g} days"}
