"""A whole trader on a clock, a journal and a venue that a test moves by hand.

It is wired by the product's own `Node`. Nothing becomes durable before `commit`, and the venue
says nothing by itself, so that every order of things can be told.
"""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from holdfast.decision.check import intervals_ns
from holdfast.decision.load import Loaded
from holdfast.decision.strategy import Strategy
from holdfast.domain.event import Record
from holdfast.domain.events import Event
from holdfast.domain.fill import Fill
from holdfast.domain.ids import ClientOrderId, ExecId, Shard, StrategyId, Symbol, VenueOrderId
from holdfast.domain.instant import NS_PER_MS
from holdfast.domain.instrument import Product
from holdfast.domain.intent import Intent
from holdfast.domain.market import Bar, BookTop, MarketEvent, TradePrint
from holdfast.domain.money import Asset, QuantityUnits, amount_units
from holdfast.domain.order import LiquiditySide, NewOrder
from holdfast.domain.venue import BalanceReport, Execution, OrderReport, ReportKind
from holdfast.journal.writer import Journal
from holdfast.risk.halt import UNRECONCILED
from holdfast.runtime.cast import Cast
from holdfast.runtime.config import Config
from holdfast.runtime.node import Chosen, Node
from holdfast.testing.clock import START_NS, ManualClock
from holdfast.testing.entry import SilentEntry
from holdfast.testing.happenings import JOURNAL
from holdfast.testing.market import Market, instrument
from tests.unit.journal.kit import MemoryStore

if TYPE_CHECKING:
    from holdfast.runtime.trader import Trader

Kind = TypeVar("Kind", bound=Event)
FIRST = Shard(0)
BALANCES = {"USDT": "100000", "BTC": "10"}


class Watcher(Strategy):
    """Keeps what it is shown; answers what a test puts into `wishes` to the next callback."""

    bars = ()

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.wishes: list[Intent] = []
        self.saved: bytes | None = None

    def told(self, what: str) -> list[Any]:
        """Give what one callback was shown."""
        return [value for name, value in self.seen if name == what]

    def start(self, _context: object, history: Any, *, saved: bytes | None) -> None:
        self.seen.append(("start", (history, saved)))

    def book(self, top: BookTop) -> list[Intent]:
        return self._answer("book", top)

    def book_invalid(self, symbol: Symbol, reason: str) -> list[Intent]:
        return self._answer("book_invalid", f"{symbol}: {reason}")

    def trade(self, trade: TradePrint) -> list[Intent]:
        return self._answer("trade", trade)

    def bar(self, bar: Bar) -> list[Intent]:
        return self._answer("bar", bar)

    def order(self, update: Any) -> None:
        self.seen.append(("order", update))

    def fill(self, fill: Fill) -> None:
        self.seen.append(("fill", fill))

    def timer(self, name: str, at_ns: int) -> list[Intent]:
        return self._answer("timer", (name, at_ns))

    def mode(self, mode: Any) -> None:
        self.seen.append(("mode", mode))

    def stop(self, reason: str) -> None:
        self.seen.append(("stop", reason))

    def save(self) -> bytes | None:
        return self.saved

    def _answer(self, what: str, value: Any) -> list[Intent]:
        self.seen.append((what, value))
        wishes, self.wishes = self.wishes, []
        return wishes


class Floor:
    """One trader on one symbol; strategies by name."""

    def __init__(
        self,
        *,
        config: Config | None = None,
        store: MemoryStore | None = None,
        with_send: bool = False,
        symbol: str = "BTCUSDT",
        product: Product = Product.SPOT,
        start_ns: int = START_NS,
        **strategies: Strategy,
    ) -> None:
        self.clock = ManualClock(start_ns)
        self.store = store or MemoryStore()
        self.entry = SilentEntry()
        self.traded = instrument(symbol, product=product)
        self.market = Market(self.traded, start_ns=start_ns)
        self.snapshots: list[Symbol] = []
        self.put: list[Event] = []
        self.config = config or Config()
        if with_send:
            self.config.journal.intent_durability = "with-send"
        self.node = Node(
            self.config,
            path=Path("journal.db"),
            strategies=[_chosen(name, strategy) for name, strategy in strategies.items()],
            clock=self.clock,
            store=self.store,  # type: ignore[arg-type]
            make_journal=self._journal,
        )
        self.node.open(journal=JOURNAL, venue="test", symbols=[self.symbol], notes=[])
        self.node.register([self.traded])
        self.trader: Trader = self.node.wire(self.entry, snapshot=self.snapshots.append)
        now(self.node.gateway.start([self.traded], self.trader.sinks))

    @property
    def symbol(self) -> Symbol:
        return self.traded.symbol

    @property
    def cast(self) -> Cast:
        return self.trader.cast

    def open(self, balances: dict[str, str] | None = None) -> "Floor":
        """Show a first price, open the books, agree with the venue, start everything."""
        self.see(self.market.top("100.00", "100.01", quantity="50"))
        self.trader.open_balances(
            [
                BalanceReport(Asset(asset), amount_units(text))
                for asset, text in (balances or BALANCES).items()
            ],
            source="test",
        )
        self.node.state.halts.unblock(UNRECONCILED)
        self.cast.start()
        self.commit()
        return self

    def see(self, event: MarketEvent) -> None:
        """Let a market message arrive at its time."""
        self.clock.advance(event.received_at_ns)
        self.trader.sinks.on_market(event)
        self.trader.sinks.on_frame_end()

    def top(self, bid: str = "100.00", ask: str = "100.01") -> None:
        """Let a best bid and ask arrive."""
        self.market.now_ns = max(self.market.now_ns, self.clock.now_ns())
        self.see(self.market.top(bid, ask, quantity="50"))

    def wait(self, duration_ns: int = NS_PER_MS) -> None:
        """Let time pass; the market goes on from there."""
        self.clock.wait(duration_ns)
        self.market.now_ns = self.clock.now_ns()

    def commit(self) -> None:
        """Let everything that was put become durable, and what follows from it."""
        while self.node.journal.lag_events:
            self.node.journal.drain()

    def written(self, *kinds: type[Kind]) -> list[Kind]:
        """Give the events of some kinds that were put, durable or not."""
        return [event for event in self.put if isinstance(event, kinds)]

    def records(self) -> list[Record]:
        """Read what is durable."""
        return list(self.store.read())

    def position(self, strategy: str) -> str:
        """Give a strategy's position as text."""
        units = self.node.state.account.position(StrategyId(strategy), self.symbol)
        return self.traded.quantity_text(QuantityUnits(units))

    def report(
        self,
        order: NewOrder,
        kind: ReportKind,
        *,
        cum: str = "0",
        execution: Execution | None = None,
        client_order_id: str = "",
        status_text: str = "",
    ) -> OrderReport:
        """Make a report of the user stream."""
        return OrderReport(
            kind=kind,
            client_order_id=ClientOrderId(client_order_id or order.client_order_id),
            venue_order_id=VenueOrderId("V1"),
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            price=order.price,
            quantity=order.quantity,
            cum_quantity=self.traded.quantity(cum),
            execution=execution,
            status_text=status_text or kind.value.upper(),
            venue_at_ns=self.clock.now_ns(),
            received_at_ns=self.clock.now_ns(),
        )

    def execution(
        self, exec_id: str, quantity: str, *, price: str = "100.01", fee: str = "0",
        fee_asset: str = "USDT",
    ) -> Execution:  # fmt: skip
        """Make an execution."""
        return Execution(
            ExecId(exec_id),
            self.traded.price(price),
            self.traded.quantity(quantity),
            amount_units(fee),
            Asset(fee_asset),
            LiquiditySide.TAKER,
        )

    def hear(self, report: OrderReport) -> None:
        """Let a report arrive."""
        self.trader.sinks.on_report(report)
        self.trader.sinks.on_frame_end()

    def _journal(self, store: MemoryStore, on_durable: Callable[[int], None]) -> Journal:
        put = self.put

        class Noted(Journal):
            def put(self, event: Event, shard: Shard = FIRST) -> int:
                seq = super().put(event, shard)
                put.append(event)
                return seq

        return Noted(
            store, self.clock, account=self.node_account(), durable_callback=on_durable
        )

    def node_account(self) -> Any:
        """Give the account's name."""
        return self.config.account


def now(work: Coroutine[Any, Any, Any]) -> None:
    """Run what waits for nothing."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("it waited")


def _chosen(name: str, strategy: Strategy) -> Chosen:
    loaded = Loaded(strategy, name, f"{name}.py", "digest", tuple(intervals_ns(strategy)))
    return Chosen(StrategyId(name), loaded, {})
