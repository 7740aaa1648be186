"""Faults on demand: each drawn from the seed, so that a run with faults can be repeated.

A faults file is TOML or JSON with a list `fault` of entries:

    kind         one of `KINDS`
    probability  chance at each occasion, 0 to 1; default 1
    count        how often at most; default 1
    after        how many occasions pass before the first chance; default 0
"""

import hashlib
from enum import Enum
from pathlib import Path

import msgspec

from holdfast.errors import ConfigError


class FaultKind(Enum):
    """What can go wrong, and at which occasion it is drawn."""

    ORDER_ANSWER_LOST = "order_answer_lost"  # each new order: accepted, never answered
    ORDER_UNKNOWN_1007 = "order_unknown_1007"  # each new order: lives, the answer says -1007
    ORDER_503 = "order_503"  # each new order: 503; whether it lives is drawn from the seed
    DISCONNECT_MARKET = "disconnect_market"  # each market message: its sockets are cut
    DISCONNECT_USER = "disconnect_user"  # each account event: cut, and the event is lost
    DEPTH_GAP = "depth_gap"  # each depth diff: nobody gets it
    DUPLICATE_USER_EVENT = "duplicate_user_event"  # each account event: sent twice
    EVENT_BEFORE_ACK = "event_before_ack"  # each new order: its events overtake the answer


MOST = 1_000_000_000
KINDS = tuple(kind.value for kind in FaultKind)


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of a faults file."""

    kind: FaultKind
    probability: float = 1.0
    count: int = 1
    after: int = 0


class FaultsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole faults file."""

    fault: list[Fault] = []


class Faults:
    """Decide at each occasion whether a fault happens now."""

    def __init__(self, entries: list[Fault], *, seed: int) -> None:
        self._seed = seed
        self._entries: dict[FaultKind, list[_Armed]] = {}
        for number, entry in enumerate(entries):
            armed = _Armed(entry, number)
            self._entries.setdefault(entry.kind, []).append(armed)
        self.happened: dict[str, int] = {}

    def strikes(self, kind: FaultKind) -> bool:
        """Count one occasion of this kind and return whether the fault happens."""
        armed_entries = self._entries.get(kind)
        if armed_entries is None:
            return False
        struck = False
        for armed in armed_entries:
            struck = armed.strikes(self._seed) or struck
        if struck:
            self.happened[kind.value] = self.happened.get(kind.value, 0) + 1
        return struck

    def coin(self, what: str) -> bool:
        """Toss a coin that depends on the seed and on what it is for."""
        return draw(self._seed, what) < 0.5  # noqa: PLR2004


class _Armed:
    def __init__(self, entry: Fault, number: int) -> None:
        self._entry = entry
        self._number = number
        self._occasions = 0
        self._struck = 0

    def strikes(self, seed: int) -> bool:
        self._occasions += 1
        entry = self._entry
        if self._occasions <= entry.after or self._struck >= entry.count:
            return False
        if draw(seed, f"{self._number}:{self._occasions}") >= entry.probability:
            return False
        self._struck += 1
        return True


def draw(seed: int, what: str) -> float:
    """Draw a number in [0, 1) that depends on nothing but the seed and the name."""
    digest = hashlib.sha256(f"{seed}:{what}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)


def load_faults(path: Path) -> list[Fault]:
    """Read a faults file; anything not understood is one clear error."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"faults {path}: cannot be read ({error.strerror})") from error
    decode = msgspec.json.decode if path.suffix == ".json" else msgspec.toml.decode
    try:
        entries = decode(raw, type=FaultsFile).fault
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError) as error:
        raise ConfigError(
            f"faults {path}: {error}; entries [[fault]] with kind, probability, count, after "
            f"would be right, kind one of {', '.join(KINDS)}"
        ) from error
    except RecursionError:
        raise ConfigError(f"faults {path}: nested too deeply") from None
    for entry in entries:
        counts = (entry.count - 1, entry.after)
        if not 0 <= entry.probability <= 1 or not all(0 <= n < MOST for n in counts):
            raise ConfigError(
                f"faults {path}: {entry.kind.value} has a value out of range; probability 0 to "
                f"1, count 1 to {MOST} and after 0 to {MOST - 1} would be right"
            )
    return entries
