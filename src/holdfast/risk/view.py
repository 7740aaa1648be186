"""What the gates see: the desk that all reviews share, a strategy's view of a symbol, the ask.

A `Desk` is made once for an account and a `View` once for each strategy and symbol. Before a
review the pipeline sets what changes: `desk.tops[symbol]` on every message, and on the view
`now_ns`, `book_is_valid` and `lag_ns`. During a review nothing of it changes.
"""

from typing import TYPE_CHECKING

import msgspec

from holdfast.domain.account import Account
from holdfast.domain.approval import Accepted
from holdfast.domain.ids import StrategyId, Symbol
from holdfast.domain.instrument import Instrument
from holdfast.domain.intent import SizedIntent
from holdfast.domain.order import NewOrder, OrderType, Side
from holdfast.risk.halt import Halts
from holdfast.risk.limits import Limits, SymbolLimits, compile_limits
from holdfast.risk.rate_window import RateWindow

if TYPE_CHECKING:
    from holdfast.domain.market import BookTop

BPS = 10_000


class Desk:
    """What every review of one account shares."""

    def __init__(self, account: Account, limits: Limits, *, halts: Halts) -> None:
        self.account = account
        self.limits = limits
        self.halts = halts
        self.window = RateWindow()
        self.tops: dict[Symbol, BookTop] = {}
        self.compiled: dict[Symbol, SymbolLimits] = {}

    def register(self, instrument: Instrument) -> SymbolLimits:
        """Compile the limits for an instrument; `ConfigError` when its currency has no rate."""
        compiled = compile_limits(self.limits, instrument)
        self.compiled[instrument.symbol] = compiled
        return compiled

    def view(self, strategy: StrategyId, instrument: Instrument) -> "View":
        """Make the view of a strategy on a symbol; made once and kept by the pipeline."""
        limits = self.compiled.get(instrument.symbol) or self.register(instrument)
        return View(
            strategy=strategy,
            instrument=instrument,
            limits=limits,
            account=self.account,
            desk=self,
        )


class View(msgspec.Struct, kw_only=True):
    """What the gates see when a strategy asks for something on a symbol."""

    strategy: StrategyId
    instrument: Instrument
    limits: SymbolLimits
    account: Account
    desk: Desk
    now_ns: int = 0
    book_is_valid: bool = False
    lag_ns: int = 0


class Ask(msgspec.Struct, gc=False):
    """An intent or an order in the form that gates compare: whole numbers and plain claims.

    `price` is 0 at the market; `worst_price` bounds either. `mark` values positions: the worst
    of the ask and of the market. `product` is worst price x quantity. `order` is None for an
    intent; `parent` is the accepted intent that an order draws on when the account does not
    hold it yet.
    """

    is_buy: bool
    quantity: int
    price: int
    worst_price: int
    mark: int
    product: int
    reduces: bool
    order: NewOrder | None = None
    parent: Accepted | None = None


def bound(view: View, *, side: Side, price: int, reduces: bool) -> int:
    """Give a limit price, or the far end of the collar at the market, rounded outward.

    0 when there is no market price to start from.
    """
    if price:
        return price
    top = view.desk.tops.get(view.instrument.symbol)
    if top is None:
        return 0
    limits = view.limits
    bps = limits.reduction_collar_bps if reduces else limits.collar_bps
    tick = view.instrument.tick
    if side is Side.BUY:
        return -(-top.ask * (BPS + bps) // (BPS * tick)) * tick
    return top.bid * (BPS - bps) // (BPS * tick) * tick


def reduces(view: View, *, side: Side, quantity: int, counted: int) -> bool:
    """Tell whether a trade cannot raise a position even if it and everything open fills.

    It must hold for the strategy's sub-position and for the account's position. `counted` is
    how much of the quantity the open exposure holds already.
    """
    account, symbol = view.account, view.instrument.symbol
    own = account.position(view.strategy, symbol)
    if (own <= 0) if side is Side.SELL else (own >= 0):
        return False
    mine = account.exposures.get((view.strategy, symbol))
    total = account.symbol_exposures.get(symbol)
    net = account.symbol_positions.get(symbol, 0)
    more = quantity - counted
    if side is Side.SELL:
        return (mine.selling if mine else 0) + more <= own and (
            total.selling if total else 0
        ) + more <= net
    return (mine.buying if mine else 0) + more <= -own and (
        total.buying if total else 0
    ) + more <= -net


def ask_of_intent(intent: SizedIntent, view: View) -> Ask:
    """Put an intent into the form that gates compare."""
    side, quantity = intent.side, intent.quantity
    reducing = reduces(view, side=side, quantity=quantity, counted=0)
    worst = bound(view, side=side, price=intent.price, reduces=reducing)
    return Ask(
        side is Side.BUY,
        quantity,
        intent.price,
        worst,
        _mark(view, worst),
        worst * quantity,
        reducing,
    )


def ask_of_order(order: NewOrder, view: View, *, parent: Accepted | None) -> Ask:
    """Put an order into the form that gates compare.

    What its intent holds in the account, or what the order itself does, is not counted twice.
    """
    side, quantity = order.side, order.quantity
    intent = view.account.intents.get(order.intent_id)
    counted = quantity if intent is not None or _is_booked(order, view) else 0
    worst = order.worst_price if order.order_type is OrderType.MARKET else order.price
    return Ask(
        side is Side.BUY,
        quantity,
        order.price,
        worst,
        _mark(view, worst),
        worst * quantity,
        reduces(view, side=side, quantity=quantity, counted=counted),
        order,
        parent,
    )


def _is_booked(order: NewOrder, view: View) -> bool:
    return order.client_order_id in view.account.orders


def _mark(view: View, worst: int) -> int:
    top = view.desk.tops.get(view.instrument.symbol)
    return worst if top is None or top.ask < worst else top.ask
