"""Quote both sides of the mid, shifted against what is held.

The more it holds, the lower both quotes stand, until the buying one is taken away; on spot it
sells only what it has. A quote stays where it is for half a second, and until the mid is a
good part of the spread away, because a replacement loses its place in the queue and every
order counts against the venue's limits.
"""

import msgspec

from holdfast import (
    BookTop,
    Cancel,
    Context,
    Fill,
    History,
    Instrument,
    OrderStatus,
    OrderUpdate,
    PriceUnits,
    Product,
    QuantityUnits,
    Quote,
    Side,
    Strategy,
    Symbol,
    Wishes,
    quantity_for,
)

SAY_AGAIN_NS = 1_000_000_000
REST_NS = 500_000_000


class Pair(msgspec.Struct):
    """The quotes of one symbol as last wished for; `say_at_ns` 0 says them again.

    `mid` is where it was when they were placed, 0 to have them placed anew.
    """

    mid: float = 0.0
    bid: int = 0
    ask: int = 0
    quantity: int = 0
    say_at_ns: int = 0
    move_at_ns: int = 0


class Quotes(Strategy):
    """A market maker in its simplest form."""

    def start(self, context: Context, _history: History, *, saved: bytes | None) -> Wishes:
        """Read `notional` of a quote, `most` held (in quotes) and `half_spread_bps`."""
        parameters = context.parameters
        self.notional = str(parameters.get("notional", "100"))
        self.most = int(parameters.get("most", 5))
        self.half_spread = float(parameters.get("half_spread_bps", 1.0)) / 10_000
        self.pairs: dict[str, Pair] = {}
        if saved:
            self.pairs = msgspec.json.decode(saved, type=dict[str, Pair])
        for pair in self.pairs.values():
            pair.say_at_ns = 0
        return None

    def book(self, top: BookTop) -> Wishes:
        """Say both quotes when one has to move, when one is gone, and once a second."""
        pair = self.pairs.setdefault(top.symbol, Pair())
        mid = (top.bid + top.ask) / 2
        now = top.received_at_ns
        crosses = pair.bid >= top.ask or pair.ask <= top.bid
        moves = crosses or (now >= pair.move_at_ns and not self._stands(pair, mid))
        if now < pair.say_at_ns and not moves:
            return None
        instrument = self.context.instruments[top.symbol]
        held = self.context.position(top.symbol).filled
        if moves:
            self._move(pair, top, instrument=instrument, held=held)
            pair.move_at_ns = now + REST_NS
        pair.say_at_ns = now + SAY_AGAIN_NS
        bid_quantity = pair.quantity if held < self.most * pair.quantity else 0
        ask_quantity = self._selling(pair, held, instrument=instrument)
        return [
            Quote(top.symbol, Side.BUY, PriceUnits(pair.bid), QuantityUnits(bid_quantity)),
            Quote(top.symbol, Side.SELL, PriceUnits(pair.ask), QuantityUnits(ask_quantity)),
        ]

    def book_invalid(self, symbol: Symbol, _reason: str) -> Wishes:
        """Quote nothing blindly; the next top quotes again."""
        self.pairs.setdefault(symbol, Pair()).say_at_ns = 0
        return [Cancel(symbol)]

    def fill(self, fill: Fill) -> Wishes:
        """Place the quotes anew, for another inventory."""
        if fill.symbol in self.pairs:
            self.pairs[fill.symbol].mid = 0.0
        return None

    def order(self, update: OrderUpdate) -> Wishes:
        """Quote anew when a quote has gone; what was refused waits for its second."""
        refused = update.status in (OrderStatus.NOT_SENT, OrderStatus.REJECTED)
        if not update.leaves_quantity and not refused:
            self.pairs.setdefault(update.symbol, Pair()).say_at_ns = 0
        return None

    def save(self) -> bytes:
        """Keep where the quotes stand."""
        return msgspec.json.encode(self.pairs)

    def _stands(self, pair: Pair, mid: float) -> bool:
        """Tell whether the quotes are still about where they should be."""
        return abs(mid - pair.mid) < mid * self.half_spread / 4

    def _move(self, pair: Pair, top: BookTop, *, instrument: Instrument, held: int) -> None:
        """Place both quotes about the mid, lower the more is held, and never crossing."""
        mid = (top.bid + top.ask) / 2
        pair.mid = mid
        pair.quantity = quantity_for(instrument, self.notional, price=top.ask)
        skew = max(-1.0, min(1.0, held / (self.most * pair.quantity)))
        half = mid * self.half_spread
        centre = mid - skew * half
        tick = instrument.tick
        pair.bid = min(instrument.round_price(centre - half, "down"), top.ask - tick)
        pair.ask = max(instrument.round_price(centre + half, "up"), top.bid + tick)

    def _selling(self, pair: Pair, held: int, *, instrument: Instrument) -> int:
        if instrument.product is not Product.SPOT:
            return pair.quantity if held > -self.most * pair.quantity else 0
        has = min(pair.quantity, instrument.floor_quantity(held))
        least = quantity_for(instrument, "0", price=PriceUnits(pair.ask))
        return has if has >= least else 0
