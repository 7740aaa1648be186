"""A desk in a good mood: reconciled, a fresh book, roomy balances; tests spoil one thing."""

from holdfast.domain.approval import Accepted, Approved, Refused
from holdfast.domain.ids import IntentId, StrategyId, Symbol
from holdfast.domain.instrument import Instrument
from holdfast.domain.intent import SizedIntent
from holdfast.domain.order import NewOrder, Purpose, Side, TimeInForce
from holdfast.execution.children import Origin, children
from holdfast.risk.gate import Gate, Gates, review_intent, review_order, worst_price
from holdfast.risk.halt import UNRECONCILED, Halts
from holdfast.risk.limits import Limits
from holdfast.risk.standard import STANDARD
from holdfast.risk.view import Desk, View
from holdfast.runtime.supervise import guard
from holdfast.testing.clock import START_NS
from holdfast.testing.happenings import account_of, opening, order_ids
from holdfast.testing.market import Market

TREND = StrategyId("trend")


class TradingDesk:
    """Reviews wishes in decimal text and does to the account what was approved."""

    def __init__(
        self,
        *instruments: Instrument,
        limits: Limits | None = None,
        gates: tuple[Gate, ...] = STANDARD,
        balances: dict[str, str] | None = None,
    ) -> None:
        given = balances if balances is not None else {"USDT": "100000", "BTC": "10"}
        self.account = account_of(opening(*instruments, balances=given))
        self.halts = Halts()
        self.halts.unblock(UNRECONCILED)
        self.desk = Desk(self.account, limits or Limits(), halts=self.halts)
        self.gates = Gates(gates, guard=guard)
        self.ids = order_ids()
        self.now_ns = START_NS
        self._instruments = {traded.symbol: traded for traded in instruments}
        self._views: dict[tuple[StrategyId, Symbol], View] = {}
        self._count = 0

    def quote(self, bid: str, ask: str, *, symbol: Symbol | None = None) -> None:
        """Let the market show a best bid and ask now."""
        traded = self._traded(symbol)
        market = Market(traded, start_ns=self.now_ns, step_ns=0)
        self.desk.tops[traded.symbol] = market.top(bid, ask)

    def view(self, strategy: StrategyId = TREND, symbol: Symbol | None = None) -> View:
        """Give the view of a strategy, with a valid book at this moment."""
        traded = self._traded(symbol)
        key = (strategy, traded.symbol)
        if key not in self._views:
            self._views[key] = self.desk.view(strategy, traded)
            self._views[key].book_is_valid = True
        self._views[key].now_ns = self.now_ns
        return self._views[key]

    def intent(
        self,
        side: str,
        quantity: str,
        *,
        price: str = "0",
        symbol: Symbol | None = None,
        purpose: Purpose = Purpose.ENTRY,
    ) -> SizedIntent:
        """Make an intent; at the market when its price is 0."""
        traded = self._traded(symbol)
        return SizedIntent(
            symbol=traded.symbol,
            side=Side(side),
            quantity=traded.quantity(quantity),
            price=traded.price(price),
            time_in_force=TimeInForce.GTC,
            purpose=purpose,
        )

    def review(
        self, intent: SizedIntent, *, strategy: StrategyId = TREND
    ) -> Accepted | Refused:
        """Ask the gates of the whole."""
        self._count += 1
        view = self.view(strategy, intent.symbol)
        return review_intent(
            intent, view, gates=self.gates, intent_id=IntentId(f"i{self._count}")
        )

    def child(self, accepted: Accepted) -> NewOrder:
        """Make the one order of an accepted intent."""
        view = self.view(accepted.strategy, accepted.intent.symbol)
        origin = Origin(
            account=self.account.account,
            instrument=view.instrument,
            worst_price=worst_price(accepted.intent, view),
        )
        [order] = children(accepted, origin, ids=self.ids)
        return order

    def trade(self, intent: SizedIntent, *, strategy: StrategyId = TREND) -> Approved | Refused:
        """Take an intent through both reviews; what is approved is in the account after."""
        accepted = self.review(intent, strategy=strategy)
        if isinstance(accepted, Refused):
            return accepted
        order = self.child(accepted)
        view = self.view(strategy, intent.symbol)
        approved = review_order(order, view, gates=self.gates, parent=accepted)
        if isinstance(approved, Approved):
            held = accepted.reservation
            self.account.approve(
                order, held.asset, amount=held.amount, expires_at_ns=approved.expires_at_ns
            )
        return approved

    def _traded(self, symbol: Symbol | None) -> Instrument:
        return self._instruments[symbol or next(iter(self._instruments))]
