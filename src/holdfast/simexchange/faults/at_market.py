"""Faults of market data: gaps, silence, a frozen side, bursts, and frames that are no messages.

The market itself is untouched by them: what fills an order is what was recorded.
"""

from collections import deque
from typing import TYPE_CHECKING

import msgspec

from holdfast.simexchange.connection import BINARY, TEXT, Connection
from holdfast.simexchange.faults.armed import Scene
from holdfast.simexchange.faults.kinds import FaultKind, Occasion
from holdfast.simexchange.model import Depth, DepthView, Record, Ticker, Trade

if TYPE_CHECKING:
    from holdfast.simexchange.floor import Floor

GARBAGE = (
    b"", b"null", b"[]", b"{", b'{"e":', b"\x00\x01\x02", b'{"e":"depthUpdate"}',
    b'{"stream":1,"data":[]}', b'{"U":"one","u":{},"b":[["x"]]}', b"[" * 2000,
    b'{"e":"trade","p":1e999,"q":"-1"}',
)  # fmt: skip
UNKNOWN = b'{"e":"holdfastUnknownEvent","E":%d,"z":{"y":[1,"x",null]}}'
HUGE_BYTES = 4 << 20
KEPT_VIEWS = 64
NS_PER_MS = 10**6


class MarketFaults:
    """Bring records to whoever listens, with what befalls them on the way."""

    def __init__(self, floor: "Floor") -> None:
        self._floor = floor
        self._held: list[Record] = []
        self._swapped: dict[tuple[str, type], Record] = {}
        self._views: dict[str, deque[DepthView]] = {}

    def publish(self, record: Record) -> None:
        """Send one record, or not, or otherwise."""
        faults = self._floor.faults
        scene = self.scene(record)
        if isinstance(record, Depth) and faults.delays(FaultKind.STALE_SNAPSHOT):
            self.remember(record.symbol)
        if faults.strikes(FaultKind.MARKET_SILENT, scene):
            return
        if isinstance(record, Depth):
            if faults.strikes(FaultKind.DEPTH_GAP, scene):
                return
            frozen = faults.drawn(FaultKind.DEPTH_SIDE_FROZEN, scene)
            if frozen is not None:
                side = "asks" if frozen.side == "SELL" else "bids"
                record = msgspec.structs.replace(record, **{side: []})
        if faults.strikes(FaultKind.DISCONNECT_MARKET, scene):
            self._floor.streams.cut_all()
            return
        self._send_frames(scene, record.at_ns)
        self._send(record, scene)

    def _send(self, record: Record, scene: Scene) -> None:
        floor, faults = self._floor, self._floor.faults
        burst = faults.drawn(FaultKind.MARKET_BURST, scene)
        if burst is not None:
            if not self._held:
                floor.timetable.after(burst.lasts_ns, self._release)
            self._held.append(record)
            return
        key = (record.symbol, type(record))
        before = self._swapped.pop(key, None)
        if before is None and faults.strikes(FaultKind.MARKET_REORDERED, scene):
            self._swapped[key] = record
            faults.hold(Occasion.MARKET, holds=True)
            return
        floor.streams.publish(record)
        if faults.strikes(FaultKind.MARKET_DUPLICATED, scene):
            floor.streams.publish(record)
        if before is not None:
            floor.streams.publish(before)
            faults.hold(Occasion.MARKET, holds=bool(self._swapped))

    def scene(self, record: Record) -> Scene:
        """Say what a record is about."""
        rules = self._floor.exchange.symbols.get(record.symbol)
        is_spot = rules is None or rules.product == "spot"
        return Scene(
            symbol=record.symbol, product="spot" if is_spot else "usdm", stream=_stream(record)
        )

    def remember(self, symbol: str) -> None:
        """Keep the book as it is now, for a snapshot that is older than it should be."""
        market = self._floor.exchange.market
        views = self._views.setdefault(symbol, deque(maxlen=KEPT_VIEWS))
        now_ns = self._floor.clock.now_ns()
        if not views or now_ns - views[-1].at_ns >= self._apart_ns():
            view = market.depth(symbol, limit=5000)
            views.append(msgspec.structs.replace(view, at_ns=now_ns))

    def stale(self, symbol: str, *, age_ns: int) -> DepthView | None:
        """Return the newest kept book of at least this age, None when none is so old."""
        oldest_ns = self._floor.clock.now_ns() - age_ns
        for view in reversed(self._views.get(symbol, ())):
            if view.at_ns <= oldest_ns:
                return view
        return None

    def _apart_ns(self) -> int:
        delays = self._floor.faults.delays(FaultKind.STALE_SNAPSHOT)
        return max(NS_PER_MS, min(delays, default=0) // 4)

    def _release(self) -> None:
        held, self._held = self._held, []
        for record in held:
            self._floor.streams.publish(record)

    def _send_frames(self, scene: Scene, at_ns: int) -> None:
        faults = self._floor.faults
        if faults.strikes(FaultKind.FRAME_GARBAGE, scene):
            count = faults.happened[FaultKind.FRAME_GARBAGE.value]
            number = int(faults.uniform(f"garbage:{count}") * len(GARBAGE))
            self._broadcast(GARBAGE[number], scene)
        huge = faults.drawn(FaultKind.FRAME_HUGE, scene)
        if huge is not None:
            size = huge.bytes or HUGE_BYTES
            self._broadcast(b'{"e":"huge","z":"%s"}' % (b"z" * size), scene)
        if faults.strikes(FaultKind.FRAME_BINARY, scene):
            self._broadcast(bytes(range(256)), scene, opcode=BINARY)
        if faults.strikes(FaultKind.FRAME_UNKNOWN, scene):
            self._broadcast(UNKNOWN % (at_ns // NS_PER_MS), scene)

    def _broadcast(self, payload: bytes, scene: Scene, *, opcode: int = TEXT) -> None:
        for connection in self._floor.pacer.connections():
            if _listens(connection, scene):
                connection.push(payload, opcode=opcode)


def _listens(connection: Connection, scene: Scene) -> bool:
    terms = connection.terms
    return terms.role == "market" and terms.product == scene.product


def _stream(record: Record) -> str:
    if isinstance(record, Depth):
        return "depth"
    if isinstance(record, Ticker):
        return "bookTicker"
    return "trade" if isinstance(record, Trade) else type(record).__name__.lower()
