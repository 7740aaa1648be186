"""What the gates see: the desk that all reviews share, a strategy's view of a symbol, the ask.

A `Desk` is made once for an account and a `View` once for each strategy and symbol. Before a
review the pipeline sets what changes: `desk.tops[symbol]` on every message, and on the view
`now_ns`, `book_is_valid`, `lag_ns`, `last` and `mark`. During a review nothing of it changes.
"""

import msgspec

from holdfast.domain.account import (
    Account,
    Exposure,
    PositionKey,
    exposures_at,
    side_exposures_at,
)
from holdfast.domain.approval import Accepted, Reservation
from holdfast.domain.ids import UNATTRIBUTED, ClientOrderId, StrategyId, Symbol
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.intent import SizedIntent
from holdfast.domain.market import BookTop
from holdfast.domain.money import QuantityUnits
from holdfast.domain.order import NewOrder, PositionSide, Side
from holdfast.risk.halt import Halts
from holdfast.risk.limits import Limits, SymbolLimits, compile_limits
from holdfast.risk.rate_window import RateWindow
from holdfast.risk.reservation import reserve

APPROVAL_LIFE_NS = NS_PER_S
BPS = 10_000
NO_EXPOSURE = Exposure()
_SPOT = Product.SPOT
_BUY, _BOTH = Side.BUY, PositionSide.BOTH  # an enum looks its members up anew each time


class Desk:
    """What every review of one account shares; `is_hedged` when it holds long beside short."""

    def __init__(self, account: Account, limits: Limits, *, halts: Halts) -> None:
        self.account = account
        self.limits = limits
        self.halts = halts
        self.is_hedged = False
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
        mine, total = exposures_at(self.account, strategy, symbol=instrument.symbol)
        return View(
            strategy=strategy,
            instrument=instrument,
            limits=limits,
            account=self.account,
            desk=self,
            key=(strategy, instrument.symbol),
            position_key=(strategy, instrument.symbol, PositionSide.BOTH),
            mine=mine,
            total=total,
        )

    def _count_again(self) -> None:
        """Count the approvals that the account knows, so that a restart is no new allowance."""
        known = [*self.account.orders.values(), *self.account.closed.values()]
        for held in sorted(known, key=lambda held: held.expires_at_ns):
            at_ns = held.expires_at_ns - APPROVAL_LIFE_NS
            self.window.spend(held.order.request.strategy, at_ns)


class View(msgspec.Struct, kw_only=True):
    """What the gates see when a strategy asks for something on a symbol.

    `mine` and `total` are the one-way exposures of the strategy and of the account, as they
    are at any time. `last` is the last price, `mark` the mark price of a contract, 0 unknown.
    """

    strategy: StrategyId
    instrument: Instrument
    limits: SymbolLimits
    account: Account
    desk: Desk
    key: tuple[StrategyId, Symbol]
    position_key: PositionKey
    mine: Exposure
    total: Exposure
    now_ns: int = 0
    book_is_valid: bool = False
    lag_ns: int = 0
    last: int = 0
    mark: int = 0


class Ask(msgspec.Struct, gc=False):
    """An intent or an order in the form that gates compare: whole numbers and plain claims.

    `price` is 0 at the market; `worst_price` bounds either. `mark` values positions: the worst
    of the ask and of the market. `product` is worst price x quantity. `position` is the
    strategy's of the symbol, `net` the account's; in hedge mode both are of one position side,
    as are the exposures `mine` and `total`. An intent has a reservation; an order has a parent,
    its accepted intent, when the account does not hold that yet. `anchor` is the price of the
    market at which it will trade, where that is not now: a stop's trigger, or for the pending
    leg of a list the price of its working leg; `is_pending` holds for the latter.
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
    wish: SizedIntent | NewOrder
    mine: Exposure
    total: Exposure
    anchor: int = 0
    is_pending: bool = False
    overturns: bool = False
    order: NewOrder | None = None
    parent: Accepted | None = None
    reservation: Reservation | None = None


def ask_of_intent(intent: SizedIntent, view: View) -> Ask:
    """Put an intent into the form that gates compare."""
    price = intent.price
    anchor = 0
    if intent.trigger_price or intent.callback_bps:
        anchor = _anchor(intent, view)
    ask = _ask(view, intent, bound=price, counted=0, anchor=anchor)
    ask.reservation = reserve(
        view.instrument,
        intent.side,
        quantity=intent.quantity,
        worst_price=ask.worst_price,
        limits=view.limits,
        is_guarded=intent.reduce_only
        or (intent.position_side is not _BOTH and intent.is_guarded),
    )
    return ask


def ask_of_order(order: NewOrder, view: View, *, parent: Accepted | None) -> Ask:
    """Put an order into the form that gates compare.

    What its intent holds in the account, or what the order itself does, is not counted twice.
    """
    account = view.account
    is_counted = order.intent_id in account.intents or order.client_order_id in account.orders
    anchor, is_pending = 0, False
    if order.contingency:
        is_pending = _is_pending(order, view, parent)
    if order.trigger_price or order.callback_bps:
        anchor = _anchor(order, view)
    elif is_pending and parent is not None:
        anchor = parent.intent.price
    ask = _ask(
        view,
        order,
        bound=order.price or order.worst_price,
        counted=order.quantity if is_counted else 0,
        anchor=anchor,
    )
    ask.order = order
    ask.parent = parent
    ask.is_pending = is_pending
    return ask


def _ask(
    view: View, wish: SizedIntent | NewOrder, *, bound: int, counted: int, anchor: int
) -> Ask:
    is_buy, quantity = wish.side is _BUY, wish.quantity
    account, symbol = view.account, view.key[1]
    if wish.position_side is _BOTH:
        held = account.positions.get(view.position_key)
        net = account.symbol_positions.get(symbol, 0)
        mine, total = view.mine, view.total
    else:
        side_key = (view.strategy, symbol, wish.position_side)
        held = account.positions.get(side_key)
        net = account.contracts.positions.get(side_key[1:], 0)
        mine, total = side_exposures_at(account, side_key)
    position = held.quantity if held is not None else 0
    top = view.desk.tops.get(symbol)
    reducing = overturns = False
    if (position < 0) if is_buy else (position > 0):
        added = quantity - counted
        if wish.replaces:
            added = max(0, added - _leaves_of(wish.replaces, account))
        reducing, overturns = _exit(
            view, wish, added, mine=mine, total=total, position=position, net=net
        )
    worst = bound or _collar_end(view, top, is_buy=is_buy, reducing=reducing, anchor=anchor)
    mark = worst if top is None or top.ask < worst else top.ask
    return Ask(
        is_buy,
        quantity,
        wish.price,
        worst,
        mark,
        worst * quantity,
        reducing,
        top,
        position,
        net,
        wish,
        mine,
        total,
        anchor,
        False,
        overturns,
    )


def _exit(
    view: View,
    wish: SizedIntent | NewOrder,
    added: int,
    *,
    mine: Exposure,
    total: Exposure,
    position: int,
    net: int,
) -> tuple[bool, bool]:
    """Tell of a trade against a strategy's position if it reduces, and if it could overturn."""
    is_buy = position < 0
    reducing = _reduces(
        added,
        wish,
        mine=mine if is_buy else _mirrored(mine),
        total=total if is_buy else _mirrored(total),
        position=abs(position),
        net=-net if is_buy else net,
    )
    if view.instrument.product is _SPOT:
        return reducing, _takes_coins(view, wish, added + mine.selling, position=position)
    if reducing:
        return True, False
    working = total.buying if is_buy else total.selling
    return False, _overturns(view, wish, added + working, position=position, net=net)


def _overturns(
    view: View,
    wish: SizedIntent | NewOrder,
    closing: int,
    *,
    position: int,
    net: int,
) -> bool:
    """Tell whether an exit could open or turn over what the account holds of a contract.

    It can where somebody else holds, or traded, against the strategies. Where only strategies
    hold against each other the exit leaves the account with what the others hold. `closing` is
    the exit with everything that works beside it. What the venue guards cannot open anything.
    """
    if wish.is_guarded or wish.quantity > abs(position):
        return False
    sign = 1 if position > 0 else -1
    if sign * net < 0 or closing <= sign * net:
        return False
    nobodys = view.account.positions.get((UNATTRIBUTED, view.key[1], wish.position_side))
    return nobodys is not None and sign * nobodys.quantity < 0


def _takes_coins(
    view: View, wish: SizedIntent | NewOrder, selling: int, *, position: int
) -> bool:
    """Tell whether a spot exit could sell coins that other strategies hold."""
    account, instrument = view.account, view.instrument
    if wish.quantity > position:
        return False
    others = sum(
        max(0, held.quantity)
        for (owner, symbol, _), held in account.positions.items()
        if symbol == view.key[1] and owner not in (view.strategy, UNATTRIBUTED)
    )
    if not others:
        return False
    coins = account.balances.get(instrument.base, 0)
    return instrument.base_amount(QuantityUnits(selling + others)) > coins


def _mirrored(exposure: Exposure) -> Exposure:
    """Give an exposure with its sides changed, so that one rule serves both."""
    return Exposure(
        exposure.selling,
        exposure.buying,
        exposure.guarded_selling,
        exposure.guarded_buying,
    )


def _reduces(
    added: int,
    wish: SizedIntent | NewOrder,
    *,
    mine: Exposure,
    total: Exposure,
    position: int,
    net: int,
) -> bool:
    """Tell whether a trade cannot raise a position even if it and everything open fills.

    It must hold for the strategy's sub-position and for the account's position. Both are above
    zero here, and buying is what takes them away. The venue executes guarded orders only while
    the account's position is there. So where all are guarded nothing is turned over, whatever
    they add up to; one that is not may come last, and then all of them have to fit. The venue
    guards the strategy's own position only as long as nobody else holds, or could come to hold,
    the same direction.
    """
    is_guarded = wish.is_guarded
    all_fit = total.buying + added <= net
    if not all_fit and not (is_guarded and net > 0 and total.buying == total.guarded_buying):
        return False
    if mine.buying + added <= position:
        return True
    others = net - position + total.selling - mine.selling
    return is_guarded and others <= 0 and mine.buying == mine.guarded_buying


def _leaves_of(client_order_id: ClientOrderId, account: Account) -> int:
    order = account.find(client_order_id)
    return order.leaves_quantity if order is not None else 0


def _is_pending(order: NewOrder, view: View, parent: Accepted | None) -> bool:
    """Tell whether an order is a leg that waits for its working leg."""
    if order.contingency == "OCO":
        return False
    if parent is not None:
        head = parent.intent
        return order.side is not head.side or order.trigger_price != head.trigger_price
    members = view.account.lists.get(order.order_list_id, [])
    return bool(members) and members[0].order.request.client_order_id != order.client_order_id


def _anchor(wish: SizedIntent | NewOrder, view: View) -> int:
    """Give the price of the market at which a conditional order will trade.

    A trailing stop trades at the worst from where the market, or its activation, is now.
    """
    if wish.trigger_price:
        return wish.trigger_price
    top = view.desk.tops.get(view.key[1])
    start = wish.activation_price or (0 if top is None else top.ask)
    if wish.side is _BUY:
        return -(-start * (BPS + wish.callback_bps) // BPS)
    start = wish.activation_price or (0 if top is None else top.bid)
    return start * (BPS - wish.callback_bps) // BPS


def _collar_end(
    view: View, top: BookTop | None, *, is_buy: bool, reducing: bool, anchor: int
) -> int:
    """Give the far end of the collar, rounded outward to a tick; 0 without a market price."""
    if top is None and not anchor:
        return 0
    limits, tick = view.limits, view.instrument.tick
    bps = limits.reduction_collar_bps if reducing else limits.collar_bps
    if is_buy:
        start = anchor or (top.ask if top is not None else 0)
        return -(-start * (BPS + bps) // (BPS * tick)) * tick
    start = anchor or (top.bid if top is not None else 0)
    return start * (BPS - bps) // (BPS * tick) * tick
