"""What the gates see: the desk that all reviews share, a strategy's view of a symbol, the ask.

A `Desk` is made once for an account and a `View` once for each strategy and symbol. Before a
review the pipeline sets what changes: `desk.tops[symbol]` on every message, and on the view
`now_ns`, `book_is_valid` and `lag_ns`. During a review nothing of it changes.
"""

import msgspec

from holdfast.domain.account import Account, Exposure, PositionKey
from holdfast.domain.approval import Accepted, Reservation
from holdfast.domain.ids import StrategyId, Symbol
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Instrument
from holdfast.domain.intent import SizedIntent
from holdfast.domain.market import BookTop
from holdfast.domain.order import NewOrder, PositionSide, Side
from holdfast.risk.halt import Halts
from holdfast.risk.limits import Limits, SymbolLimits, compile_limits
from holdfast.risk.rate_window import RateWindow
from holdfast.risk.reservation import reserve

APPROVAL_LIFE_NS = NS_PER_S
BPS = 10_000
NO_EXPOSURE = Exposure()
_BUY = Side.BUY  # an enum looks its members up anew each time


class Desk:
    """What every review of one account shares."""

    def __init__(self, account: Account, limits: Limits, *, halts: Halts) -> None:
        self.account = account
        self.limits = limits
        self.halts = halts
        self.window = RateWindow()
        self._count_again()
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
            key=(strategy, instrument.symbol),
            position_key=(strategy, instrument.symbol, PositionSide.BOTH),
        )

    def _count_again(self) -> None:
        """Count the approvals that the account knows, so that a restart is no new allowance."""
        known = [*self.account.orders.values(), *self.account.closed.values()]
        for held in sorted(known, key=lambda held: held.expires_at_ns):
            at_ns = held.expires_at_ns - APPROVAL_LIFE_NS
            self.window.spend(held.order.request.strategy, at_ns)


class View(msgspec.Struct, kw_only=True):
    """What the gates see when a strategy asks for something on a symbol."""

    strategy: StrategyId
    instrument: Instrument
    limits: SymbolLimits
    account: Account
    desk: Desk
    key: tuple[StrategyId, Symbol]
    position_key: PositionKey
    now_ns: int = 0
    book_is_valid: bool = False
    lag_ns: int = 0


class Ask(msgspec.Struct, gc=False):
    """An intent or an order in the form that gates compare: whole numbers and plain claims.

    `price` is 0 at the market; `worst_price` bounds either. `mark` values positions: the worst
    of the ask and of the market. `product` is worst price x quantity. `position` is the
    strategy's of the symbol, `net` the account's. An intent has a reservation; an order has a
    parent, its accepted intent, when the account does not hold that yet.
    """

    is_buy: bool
    quantity: int
    price: int
    worst_price: int
    mark: int
    product: int
    reduces: bool
    top: BookTop | None
    position: int
    net: int
    order: NewOrder | None = None
    parent: Accepted | None = None
    reservation: Reservation | None = None


def ask_of_intent(intent: SizedIntent, view: View) -> Ask:
    """Put an intent into the form that gates compare."""
    quantity, price = intent.quantity, intent.price
    ask = _ask(
        view,
        is_buy=intent.side is _BUY,
        quantity=quantity,
        price=price,
        bound=price,
        counted=0,
    )
    ask.reservation = reserve(
        view.instrument,
        intent.side,
        quantity=quantity,
        worst_price=ask.worst_price,
        limits=view.limits,
    )
    return ask


def ask_of_order(order: NewOrder, view: View, *, parent: Accepted | None) -> Ask:
    """Put an order into the form that gates compare.

    What its intent holds in the account, or what the order itself does, is not counted twice.
    """
    account = view.account
    is_counted = order.intent_id in account.intents or order.client_order_id in account.orders
    ask = _ask(
        view,
        is_buy=order.side is _BUY,
        quantity=order.quantity,
        price=order.price,
        bound=order.price or order.worst_price,
        counted=order.quantity if is_counted else 0,
    )
    ask.order = order
    ask.parent = parent
    return ask


def _ask(
    view: View, *, is_buy: bool, quantity: int, price: int, bound: int, counted: int
) -> Ask:
    account, key = view.account, view.key
    symbol = key[1]
    held = account.positions.get(view.position_key)
    position = held.quantity if held is not None else 0
    net = account.symbol_positions.get(symbol, 0)
    top = view.desk.tops.get(symbol)
    reducing = False
    if (position < 0) if is_buy else (position > 0):
        reducing = _reduces(
            view, is_buy=is_buy, position=position, net=net, quantity=quantity - counted
        )
    worst = bound or _collar_end(view, top, is_buy=is_buy, reducing=reducing)
    mark = worst if top is None or top.ask < worst else top.ask
    return Ask(
        is_buy, quantity, price, worst, mark, worst * quantity, reducing, top, position, net
    )


def _reduces(view: View, *, is_buy: bool, position: int, net: int, quantity: int) -> bool:
    """Tell whether a trade cannot raise a position even if it and everything open fills.

    It must hold for the strategy's sub-position and for the account's position.
    """
    mine = view.account.exposures.get(view.key, NO_EXPOSURE)
    total = view.account.symbol_exposures.get(view.key[1], NO_EXPOSURE)
    if is_buy:
        return mine.buying + quantity <= -position and total.buying + quantity <= -net
    return mine.selling + quantity <= position and total.selling + quantity <= net


def _collar_end(view: View, top: BookTop | None, *, is_buy: bool, reducing: bool) -> int:
    """Give the far end of the collar, rounded outward to a tick; 0 without a market price."""
    if top is None:
        return 0
    limits, tick = view.limits, view.instrument.tick
    bps = limits.reduction_collar_bps if reducing else limits.collar_bps
    if is_buy:
        return -(-top.ask * (BPS + bps) // (BPS * tick)) * tick
    return top.bid * (BPS - bps) // (BPS * tick) * tick
