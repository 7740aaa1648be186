"""A small random market for the simulated exchange, and the checkers of its laws."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from hypothesis import strategies as st

from holdfast.simexchange.accounts import AccountSpec
from holdfast.simexchange.assumptions import Assumptions, load_assumptions
from holdfast.simexchange.exchange import AnyEmission, Exchange
from holdfast.simexchange.model import (
    AccountEvent,
    CancelRequest,
    Depth,
    OrderUpdate,
    PlaceRequest,
    SimOrder,
    Snapshot,
    SymbolRules,
    Ticker,
    Trade,
)
from holdfast.simexchange.numbers import E8

SYMBOL = "AAABBB"
TICK = E8
STEP = E8
FIRST = 100
ACCOUNTS = ("ann", "bob")
RULES = SymbolRules(
    symbol=SYMBOL,
    base="AAA",
    quote="BBB",
    tick=TICK,
    step=STEP,
    min_price=TICK,
    max_price=0,
    min_quantity=STEP,
    max_quantity=0,
    first_price=FIRST * TICK,
)
Act = Callable[[Exchange, int], list[AnyEmission]]


def assumptions(**latency: int) -> Assumptions:
    """Return the packaged assumptions without any latency but the one that is named."""
    packaged = load_assumptions()
    none = {"order_us": 0, "cancel_us": 0, "jitter_us": 0}
    changed = msgspec.structs.replace(packaged.latency, **{**none, **latency})
    return msgspec.structs.replace(packaged, latency=changed)


def new_exchange(rules: SymbolRules = RULES, *, worth: int = 5_000, seed: int = 0) -> Exchange:
    """Return an exchange with two accounts and a snapshot of three levels a side."""
    accounts = [
        AccountSpec(name=name, keys=(), balances={"AAA": worth * E8, "BBB": worth * 100 * E8})
        for name in ACCOUNTS
    ]
    exchange = Exchange({SYMBOL: rules}, accounts, assumptions=assumptions(), seed=seed)
    bids = [((FIRST - at) * TICK, 5 * STEP) for at in range(3)]
    asks = [((FIRST + 1 + at) * TICK, 5 * STEP) for at in range(3)]
    exchange.apply(Snapshot(1, SYMBOL, 1, bids, asks))
    return exchange


class _Order(msgspec.Struct, frozen=True):
    account: str
    side: str
    order_type: str
    time_in_force: str
    price: int
    quantity: int
    by_quote: bool
    stp_mode: str

    def __call__(self, exchange: Exchange, at_ns: int) -> list[AnyEmission]:
        is_market = self.order_type == "MARKET"
        by_quote = self.by_quote and is_market
        request = PlaceRequest(
            symbol=SYMBOL,
            side=self.side,
            order_type=self.order_type,
            time_in_force=self.time_in_force if self.order_type == "LIMIT" else "",
            price=0 if is_market else self.price * TICK,
            quantity=0 if by_quote else self.quantity * STEP,
            quote_quantity=self.quantity * 100 * E8 if by_quote else 0,
            stp_mode=self.stp_mode,
        )
        exchange.place(self.account, request, arrived_ns=at_ns)
        return exchange.advance(at_ns)


class _Cancel(msgspec.Struct, frozen=True):
    account: str
    order_id: int

    def __call__(self, exchange: Exchange, at_ns: int) -> list[AnyEmission]:
        request = CancelRequest(symbol=SYMBOL, order_id=self.order_id)
        exchange.cancel(self.account, request, arrived_ns=at_ns)
        return exchange.advance(at_ns)


class _Print(msgspec.Struct, frozen=True):
    price: int
    quantity: int
    buyer_is_maker: bool

    def __call__(self, exchange: Exchange, at_ns: int) -> list[AnyEmission]:
        price, quantity = self.price * TICK, self.quantity * STEP // 2
        return exchange.apply(
            Trade(at_ns, SYMBOL, at_ns, price, quantity, self.buyer_is_maker, at_ns, at_ns)
        )


class _Best(msgspec.Struct, frozen=True):
    bid: int
    quantity: int
    spread: int

    def __call__(self, exchange: Exchange, at_ns: int) -> list[AnyEmission]:
        bid, ask = self.bid * TICK, (self.bid + self.spread) * TICK
        size = self.quantity * STEP
        return exchange.apply(Ticker(at_ns, SYMBOL, 1_000 + at_ns, bid, size, ask, size + STEP))


class _Diff(msgspec.Struct, frozen=True):
    mid: int
    bid_quantity: int
    ask_quantity: int

    def __call__(self, exchange: Exchange, at_ns: int) -> list[AnyEmission]:
        """Move the touch to both sides of `mid`; levels beyond it are removed."""
        view = exchange.market.depth(SYMBOL, limit=100)
        bids = [(price, 0) for price, _ in view.bids if price >= self.mid * TICK]
        asks = [(price, 0) for price, _ in view.asks if price <= self.mid * TICK]
        bids.append(((self.mid - 1) * TICK, self.bid_quantity * STEP))
        asks.append(((self.mid + 1) * TICK, self.ask_quantity * STEP))
        last = max(view.last_update_id, 1_000 + at_ns)
        return exchange.apply(
            Depth(at_ns, SYMBOL, view.last_update_id + 1, last, 0, bids, asks)
        )


_prices = st.integers(FIRST - 4, FIRST + 5)
_quantities = st.integers(1, 12)
_accounts = st.sampled_from(ACCOUNTS)
market_acts = st.one_of(
    st.builds(_Print, _prices, _quantities, st.booleans()),
    st.builds(_Best, _prices, _quantities, st.integers(1, 3)),
    st.builds(_Diff, _prices, st.integers(0, 12), st.integers(0, 12)),
)
acts = st.lists(
    st.one_of(
        st.builds(
            _Order,
            _accounts,
            st.sampled_from(["BUY", "SELL"]),
            st.sampled_from(["LIMIT", "LIMIT", "LIMIT", "MARKET", "LIMIT_MAKER"]),
            st.sampled_from(["GTC", "GTC", "IOC", "FOK"]),
            _prices,
            _quantities,
            st.booleans(),
            st.sampled_from(["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"]),
        ),
        st.builds(_Cancel, _accounts, st.integers(1, 12)),
        st.builds(_Print, _prices, _quantities, st.booleans()),
        st.builds(_Best, _prices, _quantities, st.integers(1, 3)),
        st.builds(_Diff, _prices, st.integers(0, 12), st.integers(0, 12)),
    ),
    max_size=40,
)


def play(
    actions: list[Any],
    check: Callable[[Exchange, list[AnyEmission]], None],
    *,
    breaks: Callable[[Exchange], None] | None = None,
) -> None:
    """Let the acts happen one after another and check after each."""
    exchange = new_exchange()
    if breaks is not None:
        breaks(exchange)
    for at, act in enumerate(actions, 2):
        check(exchange, act(exchange, at))


def open_orders(exchange: Exchange, side: str) -> list[SimOrder]:
    """Return what rests on a side, of all accounts."""
    return [
        order
        for account in exchange.accounts.names()
        for order in exchange.accounts.open_orders(account)
        if order.side == side
    ]


def maker_fills(emissions: Iterable[object]) -> list[SimOrder]:
    """Return the orders that were filled as makers, as they were after it."""
    return [
        emission.event.order
        for emission in emissions
        if isinstance(emission, AccountEvent)
        and isinstance(emission.event, OrderUpdate)
        and emission.event.trade is not None
        and emission.event.trade.is_maker
    ]
