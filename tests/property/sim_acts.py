"""Random acts of every kind on the simulated exchange: all order types, lists, amendments."""

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st

from holdfast.simexchange.accounts import AccountSpec
from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.model import CancelRequest, PlaceRequest, Snapshot
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.requests import (
    AmendRequest,
    CancelListRequest,
    ListRequest,
    ReplaceRequest,
    Request,
)
from holdfast.simexchange.triggers import ALGO_TYPES
from tests.property.sim_kit import FIRST, RULES, STEP, SYMBOL, TICK, assumptions, market_acts

NAMES = ("ann", "cat", "dan")
"""The last two are of one trade group."""
WORTH = 60
OPENING = {"AAA": WORTH * E8, "BBB": WORTH * 100 * E8}
_LIMITED = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
_TIMED = ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
Actions = list[Callable[[Exchange, int], list[Any]]]


def rich_exchange() -> Exchange:
    """Return an exchange with four accounts of little money, two of them in a group."""
    accounts = [
        AccountSpec(
            name=name,
            keys=(),
            balances=dict(OPENING),
            trade_group_id=5 if name in NAMES[1:] else -1,
        )
        for name in NAMES
    ]
    rules = msgspec.structs.replace(
        RULES, bid_range=(E8 // 2, 104 * E8 // 100), reference_buckets=(1, 2)
    )
    exchange = Exchange({SYMBOL: rules}, accounts, assumptions=assumptions())
    bids = [((FIRST - at) * TICK, 5 * STEP) for at in range(3)]
    asks = [((FIRST + 1 + at) * TICK, 5 * STEP) for at in range(3)]
    exchange.apply(Snapshot(1, SYMBOL, 1, bids, asks))
    return exchange


class Terms(msgspec.Struct, frozen=True):
    """Numbers of which any type takes what it needs."""

    side: str
    order_type: str
    time_in_force: str
    price: int
    stop_price: int
    delta: int
    quantity: int
    iceberg: int
    stp_mode: str

    def request(self, **fixed: Any) -> PlaceRequest:
        """Return the order that these terms ask for."""
        kind = fixed.get("order_type", self.order_type)
        is_algo = kind in ALGO_TYPES
        limited = kind in _LIMITED
        iceberg = min(self.iceberg, self.quantity) * STEP if limited else 0
        timed = "GTC" if iceberg else self.time_in_force
        fields: dict[str, Any] = {
            "symbol": SYMBOL,
            "side": self.side,
            "order_type": kind,
            "time_in_force": timed if kind in _TIMED else "",
            "quantity": self.quantity * STEP,
            "price": self.price * TICK if limited else 0,
            "stop_price": self.stop_price * TICK if is_algo else 0,
            "trailing_delta": self.delta * 100 if is_algo else 0,
            "iceberg_quantity": iceberg,
            "stp_mode": self.stp_mode,
        }
        return PlaceRequest(**(fields | fixed))


class Place(msgspec.Struct, frozen=True):
    account: str
    terms: Terms

    def __call__(self, exchange: Exchange, at_ns: int) -> list[Any]:
        exchange.place(self.account, self.terms.request(), arrived_ns=at_ns)
        return list(exchange.advance(at_ns))


def nth_open(exchange: Exchange, account: str, number: int) -> int:
    """Return the id of one of the account's open orders, an unknown one when none is."""
    found = exchange.accounts.open_orders(account)
    return found[number % len(found)].order_id if found else 10**6


class Cancel(msgspec.Struct, frozen=True):
    account: str
    number: int

    def __call__(self, exchange: Exchange, at_ns: int) -> list[Any]:
        order_id = nth_open(exchange, self.account, self.number)
        request = CancelRequest(symbol=SYMBOL, order_id=order_id)
        exchange.cancel(self.account, request, arrived_ns=at_ns)
        return list(exchange.advance(at_ns))


class Amend(msgspec.Struct, frozen=True):
    account: str
    number: int
    quantity: int

    def __call__(self, exchange: Exchange, at_ns: int) -> list[Any]:
        order_id = nth_open(exchange, self.account, self.number)
        request = AmendRequest(symbol=SYMBOL, order_id=order_id, quantity=self.quantity * STEP)
        exchange.submit(self.account, request, arrived_ns=at_ns)
        return list(exchange.advance(at_ns))


class Replace(msgspec.Struct, frozen=True):
    account: str
    number: int
    terms: Terms
    goes_on: bool

    def __call__(self, exchange: Exchange, at_ns: int) -> list[Any]:
        order_id = nth_open(exchange, self.account, self.number)
        cancel = CancelRequest(symbol=SYMBOL, order_id=order_id)
        request = ReplaceRequest(
            cancel=cancel, place=self.terms.request(), goes_on=self.goes_on
        )
        exchange.submit(self.account, request, arrived_ns=at_ns)
        return list(exchange.advance(at_ns))


class Submit(msgspec.Struct, frozen=True):
    account: str
    request: Request

    def __call__(self, exchange: Exchange, at_ns: int) -> list[Any]:
        exchange.submit(self.account, self.request, arrived_ns=at_ns)
        return list(exchange.advance(at_ns))


class Operate(msgspec.Struct, frozen=True):
    """What the venue's own people do: halt, lock, pay in or out, set a reference price."""

    what: str
    amount: int

    def __call__(self, exchange: Exchange, at_ns: int) -> list[Any]:
        operator, amount = exchange.operator, self.amount * E8
        if self.what == "lock":
            return list(operator.lock_externally("ann", "AAA", amount=amount, at_ns=at_ns))
        if self.what == "deposit":
            return list(operator.deposit("cat", "BBB", amount=-10 * amount, at_ns=at_ns))
        if self.what == "reference":
            operator.set_reference_price(SYMBOL, (FIRST + self.amount) * TICK)
            return []
        return list(exchange.change_rules(SYMBOL, status=self.what))


def _pair(terms: Terms, limit_type: str, stop_type: str) -> tuple[PlaceRequest, ...]:
    """Return a pair around the first price, in its order."""
    sells = terms.side == "SELL"
    reach = terms.delta % 4 + 1
    high, low = FIRST + reach, FIRST - reach
    good, bad = (high, low) if sells else (low, high)
    timed = "GTC" if stop_type.endswith("LIMIT") else ""
    limit = terms.request(
        order_type=limit_type,
        price=good * TICK if limit_type in _LIMITED else 0,
        stop_price=good * TICK if limit_type in ALGO_TYPES else 0,
        time_in_force="GTC" if limit_type in _TIMED else "",
        trailing_delta=0,
        iceberg_quantity=0,
    )
    stop = terms.request(
        order_type=stop_type,
        price=bad * TICK if timed else 0,
        stop_price=bad * TICK,
        time_in_force=timed,
        trailing_delta=0,
        iceberg_quantity=0,
    )
    return (limit, stop) if sells else (stop, limit)


def _oco(terms: Terms, limit_type: str, stop_type: str) -> ListRequest:
    return ListRequest(symbol=SYMBOL, kind="OCO", orders=_pair(terms, limit_type, stop_type))


def _oto(working: Terms, pending: Terms, is_paid: bool) -> ListRequest:
    first = working.request(order_type="LIMIT")
    second = pending.request()
    if is_paid:
        first = msgspec.structs.replace(first, side="BUY")
        second = msgspec.structs.replace(second, side="SELL", quantity=0)
    return ListRequest(
        symbol=SYMBOL, kind="OTO", orders=(first, second), is_paid_by_working=is_paid
    )


def _otoco(working: Terms, terms: Terms, limit_type: str, stop_type: str) -> ListRequest:
    pair = _pair(terms, limit_type, stop_type)
    first = working.request(order_type="LIMIT", time_in_force="GTC")
    return ListRequest(symbol=SYMBOL, kind="OTOCO", orders=(first, *pair))


_numbers = st.integers(0, 9)
_names = st.sampled_from([*NAMES, "ann"])
_terms = st.builds(
    Terms,
    st.sampled_from(["BUY", "SELL"]),
    st.sampled_from(["LIMIT", "LIMIT", "MARKET", *_LIMITED, "STOP_LOSS", "TAKE_PROFIT"]),
    st.sampled_from(["GTC", "GTC", "GTC", "IOC", "FOK"]),
    st.integers(FIRST - 4, FIRST + 5),
    st.integers(FIRST - 4, FIRST + 5),
    st.sampled_from([0, 0, 1, 2]),
    st.integers(1, 12),
    st.sampled_from([0, 0, 0, 1, 2, 3]),
    st.sampled_from(
        ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER"]
    ),
)
_limit_types = st.sampled_from(["LIMIT_MAKER", "LIMIT_MAKER", "TAKE_PROFIT_LIMIT"])
_stop_types = st.sampled_from(["STOP_LOSS", "STOP_LOSS_LIMIT"])
_list_cancels = st.builds(
    lambda list_id: CancelListRequest(symbol=SYMBOL, list_id=list_id), st.integers(1, 4)
)
rich_acts: st.SearchStrategy[Actions] = st.lists(
    st.one_of(
        st.builds(Place, _names, _terms),
        st.builds(Place, _names, _terms),
        st.builds(Place, _names, _terms),
        st.builds(Place, _names, _terms),
        st.builds(Cancel, _names, _numbers),
        st.builds(Submit, _names, st.builds(_oco, _terms, _limit_types, _stop_types)),
        st.builds(Submit, _names, st.builds(_oto, _terms, _terms, st.booleans())),
        st.builds(Submit, _names, st.builds(_otoco, _terms, _terms, _limit_types, _stop_types)),
        st.builds(Amend, _names, _numbers, st.integers(1, 8)),
        st.builds(Submit, _names, _list_cancels),
        st.builds(Replace, _names, _numbers, _terms, st.booleans()),
        st.builds(
            Operate,
            st.sampled_from(["HALT", "TRADING", "TRADING", "lock", "deposit", "reference"]),
            st.integers(0, 30),
        ),
        market_acts,
        market_acts,
    ),
    max_size=40,
)
