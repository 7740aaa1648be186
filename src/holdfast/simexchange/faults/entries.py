"""One fault as a file or the admin endpoint says it, and whether it makes sense.

    kind         one of `KINDS`
    probability  chance at each occasion, 0 to 1; default 1
    count        how often at most; default 1, 0 is without end
    after        how many occasions pass before the first chance; default 0
    from, until  market time: a duration after the start, or an instant of ISO 8601
    every        market time that passes between two strikes

Scopes (account, symbol, product, endpoint, stream, address) say whom it concerns; what else
stands there are settings of its kind.
"""

import math
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from holdfast.errors import ConfigError
from holdfast.simexchange.faults.kinds import KINDS, SCOPES, TRAITS, FaultKind, Occasion
from holdfast.simexchange.numbers import parse_e8

MOST = 1_000_000_000
MOST_ENTRIES = 1000
LONGEST_TEXT = 200
LARGEST_FRAME_BYTES = 1 << 26
LAST_5XX = 599
SECOND_NS = 10**9
LONGEST_NS = 366 * 86_400 * SECOND_NS
UNITS = {
    "us": 10**3,
    "ms": 10**6,
    "s": SECOND_NS,
    "m": 60 * SECOND_NS,
    "h": 3600 * SECOND_NS,
    "d": 86_400 * SECOND_NS,
}
DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(us|ms|s|m|h|d)")
SCOPE_NAMES = ("account", "symbol", "product", "endpoint", "stream", "address")
SETTINGS = (
    "lasts", "delay", "status", "code", "message", "side", "fraction", "bytes", "bytes_per_s",
    "offset", "asset", "amount", "quantity", "price", "client_order_id", "time_in_force",
    "position_side", "rules", "field", "value",
)  # fmt: skip
SHOWN = {"lasts": "for", "from_": "from"}
Side: TypeAlias = Literal["BUY", "SELL"]


class Fault(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename={"from_": "from", "lasts": "for"},
):
    """One entry; what is not said is empty, or None where an empty value means something."""

    kind: FaultKind
    probability: float = 1.0
    count: int = 1
    after: int = 0
    from_: str = ""
    until: str = ""
    every: str = ""
    account: str = ""
    symbol: str = ""
    product: Literal["", "spot", "usdm"] = ""
    endpoint: str = ""
    stream: str = ""
    address: str = ""
    lasts: str = ""
    delay: str = ""
    status: int | None = None
    code: int | None = None
    message: str = ""
    side: Literal["", "BUY", "SELL"] = ""
    fraction: float | None = None
    bytes: int | None = None
    bytes_per_s: int | None = None
    offset: str = ""
    asset: str = ""
    amount: str = ""
    quantity: str = ""
    price: str = ""
    client_order_id: str = ""
    time_in_force: Literal["", "GTC", "IOC", "FOK"] = ""
    position_side: Literal["", "BOTH", "LONG", "SHORT"] = ""
    rules: dict[str, str] = {}
    field: str = ""
    value: str = ""

    @property
    def lasts_ns(self) -> int:
        """Return for how long it goes on after a strike; 0 for a kind that does not."""
        return duration_ns(self.lasts or TRAITS[self.kind].lasts or "0s")

    @property
    def delay_ns(self) -> int:
        """Return its delay; 0 for a kind without."""
        return duration_ns(self.delay or TRAITS[self.kind].delay or "0s")


class FaultsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole faults file."""

    fault: list[Fault] = []


def duration_ns(text: str) -> int:
    """Read a duration such as 250ms, 1.5s or 24h; a ValueError says what would be right."""
    found = DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no duration; such as 250ms, 1.5s or 24h is right")
    whole, _, fraction = found[1].partition(".")
    unit = UNITS[found[2]]
    counted = int(whole) * unit + int(fraction.ljust(9, "0") or 0) * unit // SECOND_NS
    if counted > LONGEST_NS:
        raise ValueError(f"{text[:40]!r} is longer than 366 days")
    return counted


def instant_ns(text: str, *, start_ns: int) -> int:
    """Read an instant: a duration after the start of the market, or ISO 8601 in UTC."""
    if DURATION.fullmatch(text):
        return start_ns + duration_ns(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text[:40]!r} is no time; such as 90s (after the start) or "
            "2025-10-04T00:00:00Z is right"
        ) from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * SECOND_NS + since.microseconds * 1000


def offset_ns(text: str) -> int:
    """Read an offset: a duration with or without a sign."""
    sign = -1 if text.startswith("-") else 1
    return sign * duration_ns(text.lstrip("+-"))


def check(entry: Fault) -> None:
    """Raise a ValueError that says what is wrong with an entry, and what would be right."""
    kind = entry.kind.value
    in_range = 0 <= entry.probability <= 1 and 0 <= entry.count <= MOST
    if not in_range or not 0 <= entry.after < MOST or math.isnan(entry.probability):
        raise ValueError(
            f"{kind} has a value out of range; probability 0 to 1, count 1 to {MOST} (0 is "
            f"without end) and after 0 to {MOST - 1} would be right"
        )
    traits = TRAITS[entry.kind]
    scopes = frozenset[str]().union(*(SCOPES[occasion] for occasion in traits.occasions))
    allowed = scopes | traits.takes
    for name in (*SCOPE_NAMES, *SETTINGS):
        if getattr(entry, name) not in ("", None, {}) and name not in allowed:
            names = ", ".join(sorted(SHOWN.get(one, one) for one in allowed)) or "none of them"
            raise ValueError(
                f"{kind} does not take {SHOWN.get(name, name)}; {names} would be right"
            )
    for name in sorted(traits.needs):
        if getattr(entry, name) in ("", None, {}):
            raise ValueError(f"{kind} needs {SHOWN.get(name, name)}")
    _check_times(entry)
    _check_values(entry)
    if traits.occasions == (Occasion.TIME,) and not entry.from_ and entry.after:
        raise ValueError(f"{kind} happens at its time; from, not after, would be right")


def _check_times(entry: Fault) -> None:
    for name in ("every", "lasts", "delay"):
        text = getattr(entry, name)
        if text:
            duration_ns(text)
    if entry.every and duration_ns(entry.every) <= 0:
        raise ValueError(f"{entry.kind.value}: every 0 would never end")
    if entry.offset:
        offset_ns(entry.offset)
    starts = instant_ns(entry.from_, start_ns=0) if entry.from_ else 0
    ends = instant_ns(entry.until, start_ns=0) if entry.until else None
    is_alike = bool(DURATION.fullmatch(entry.from_)) == bool(DURATION.fullmatch(entry.until))
    if ends is not None and entry.from_ and is_alike and ends <= starts:
        raise ValueError(f"{entry.kind.value}: until {entry.until} is not after {entry.from_}")


def _check_values(entry: Fault) -> None:
    kind = entry.kind.value
    for name in ("amount", "quantity", "price"):
        text = getattr(entry, name)
        if text:
            try:
                parse_e8(text)
            except ValueError as error:
                raise ValueError(f"{kind}: {name}: {error}") from error
    if entry.fraction is not None and not 0 < entry.fraction <= 1:
        raise ValueError(f"{kind}: fraction {entry.fraction} is not above 0 and up to 1")
    if entry.status is not None and not 400 <= entry.status <= LAST_5XX:  # noqa: PLR2004
        raise ValueError(f"{kind}: status {entry.status} is not from 400 to {LAST_5XX}")
    for name in ("bytes", "bytes_per_s"):
        number = getattr(entry, name)
        if number is not None and not 0 < number <= LARGEST_FRAME_BYTES:
            raise ValueError(f"{kind}: {name} {number} is not from 1 to {LARGEST_FRAME_BYTES}")
    for name in (*SCOPE_NAMES, "message", "client_order_id", "value", "field"):
        if len(getattr(entry, name)) > LONGEST_TEXT:
            raise ValueError(f"{kind}: {name} is longer than {LONGEST_TEXT} characters")


def entries_from(raw: Any) -> list[Fault]:
    """Read one entry, or an object with a list of them; a ValueError says what is wrong."""
    try:
        if isinstance(raw, dict) and "fault" in raw:
            entries = msgspec.convert(raw, FaultsFile).fault
        else:
            entries = [msgspec.convert(raw, Fault)]
    except msgspec.ValidationError as error:
        raise ValueError(f"{error}; {_RIGHT}") from None
    if len(entries) > MOST_ENTRIES:
        raise ValueError(f"{len(entries)} faults; up to {MOST_ENTRIES} would be right")
    for entry in entries:
        check(entry)
    return entries


def check_act(raw: Any) -> Fault:
    """Read one thing to do now; a ValueError says what is wrong."""
    try:
        fault = msgspec.convert(raw, Fault)
    except msgspec.ValidationError as error:
        raise ValueError(f"{error}; {_RIGHT}") from None
    for name in ("from_", "until", "every"):
        if getattr(fault, name):
            raise ValueError(f"what is done now has no {SHOWN.get(name, name)}; arm it instead")
    check(fault)
    return fault


def load_faults(path: Path) -> list[Fault]:
    """Read a faults file; anything not understood is one clear error."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"faults {path}: cannot be read ({error.strerror})") from error
    decode = msgspec.json.decode if path.suffix == ".json" else msgspec.toml.decode
    try:
        decoded = decode(raw)
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigError(f"faults {path}: {error}; {_RIGHT}") from error
    except RecursionError:
        raise ConfigError(f"faults {path}: nested too deeply") from None
    try:
        return entries_from(decoded if decoded else {"fault": []})
    except ValueError as error:
        raise ConfigError(f"faults {path}: {error}") from error


_RIGHT = (
    "entries [[fault]] with kind, probability, count, after, from, until, every, scopes and "
    f"settings would be right, kind one of {', '.join(KINDS)}"
)
