"""What the cases of a probe work with: the adapter's parts, and what came by them.

Orders of a probe go to a test network, or to a simulator on loopback, and nowhere else; they
are the smallest that the filters allow.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from holdfast.domain.ids import (
    AccountId,
    ClientOrderId,
    ClientOrderIds,
    Epoch,
    IntentId,
    StrategyId,
    Symbol,
    journal_id,
    shard_of,
)
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Instrument
from holdfast.domain.market import BookTop, DepthDiff, DepthSnapshot, MarketEvent, TradePrint
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import NewOrder, OrderType, Purpose, Side, TimeInForce
from holdfast.domain.submission import Submission
from holdfast.domain.venue import CancelAnswer, CancelOrder, OrderReport, Pingable
from holdfast.errors import ConfigError, VenueUnavailable
from holdfast.market.feed import Feed
from holdfast.runtime import random
from holdfast.runtime.clock import wall_ns
from holdfast.runtime.session import AnyVenue
from holdfast.venues.binance.adapter import BinanceUsdm
from holdfast.venues.binance.rest import Rest

ACCOUNT = AccountId("probe")
ANSWER_WITHIN_S = 10.0
LOOK_S = 0.02
NOTIONAL_ROOM = 2
_Found = TypeVar("_Found")


class MarketNotes:
    """A `MarketSink` that keeps a book and what came beside it."""

    def __init__(self, symbol: Symbol, ask: Callable[[Symbol], None]) -> None:
        self.feed = Feed(symbol)
        self.trades = 0
        self.marks = 0
        self.pings = 0
        self.invalid: list[str] = []
        self._ask = ask

    def on_market(self, event: MarketEvent) -> None:
        """Take a message."""
        match event:
            case BookTop():
                self.feed.on_top(event)
            case DepthDiff():
                self.feed.on_diff(event)
            case DepthSnapshot():
                self.feed.on_snapshot(event)
            case TradePrint():
                self.trades += 1
            case _:
                self.marks += 1
        if self.feed.wants_snapshot(event.received_at_ns):
            self._ask(self.feed.symbol)

    def on_book_invalid(self, symbol: Symbol, reason: str) -> None:
        """Note that a book broke."""
        self.feed.lose(reason)
        self.invalid.append(f"{symbol}: {reason}")

    def on_frame_end(self) -> None:
        """Nothing waits for the end of a frame."""

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Count and answer."""
        self.pings += 1
        connection.pong(payload)


class AccountNotes:
    """An `AccountSink` and `OrderSink` that keeps everything in its order."""

    def __init__(self) -> None:
        self.is_up = False
        self.heard: list[OrderReport | str] = []
        self.submissions: dict[ClientOrderId, Submission] = {}
        self.cancels: dict[ClientOrderId, CancelAnswer] = {}

    def reports_of(self, client_order_id: ClientOrderId) -> list[OrderReport]:
        """Give what the stream said of an order."""
        return [
            one
            for one in self.heard
            if isinstance(one, OrderReport) and one.client_order_id == client_order_id
        ]

    def on_report(self, report: OrderReport) -> None:
        """Keep a report."""
        self.heard.append(report)

    def on_account_changed(self, reason: str) -> None:
        """Keep the venue's word."""
        self.heard.append(reason)

    def on_frame_end(self) -> None:
        """Nothing waits for the end of a frame."""

    def on_account_connected(self) -> None:
        """Note that the stream is up."""
        self.is_up = True

    def on_account_lost(self, reason: str) -> None:
        """Note that the stream is gone."""
        self.is_up = False
        self.heard.append(f"lost: {reason}")

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Answer at once."""
        connection.pong(payload)

    def on_submission(self, client_order_id: ClientOrderId, answer: Submission) -> None:
        """Keep an answer."""
        self.submissions[client_order_id] = answer

    def on_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        """Keep an answer."""
        self.cancels[cancel.client_order_id] = answer


class Desk:
    """One instrument at one venue, with everything connected that a probe was allowed.

    `wide` asks with a receive window that is wider than the venue's documents allow.
    """

    def __init__(
        self,
        venue: AnyVenue,
        instrument: Instrument,
        *,
        rest: Rest,
        wide: Rest,
        may_trade: bool,
    ) -> None:
        self.venue = venue
        self.rest = rest
        self.wide = wide
        self.instrument = instrument
        self.market = MarketNotes(instrument.symbol, venue.market_data.request_snapshot)
        self.account = AccountNotes()
        self._may_trade = may_trade
        self._ids = ClientOrderIds(
            journal_id(random.entropy()), shard_of(instrument.symbol), Epoch(1)
        )

    @property
    def symbol(self) -> Symbol:
        """Give the symbol that is probed."""
        return self.instrument.symbol

    @property
    def now_ns(self) -> UtcNs:
        """Give the wall clock."""
        return UtcNs(wall_ns())

    @property
    def bid(self) -> PriceUnits:
        """Give the best bid; VenueUnavailable before there is one."""
        top = self.market.feed.confirmed_top
        if top is None:
            raise VenueUnavailable(f"{self.symbol} has no confirmed price yet")
        return top.bid

    async def countdown(self, ms: int) -> None:
        """Start the venue's countdown; ConfigError where there is none."""
        venue = self.venue
        if not (self._may_trade and isinstance(venue, BinanceUsdm)):
            raise ConfigError("a countdown is USD-M's, and not for production here")
        await venue.countdown.countdown(self.symbol, ms=ms)

    def order(
        self, side: Side, order_type: OrderType, *, price: int, **more: object
    ) -> NewOrder:
        """Make the smallest order at a price; of a market order it bounds the size alone."""
        instrument = self.instrument
        at = instrument.round_price(price, "down" if side is Side.BUY else "up")
        quantity = self._smallest(at)
        is_market = order_type is OrderType.MARKET
        given: dict[str, object] = {
            "client_order_id": self._ids.next(),
            "account": ACCOUNT,
            "strategy": StrategyId("probe"),
            "intent_id": IntentId("probe"),
            "symbol": instrument.symbol,
            "product": instrument.product,
            "side": side,
            "order_type": order_type,
            "time_in_force": TimeInForce.GTC,
            "quantity": quantity,
            "price": PriceUnits(0) if is_market else at,
            "quantity_text": instrument.quantity_text(quantity),
            "price_text": "0" if is_market else instrument.price_text(at),
            "worst_price": at,
            "purpose": Purpose.ENTRY,
            **more,
        }
        return NewOrder(**given)  # type: ignore[arg-type]

    def submit(self, order: NewOrder) -> None:
        """Send an order; ConfigError where a probe only reads."""
        if not self._may_trade:
            raise ConfigError("a probe sends orders to a test network alone")
        self.venue.order_entry.submit(order)

    async def answer(self, order: NewOrder) -> Submission | None:
        """Wait for the answer to an order."""
        return await until(lambda: self.account.submissions.get(order.client_order_id))

    async def cancel(self, order: NewOrder) -> CancelAnswer | None:
        """Cancel an order and wait for the answer."""
        self.venue.order_entry.cancel(CancelOrder(order.symbol, order.client_order_id))
        return await until(lambda: self.account.cancels.get(order.client_order_id))

    def _smallest(self, price: int) -> QuantityUnits:
        """Give the smallest quantity whose notional is safely above the venue's least."""
        instrument = self.instrument
        least = instrument.smallest_order
        notional = instrument.notional(price, least)
        wanted = NOTIONAL_ROOM * int(float(instrument.min_notional) * 10**18)
        times = max(1, -(-wanted // max(1, notional)))
        return QuantityUnits(least * times)


async def until(
    look: Callable[[], _Found | None], *, within_s: float = ANSWER_WITHIN_S
) -> _Found | None:
    """Wait until something is there; None when it is not in time."""
    for _ in range(int(within_s / LOOK_S)):
        found = look()
        if found:
            return found
        await asyncio.sleep(LOOK_S)
    return None
