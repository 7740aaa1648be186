"""Sinks that keep what they are told, and small makers that several tests here need."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from holdfast.domain.ids import AccountId, ClientOrderId, IntentId, StrategyId, Symbol
from holdfast.domain.instrument import Product
from holdfast.domain.market import MarketEvent
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import NewOrder, OrderType, Side, TimeInForce
from holdfast.domain.submission import Submission
from holdfast.domain.venue import CancelAnswer, CancelOrder, OrderReport, Pingable

ACCOUNT = AccountId("test")


class KeptMarket:
    """A MarketSink that keeps everything."""

    def __init__(self) -> None:
        self.events: list[MarketEvent] = []
        self.invalid: list[tuple[Symbol, str]] = []
        self.frames = 0
        self.heard = asyncio.Event()
        self.pings: list[tuple[Pingable, bytes]] = []

    def on_market(self, event: MarketEvent) -> None:
        self.events.append(event)
        self.heard.set()

    def on_book_invalid(self, symbol: Symbol, reason: str) -> None:
        self.invalid.append((symbol, reason))

    def on_frame_end(self) -> None:
        self.frames += 1

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        self.pings.append((connection, payload))


class KeptAccount:
    """An AccountSink that keeps everything."""

    def __init__(self) -> None:
        self.reports: list[OrderReport] = []
        self.story: list[str] = []
        self.pings: list[tuple[Pingable, bytes]] = []

    def on_report(self, report: OrderReport) -> None:
        self.reports.append(report)
        self.story.append(f"{report.kind.value} {report.client_order_id}")

    def on_account_changed(self, reason: str) -> None:
        self.story.append(f"changed: {reason}")

    def on_frame_end(self) -> None:
        self.story.append("frame")

    def on_account_connected(self) -> None:
        self.story.append("connected")

    def on_account_lost(self, reason: str) -> None:
        self.story.append(f"lost: {reason}")

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        self.pings.append((connection, payload))


class KeptOrders:
    """An OrderSink that keeps every answer with the id of its order."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, Submission]] = []
        self.cancels: list[tuple[str, CancelAnswer]] = []

    def on_submission(self, client_order_id: ClientOrderId, answer: Submission) -> None:
        self.answers.append((client_order_id, answer))

    def on_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        self.cancels.append((cancel.client_order_id, answer))


def order(client_order_id: str = "HABCDE000010000001", **changes: Any) -> NewOrder:
    """Make a small limit order."""
    plain = NewOrder(
        client_order_id=ClientOrderId(client_order_id),
        account=ACCOUNT,
        strategy=StrategyId("s"),
        intent_id=IntentId("i"),
        symbol=Symbol("BTCUSDT"),
        product=Product.SPOT,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=QuantityUnits(10**6),
        price=PriceUnits(2535119000000),
        quantity_text="0.01",
        price_text="25351.19",
        worst_price=PriceUnits(2535119000000),
    )
    return msgspec.structs.replace(plain, **changes)


def cancel(client_order_id: str = "HABCDE000010000001") -> CancelOrder:
    """Make a cancel of it."""
    return CancelOrder(Symbol("BTCUSDT"), ClientOrderId(client_order_id))


async def turn(turns: int = 10) -> None:
    """Let everything that is ready run."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop turn until something holds, for five seconds at most."""
    for _ in range(5_000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came to hold")
