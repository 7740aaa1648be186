"""Plan what an incoming order does to the other side, by price and then time, before it does.

A plan changes nothing. It takes recorded quantity and our own resting orders level by level
from the best on, stops at the limit price, and never takes more than is wanted or offered.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from holdfast.simexchange.book import Book
from holdfast.simexchange.model import Level, SimOrder
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.queue import OwnSide, Resting
from holdfast.simexchange.reference import ANY_PRICE, PriceRange

StepKind: TypeAlias = Literal["market", "own", "prevent"]
STP_MODES = (
    "NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER"
)  # fmt: skip
SHRINKING = ("DECREMENT", "TRANSFER")
PRICE_RANGE_EXCEEDED = "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"


class Offer(NamedTuple):
    """Quantity on the other side; `maker` is None for the recorded market's."""

    price: int
    quantity: int
    maker: Resting | None


class Step(NamedTuple):
    """One thing that the order does: take from the market, from our own, or be prevented."""

    kind: StepKind
    price: int
    quantity: int
    maker: Resting | None


class Plan(NamedTuple):
    """The steps in order, what they fill and cost, and what is prevented of the order itself.

    `is_exhausted` says that too little was offered, `expiry_reason` what ends the order.
    """

    steps: list[Step]
    quantity: int
    cost: int
    prevented: int = 0
    is_exhausted: bool = False
    expiry_reason: str = ""


class Budget:
    """What an order still wants: a quantity, or (`by_quote`) an amount of the quote asset."""

    __slots__ = ("_left", "by_quote", "step")

    def __init__(self, amount: int, *, by_quote: bool, step: int) -> None:
        self._left = amount
        self.by_quote = by_quote
        self.step = step

    def wanted(self, price: int) -> int:
        """Return the quantity that is still wanted at this price, in whole steps."""
        if not self.by_quote:
            return self._left
        quantity = self._left * E8 // price
        return quantity - quantity % self.step

    def spend(self, price: int, quantity: int) -> None:
        """Note an execution."""
        self._left -= notional(price, quantity) if self.by_quote else quantity


def notional(price: int, quantity: int) -> int:
    """Return price times quantity, rounded down to 10^-8 (exact when tick x step is)."""
    return price * quantity // E8


def offers(levels: Iterable[Level], own: OwnSide, *, step: int) -> Iterator[Offer]:
    """Merge the recorded levels with our own resting orders, in price-time priority.

    At one price our order stands after the recorded quantity estimated ahead of it and before
    the rest. `levels` come best first and in whole steps, as `Book.available` gives them.
    """
    sign = own.sign
    own_keys = list(reversed(own.keys))
    position = 0
    for price, displayed in levels:
        while position < len(own_keys) and own_keys[position] > sign * price:
            yield from _line(own, sign * own_keys[position], 0, step=step)
            position += 1
        if position < len(own_keys) and own_keys[position] == sign * price:
            yield from _line(own, price, displayed, step=step)
            position += 1
        else:
            yield Offer(price, displayed, None)
    for key in own_keys[position:]:
        yield from _line(own, sign * key, 0, step=step)


def plan_taker(
    order: SimOrder,
    book: Book,
    *,
    own: OwnSide,
    is_limited: bool,
    budget: Budget,
    prices: PriceRange = ANY_PRICE,
) -> Plan:
    """Plan an incoming order against the other side, self-trade prevention included."""
    takes_bids = order.side == "SELL"
    within = _within(order, is_limited=is_limited)
    steps: list[Step] = []
    gone: set[int] = set()
    quantity = cost = prevented = 0
    for offer in offers(book.available(is_bid=takes_bids), own, step=book.step):
        wanted = budget.wanted(offer.price)
        if wanted <= 0 or not within(offer.price):
            return Plan(steps, quantity, cost, prevented)
        if offer.price < prices.least or (prices.most and offer.price > prices.most):
            return Plan(steps, quantity, cost, prevented, expiry_reason=PRICE_RANGE_EXCEEDED)
        take = min(wanted, offer.quantity)
        maker = offer.maker
        mode = "NONE" if maker is None else prevention(order, maker.order)
        if maker is None or mode == "NONE":
            budget.spend(offer.price, take)
            quantity += take
            cost += notional(offer.price, take)
            kind: StepKind = "market" if maker is None else "own"
            steps.append(Step(kind, offer.price, take, maker))
            continue
        if maker.order.order_id in gone:
            continue
        steps.append(Step("prevent", offer.price, take, maker))
        if mode in SHRINKING:
            budget.spend(offer.price, take)
            prevented += take
            cost += notional(offer.price, take) if mode == "TRANSFER" else 0
        elif mode == "EXPIRE_MAKER":
            gone.add(maker.order.order_id)
        else:
            return Plan(steps, quantity, cost, prevented + wanted)
    is_left = not steps or budget.wanted(steps[-1].price) > 0
    return Plan(steps, quantity, cost, prevented, is_exhausted=is_left)


def would_take(order: SimOrder, book: Book, *, own: OwnSide) -> bool:
    """Tell whether a limit order would execute at once."""
    within = _within(order, is_limited=True)
    best = next(
        iter(offers(book.available(is_bid=order.side == "SELL"), own, step=book.step)), None
    )
    return best is not None and within(best.price)


def prevention(taker: SimOrder, maker: SimOrder) -> str:
    """Return what prevents a match of two orders: a mode, NONE for nothing.

    Source: the venue's questions on self-trade prevention. The taker decides; a transfer needs
    both orders to ask for it and two accounts of one group, else it is a decrement.
    """
    is_one_account = taker.account == maker.account
    is_one_group = taker.trade_group_id == maker.trade_group_id >= 0
    if not is_one_account and not is_one_group:
        return "NONE"
    if taker.stp_mode == "TRANSFER" and (is_one_account or maker.stp_mode != "TRANSFER"):
        return "DECREMENT"
    return taker.stp_mode


def _line(own: OwnSide, price: int, displayed: int, *, step: int) -> Iterator[Offer]:
    passed = 0
    for resting in own.by_price[price]:
        ahead = min(resting.ahead, displayed) - passed
        ahead -= ahead % step
        if ahead > 0:
            yield Offer(price, ahead, None)
            passed += ahead
        yield Offer(price, resting.showing, resting)
    if displayed > passed:
        yield Offer(price, displayed - passed, None)
    for resting in own.by_price[price]:
        hidden = resting.order.leaves_quantity - resting.showing
        if hidden:
            yield Offer(price, hidden, resting)


def _within(order: SimOrder, *, is_limited: bool) -> Callable[[int], bool]:
    limit = order.price
    if not is_limited:
        return lambda _price: True
    if order.side == "BUY":
        return lambda price: price <= limit
    return lambda price: price >= limit
