"""The faults that are armed: which of them strikes at an occasion, drawn from the seed.

What strikes depends on the seed, on the number of the entry and on how many occasions it has
seen, and on nothing else: the same seed and the same requests give the same strikes. An entry
that has struck for the last time costs nothing any more.
"""

import hashlib
from collections.abc import Callable
from fnmatch import fnmatchcase

import msgspec

from holdfast.errors import ConfigError
from holdfast.simexchange.faults.entries import (
    MOST_ENTRIES,
    Fault,
    duration_ns,
    instant_ns,
)
from holdfast.simexchange.faults.kinds import TRAITS, FaultKind, Occasion


class Scene(msgspec.Struct, kw_only=True, gc=False):
    """Whom and what an occasion is about; empty where it does not apply."""

    account: str = ""
    symbol: str = ""
    product: str = "spot"
    endpoint: str = ""
    stream: str = ""
    address: str = ""


ANY = Scene()


class Faults:
    """Decide at each occasion whether a fault happens now.

    The `on_*` attributes say whether anything is armed for an occasion; while they are false,
    nothing else is asked.
    """

    def __init__(self, entries: list[Fault], *, seed: int, is_full: bool = True) -> None:
        self._seed = seed
        self._is_full = is_full
        self._armed: dict[int, Armed] = {}
        self._by_kind: dict[FaultKind, list[Armed]] = {}
        self._held: set[Occasion] = set()
        self._next_id = 1
        self._now_ns: Callable[[], int] = lambda: 0
        self._lasting_now_ns: Callable[[], int] = lambda: 0
        self.start_ns = 0
        self.on_timed: Callable[[Armed], None] = lambda _armed: None
        self.happened: dict[str, int] = {}
        self.on_order = self.on_reply = self.on_request = self.on_http = False
        self.on_accept = self.on_socket = self.on_user = self.on_market = False
        for entry in entries:
            self.add(entry)

    def bind(
        self,
        *,
        start_ns: int,
        now_ns: Callable[[], int],
        lasting_now_ns: Callable[[], int],
        on_timed: "Callable[[Armed], None]",
    ) -> None:
        """Say what time it is; `lasting_now_ns` goes on while market time stands."""
        self.start_ns = start_ns
        self._now_ns, self._lasting_now_ns = now_ns, lasting_now_ns
        self.on_timed = on_timed
        for armed in self._armed.values():
            armed.schedule(start_ns)
            if armed.is_timed:
                on_timed(armed)

    def add(self, entry: Fault) -> "Armed":
        """Arm one more; numbers are never used again. Raise ConfigError for what may not be."""
        self.check_room([entry])
        armed = Armed(entry, self._next_id, start_ns=self.start_ns)
        self._next_id += 1
        self._armed[armed.number] = armed
        self._sort()
        if armed.is_timed:
            self.on_timed(armed)
        return armed

    def check_room(self, entries: list[Fault]) -> None:
        """Raise ConfigError unless all of these may be armed."""
        for entry in entries:
            if TRAITS[entry.kind].is_full and not self._is_full:
                raise ConfigError(
                    f"fault {entry.kind.value}: the profile strict sends nothing unknown; "
                    "--profile full would be right"
                )
        if len(self._armed) + len(entries) > MOST_ENTRIES:
            raise ConfigError(f"{MOST_ENTRIES} faults at once are the most")

    def remove(self, number: int) -> bool:
        """Disarm one; return whether it was there. What it began with `for` ends too."""
        armed = self._armed.pop(number, None)
        if armed is None:
            return False
        armed.is_removed = True
        self._sort()
        return True

    @property
    def armed(self) -> "list[Armed]":
        """Return every entry that was not removed, in the order in which they came."""
        return list(self._armed.values())

    def hold(self, occasion: Occasion, *, holds: bool) -> None:
        """Ask at an occasion even when nothing is armed, while something is held back."""
        (self._held.add if holds else self._held.discard)(occasion)
        self._sort()

    def strikes(self, kind: FaultKind, scene: Scene = ANY) -> bool:
        """Count one occasion of this kind and return whether the fault happens."""
        return self.drawn(kind, scene) is not None

    def drawn(self, kind: FaultKind, scene: Scene = ANY) -> Fault | None:
        """Count one occasion of this kind; return the entry that strikes or still goes on.

        Every entry of the kind sees the occasion; the first that strikes is returned.
        """
        entries = self._by_kind.get(kind)
        if entries is None:
            return None
        struck: Fault | None = None
        is_new = False
        for armed in entries:
            if not armed.concerns(scene):
                continue
            if self._lasting_now_ns() < armed.lasting_until_ns:
                struck = struck or armed.entry
            elif self._strikes(armed):
                struck = struck or armed.entry
                is_new = True
        if is_new:
            self._sort()
        return struck

    def strike_timed(self, armed: "Armed") -> bool:
        """Draw for an entry whose time has come; it counts as one occasion."""
        struck = not armed.is_removed and self._strikes(armed)
        if struck:
            self._sort()
        return struck

    def delays(self, kind: FaultKind, scene: Scene = ANY) -> list[int]:
        """Return the delays of what may still strike, so that it can be prepared for."""
        entries = self._by_kind.get(kind, ())
        return [
            one.entry.delay_ns
            for one in entries
            if not one.is_spent and (scene is ANY or one.concerns(scene))
        ]

    def note(self, kind: FaultKind, *, times: int = 1) -> None:
        """Count what happened; -1 takes back what could not be done after all."""
        count = self.happened.get(kind.value, 0) + times
        self.happened[kind.value] = count
        if not count:
            del self.happened[kind.value]

    def uniform(self, what: str) -> float:
        """Draw a number in [0, 1) that depends on the seed and on what it is for."""
        return draw(self._seed, what)

    def _strikes(self, armed: "Armed") -> bool:
        if not armed.draws(self._seed, self._now_ns()):
            return False
        armed.lasting_until_ns = self._lasting_now_ns() + armed.lasts_ns
        self.note(armed.entry.kind)
        return True

    def _sort(self) -> None:
        """Keep at hand only what can still happen or goes on."""
        by_kind: dict[FaultKind, list[Armed]] = {}
        occasions = set(self._held)
        for armed in self._armed.values():
            if armed.is_spent and not armed.lasts_ns:
                continue
            by_kind.setdefault(armed.entry.kind, []).append(armed)
            occasions.update(TRAITS[armed.entry.kind].occasions)
        self._by_kind = by_kind
        self.on_order = Occasion.ORDER in occasions or Occasion.CANCEL in occasions
        self.on_reply = Occasion.REPLY in occasions
        self.on_request = Occasion.REQUEST in occasions or Occasion.SNAPSHOT in occasions
        self.on_http = Occasion.HTTP in occasions
        self.on_accept = Occasion.ACCEPT in occasions
        self.on_socket = Occasion.SOCKET in occasions
        self.on_user = Occasion.USER in occasions
        self.on_market = not occasions.isdisjoint((Occasion.MARKET, Occasion.SNAPSHOT))


class Armed:
    """One entry with what became of it."""

    def __init__(self, entry: Fault, number: int, *, start_ns: int) -> None:
        self.entry = entry
        self.number = number
        self.is_removed = False
        self.lasts_ns = entry.lasts_ns if TRAITS[entry.kind].lingers else 0
        self.lasting_until_ns = 0
        self.every_ns = duration_ns(entry.every) if entry.every else 0
        self.from_ns = self.until_ns = 0
        self._occasions = 0
        self._struck = 0
        self._struck_ns: int | None = None
        self.schedule(start_ns)

    @property
    def is_timed(self) -> bool:
        """Tell whether its occasion is its time."""
        return TRAITS[self.entry.kind].occasions == (Occasion.TIME,)

    @property
    def is_spent(self) -> bool:
        """Tell whether it has struck for the last time."""
        return 0 < self.entry.count <= self._struck

    def schedule(self, start_ns: int) -> None:
        """Set the instants of its schedule, given the start of the market."""
        entry = self.entry
        self.from_ns = instant_ns(entry.from_, start_ns=start_ns) if entry.from_ else 0
        self.until_ns = instant_ns(entry.until, start_ns=start_ns) if entry.until else 0

    def concerns(self, scene: Scene) -> bool:
        """Tell whether an occasion is in its scope."""
        entry = self.entry
        return (
            (not entry.account or entry.account == scene.account)
            and (not entry.symbol or entry.symbol == scene.symbol)
            and (not entry.product or entry.product == scene.product)
            and (not entry.address or entry.address == scene.address)
            and (not entry.endpoint or fnmatchcase(scene.endpoint, entry.endpoint))
            and (not entry.stream or _is_stream(entry.stream, scene.stream))
        )

    def draws(self, seed: int, now_ns: int) -> bool:
        """Count an occasion inside the schedule and draw."""
        if now_ns < self.from_ns or (self.until_ns and now_ns >= self.until_ns):
            return False
        self._occasions += 1
        entry = self.entry
        if self._occasions <= entry.after or self.is_spent:
            return False
        if self._struck_ns is not None and now_ns - self._struck_ns < self.every_ns:
            return False
        if draw(seed, f"{self.number - 1}:{self._occasions}") >= entry.probability:
            return False
        self._struck += 1
        self._struck_ns = now_ns
        return True

    def shown(self) -> dict[str, object]:
        """Show the entry, how often it struck, and how often it may still."""
        entry = self.entry
        shown: dict[str, object] = msgspec.to_builtins(entry)
        remaining = max(0, entry.count - self._struck) if entry.count else None
        return {
            "id": self.number,
            **shown,
            "occasions": self._occasions,
            "struck": self._struck,
            "remaining": remaining,
        }


def draw(seed: int, what: str) -> float:
    """Draw a number in [0, 1) that depends on nothing but the seed and the name."""
    digest = hashlib.sha256(f"{seed}:{what}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)


def _is_stream(wanted: str, stream: str) -> bool:
    return stream == wanted or stream.startswith(f"{wanted}@")
