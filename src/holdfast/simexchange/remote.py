"""Ask the admin endpoint of a simulated exchange that runs, from the command line."""

import http.client
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

import msgspec

from holdfast.errors import UsageError, VenueUnavailable
from holdfast.simexchange.faults.entries import Fault
from holdfast.simexchange.faults.kinds import FaultKind

LONGEST_S = 10.0
OK = 200
NUMBERS = frozenset(
    {"count", "after", "probability", "status", "code", "fraction", "bytes", "bytes_per_s"}
)
RULES = "rules."
SETTINGS_KNOWN = [
    field.encode_name
    for field in msgspec.structs.fields(Fault)
    if field.encode_name not in ("kind", "rules")
]
COLUMNS = ("id", "kind", "struck", "remaining")


def ask(url: str, method: str, *, path: str, body: object = None) -> Any:
    """Send one request; give the decoded answer. What the exchange refuses is a UsageError."""
    host, port = _address(url)
    connection = http.client.HTTPConnection(host, port, timeout=LONGEST_S)
    try:
        raw = b"" if body is None else msgspec.json.encode(body)
        connection.request(method, path, raw)
        answer = connection.getresponse()
        status, said = answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise VenueUnavailable(f"no exchange answers at {url}: {error}") from error
    finally:
        connection.close()
    try:
        decoded = msgspec.json.decode(said)
    except msgspec.DecodeError:
        raise VenueUnavailable(f"what answers at {url} is no simulated exchange") from None
    if status != OK:
        reason = decoded.get("error") if isinstance(decoded, dict) else None
        raise UsageError(str(reason or f"the exchange answered {status}"))
    return decoded


def entry(kind: str, settings: list[str]) -> dict[str, object]:
    """Read an entry from words; `rules.tick=0.1` sets one rule, numbers are numbers."""
    _check(kind, [each.value for each in FaultKind], what="kind of fault")
    found: dict[str, object] = {"kind": kind}
    rules: dict[str, str] = {}
    for word in settings:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            raise UsageError(f"{word[:40]!r} is no setting; NAME=VALUE would be right")
        if not name.startswith(RULES):
            _check(name, SETTINGS_KNOWN, what="setting of a fault")
        if name in found or name.removeprefix(RULES) in rules:
            raise UsageError(f"{name} stands there twice")
        if name.startswith(RULES):
            rules[name.removeprefix(RULES)] = value
        else:
            found[name] = _number(name, value) if name in NUMBERS else value
    return found | ({"rules": rules} if rules else {})


def _check(word: str, known: list[str], *, what: str) -> None:
    """Refuse a word that is not known, with those that are written most like it."""
    if word not in known:
        near = ", ".join(get_close_matches(word, known, n=3, cutoff=0.5))
        hint = f"; near it: {near}" if near else "; docs/simulated-exchange.md lists them"
        raise UsageError(f"{word[:40]!r} is no {what}{hint}")


def path_of(number: str) -> str:
    """Give the path of one entry."""
    if not (number.isascii() and number.isdigit()):
        raise UsageError(f"{number[:40]!r} is no number of a fault; list shows them")
    return f"/sim/faults/{number}"


def as_json(found: object) -> str:
    """Write an answer as one line of JSON."""
    return msgspec.json.encode(found).decode() + "\n"


def as_table(found: dict[str, Any]) -> str:
    """Write the entries as a table, then what struck at once."""
    rows = [COLUMNS, *(tuple(_cell(one, name) for name in COLUMNS) for one in found["faults"])]
    widths = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines += [f"happened: {kind} {count}" for kind, count in found["happened"].items()]
    return "\n".join(lines) + "\n"


def _cell(one: dict[str, Any], name: str) -> str:
    value = one[name]
    return "no end" if value is None else str(value)


def _number(name: str, text: str) -> float:
    try:
        return float(text) if "." in text or "e" in text.lower() else int(text)
    except ValueError:
        raise UsageError(f"{name} {text[:40]!r} is no number") from None


def _address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.scheme != "http":
        raise UsageError(f"--url {url[:80]!r} is wrong; http://127.0.0.1:PORT would be right")
    return host, port
