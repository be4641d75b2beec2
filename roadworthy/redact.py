"""Redaction, in one place: every text that is written or shown anywhere goes through here first.

Two nets. Values that are known to be secret (``register``) are struck out in every form in which they travel: raw,
URL- and JSON-escaped, base64 at any of its three alignments, wrapped over lines. And what looks like a secret by its
surroundings (an Authorization header, a private key, a token in a kubeconfig) is struck out, registered or not.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus

STRUCK = "[redacted]"
#: Shorter values would strike out ordinary words.
_SHORTEST = 4
#: Shorter pieces of base64 or of a wrapped value occur by chance.
_SHORTEST_PIECE = 12

_NAMES = r"(?:client-key-data|(?:id-|refresh-|access-|bearer-?)?token|passwd|password|secret-?(?:access-)?key|api-?key)"
_NAMES = _NAMES.replace("-", "[-_]")
_SURROUNDINGS = [
    re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"""((?:proxy-)?authorization\\?["']?\s*[:=]\s*\\?["']?(?:[a-z]+\s+)?)[^\s"',;\\]+()""", re.IGNORECASE),
    re.compile(r"(\bBearer )(?=\S*[\d=._-])[\w.~+/=-]{8,}()"),
    re.compile(r"""((?:set-)?cookie\\?["']?:\s*\\?["']?)[^\s"'\\][^\n"'\\]*()""", re.IGNORECASE),
    re.compile(r"(\b[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^/\s@]+(@)", re.IGNORECASE),
    re.compile(r"()\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?()"),
    # `password: x` in YAML, `"password": "x"` in JSON (escaped or not), `password=x` in a query or a connection string.
    re.compile(rf"""(^[\s-]*["']?{_NAMES}["']?:\s+["']?)[^\s"'\[{{|>][^\n"']*()""", re.IGNORECASE | re.MULTILINE),
    re.compile(rf"""(\\?["']{_NAMES}\\?["']\s*:\s*\\?["'])[^"'\\]+()""", re.IGNORECASE),
    re.compile(rf"""((?:^|[\s?&;"']){_NAMES}=["']?)[^\s&;"'\[]+()""", re.IGNORECASE | re.MULTILINE),
]

_NO_SECRET = re.compile(r"(^|[-_.])(user(-?name)?|login|database|db(-?name)?|host(-?name)?|port)$", re.IGNORECASE)

_lock = threading.Lock()
_known: dict[str, None] = {}
_wrapped: dict[str, re.Pattern[str]] = {}


def register(value: str, key: str = "") -> None:
    """Remember a secret value, its lines (a key is often shown line by line), and the forms they travel in.

    Args:
        value: the secret.
        key: what it is called in its Secret; who a user or a database is called is no secret, and often a word that
            every report is full of (``postgres``).

    """
    if _NO_SECRET.search(key):
        return
    lines = [line.strip() for line in value.splitlines()] if "\n" in value.strip() else []
    values = [value.strip(), *(line for line in lines if len(line) >= _SHORTEST_PIECE and not line.startswith("-----"))]
    forms = {form for one in values if len(one) >= _SHORTEST for form in _forms(one)}
    with _lock:
        _known.update(dict.fromkeys(forms))
        for form in forms:
            if len(form) >= _SHORTEST_PIECE and form not in _wrapped:
                _wrapped[form] = re.compile(r"(?:\\n|\s)*".join(map(re.escape, form)))


def register_secret(content: Any) -> None:
    """Remember every value in (a part of) a Secret's manifest, before it is written anywhere."""
    if not isinstance(content, dict):
        return
    for part, decode in (("stringData", str.encode), ("data", base64.b64decode)):
        found = content.get(part)
        for key, value in found.items() if isinstance(found, dict) else ():
            with suppress(ValueError, TypeError, AttributeError):
                register(decode(value).decode(errors="replace"), str(key))


def text(content: str) -> str:
    """Return the text with every registered value struck out, the longest first, then what looks like a secret."""
    with _lock:
        values, wrapped = sorted(_known, key=len, reverse=True), list(_wrapped.values())
    for value in values:
        content = content.replace(value, STRUCK)
    if "\n" in content or "\\n" in content:
        for pattern in wrapped:
            content = pattern.sub(STRUCK, content)
    for pattern in _SURROUNDINGS:
        content = pattern.sub(rf"\g<1>{STRUCK}\g<2>", content)
    return content


def data(content: Any) -> Any:
    """Return JSON-like data with every text in it redacted; what a Secret holds is struck out whole."""
    if isinstance(content, str):
        return text(content)
    if isinstance(content, dict):
        secret = {"data", "stringData"} if content.get("kind") == "Secret" else {"stringData"}
        content = {k: _emptied(v) if k in secret else v for k, v in content.items()}
        return {text(str(key)): _named(str(key), value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [data(one) for one in content]
    return content


def _named(key: str, value: Any) -> Any:
    if isinstance(value, str) and value and re.fullmatch(_NAMES, key, re.IGNORECASE):
        return STRUCK
    return data(value)


def _emptied(value: Any) -> Any:
    return dict.fromkeys(value, STRUCK) if isinstance(value, dict) else STRUCK


def _forms(value: str) -> Iterator[str]:
    yield value
    yield quote(value, safe="")
    yield quote_plus(value)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield json.dumps(json.dumps(value)[1:-1])[1:-1]  # JSON that travels in JSON, as a log's line does
    raw = value.encode()
    for offset in range(3):
        # The characters that this value alone decides, wherever in a longer text it begins.
        bits = (offset + len(raw)) * 8
        encoded = base64.b64encode(b"\0" * offset + raw).decode()[-(-offset * 8 // 6) : bits // 6]
        if len(encoded) >= 6:
            yield encoded
            yield encoded.translate(str.maketrans("+/", "-_"))
