"""Laws of the books under random trades, fees in any coin and adjustments; planted bugs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import localcontext
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.account import Account
from holdfast.domain.ids import UNATTRIBUTED, AccountId, Symbol
from holdfast.domain.money import amount_text, to_text, to_units
from holdfast.domain.order import PositionSide
from holdfast.errors import InvariantBroken
from holdfast.ledger import Ledger
from holdfast.ledger.books import Books
from holdfast.ledger.post import post
from holdfast.ledger.prove import prove
from tests.unit.ledger.entries import (
    BTCUSDC,
    BTCUSDT,
    ETHBTC,
    SOLPERP,
    adjusted,
    filled,
    instrument,
    mark,
    opened,
    seen,
)

BNBUSDT = instrument("BNBUSDT", "BNB", quote="USDT")
COINS = ("USDT", "USDC", "BTC", "ETH", "BNB")
PRODUCTS = {"SOLPERP": "linear"}
Events = list[ev.Event]

texts = st.integers(1, 10**12).map(lambda units: to_text(units, 8))
small = st.integers(1, 10**7).map(lambda units: to_text(units, 8))


@st.composite
def executions(draw: st.DrawFn, symbols: tuple[str, ...], coins: tuple[str, ...]) -> ev.Event:
    symbol = draw(st.sampled_from(symbols))
    fee = draw(st.just("0") | small | small.map("-{}".format))
    value = draw(texts).removeprefix("-")
    event = filled(
        str(draw(st.integers(1, 60))),
        f"{draw(st.sampled_from(('buy', 'sell')))} {draw(texts)} at {draw(texts)}",
        fee=f"{fee} {draw(st.sampled_from(coins))}",
        fee_value=f"-{value}" if fee.startswith("-") else value,
        symbol=symbol,
        product=PRODUCTS.get(symbol, "spot"),
    )
    return seen(event)


@st.composite
def changes(draw: st.DrawFn, coins: tuple[str, ...], currency: str) -> ev.Event:
    asset, amount = draw(st.sampled_from(coins)), draw(texts)
    price = "1" if asset == currency else draw(st.just("") | texts)
    if draw(st.booleans()):
        return opened(amount, asset, mark=price, currency=currency)
    amount = draw(st.sampled_from(("", "-"))) + amount
    return adjusted(amount, asset, mark=price, currency=currency)


def _standing(quantity: str, entry: str, sign: str) -> ev.PositionOpened:
    """Tell of a position that stood before, long or short, at a fine entry price."""
    cost = to_text(to_units(quantity, 8) * to_units(entry, 8), 16)
    return ev.PositionOpened("SOLPERP", "both", sign + quantity, entry, sign + cost, "venue")


signed = st.tuples(st.sampled_from(("", "-")), texts).map("".join)
movements = st.one_of(
    st.builds(_standing, texts, texts, st.sampled_from(("", "-"))),
    st.builds(
        ev.FundingPaid,
        small,
        st.just("SOLPERP"),
        st.sampled_from(("USDT", "BNB")),
        signed,
        st.just(1),
    ),
    st.builds(
        ev.WalletMoved,
        small,
        st.sampled_from(("TRANSFER", "INSURANCE_CLEAR", "REFERRAL_KICKBACK")),
        st.just(""),
        st.sampled_from(COINS),
        signed,
        st.just(""),
        texts,
        st.just("USDT"),
        st.just(1),
    ),
)
marks = st.builds(mark, st.sampled_from(("BTCUSDT", "ETHBTC", "SOLPERP", "BNBUSDT")), texts)
ALL = ("BTCUSDT", "BTCUSDC", "ETHBTC", "SOLPERP", "BNBUSDT")
anything = st.lists(
    executions(ALL, COINS) | marks | changes(COINS, "USDT") | movements, max_size=25
).map(lambda events: [BTCUSDT, BTCUSDC, ETHBTC, SOLPERP, BNBUSDT, *events])
ONE = ("BTCUSDT", "SOLPERP", "BNBUSDT")
one_currency = st.lists(executions(ONE, ("USDT", "BTC", "BNB")), max_size=25).map(
    lambda events: [BTCUSDT, SOLPERP, BNBUSDT, opened("10000", "USDT", mark="1"), *events]
)


def check_postings_sum_to_zero(events: Events, books: Books) -> None:
    for seq, event in enumerate(events):
        transaction = post(books, event, seq=seq)
        if transaction is not None:
            for currency in {posting.currency for posting in transaction.postings}:
                own = [p.amount for p in transaction.postings if p.currency == currency]
                assert sum(own) == 0


def check_the_books_prove(events: Events, books: Books) -> None:
    check_postings_sum_to_zero(events, books)
    assert prove(books, {}) == []
    assert prove(books, {"BTCUSDT": "61234.56789", "SOLPERP": "0.00000001"}) == []


@contextmanager
def attack(strategy: st.SearchStrategy[Events], error: type[Exception]) -> Iterator[Callable]:
    """Run a check over many examples and expect it to fail."""

    def run(check: Callable[[Events], None]) -> None:
        @settings(database=None, phases=[Phase.generate], max_examples=300, derandomize=True)
        @given(strategy)
        def examples(events):
            check(events)

        examples()

    with pytest.raises(error):
        yield run


@given(anything)
def test_the_postings_of_every_event_sum_to_zero_in_each_currency(events):
    check_postings_sum_to_zero(events, Books())


@given(anything)
def test_the_books_prove_to_the_last_digit_after_anything(events):
    check_the_books_prove(events, Books())


@given(anything)
def test_folding_twice_gives_the_same_books(events):
    first, second = Ledger(AccountId("a")), Ledger(AccountId("a"))
    for event in events:
        first.apply(event)
    for event in events:
        second.apply(event)
    assert first.canonical() == second.canonical()
    assert first.pnl() == second.pnl()
    assert first.issues == second.issues


@given(anything)
def test_the_ledger_and_the_account_hold_the_same(events):
    account, ledger = Account(AccountId("a")), Ledger(AccountId("a"))
    executed: set[tuple[str, str]] = set()
    for event in events:
        if isinstance(event, ev.ForeignFillSeen):
            if (event.symbol, event.exec_id) in executed:
                continue
            executed.add((event.symbol, event.exec_id))
        fold.apply(account, event)
        ledger.apply(event)
    for asset in account.balances:
        assert ledger.balance(asset) == amount_text(account.balances[asset])
    position = account.positions.get((UNATTRIBUTED, Symbol("SOLPERP"), PositionSide.BOTH))
    assert ledger.balance("SOLPERP") == (to_text(position.quantity, 8) if position else "0")


def naive_equity(events: Events, prices: dict[str, Fraction]) -> Fraction:
    """Count coins and contracts, and value them: no lots, no accounts, no cost."""
    held = {"USDT": Fraction(10000)}
    executed = set()
    for event in events:
        if isinstance(event, ev.ForeignFillSeen):
            if (event.symbol, event.side, event.exec_id) in executed:
                continue
            executed.add((event.symbol, event.side, event.exec_id))
            item = event.symbol if event.product == "linear" else event.symbol[:3]
            quantity = Fraction(event.last_quantity) * (1 if event.side == "buy" else -1)
            held[item] = held.get(item, Fraction(0)) + quantity
            held["USDT"] -= quantity * Fraction(event.last_price)
            held[event.fee_asset] = held.get(event.fee_asset, Fraction(0)) - Fraction(event.fee)
    return sum((n * prices[item] for item, n in held.items()), Fraction(0))


def check_equity(events: Events, books: Ledger) -> None:
    for event in events:
        books.apply(event)
    marks = {"BTCUSDT": "61234.5", "SOLPERP": "3.7", "BNBUSDT": "600"}
    prices = {"USDT": "1", "BTC": "61234.5", "SOLPERP": "3.7", "BNB": "600"}
    total = books.pnl(marks).total
    assert total is not None
    expected = naive_equity(events, {item: Fraction(p) for item, p in prices.items()})
    assert Fraction(total.equity) == expected
    with localcontext(prec=80):
        result = total.realized + total.unrealized - total.fees + total.funding
    assert total.net == result
    assert Fraction(total.start) + Fraction(total.net) == expected


@settings(max_examples=200)
@given(one_currency)
def test_equity_is_what_counting_and_valuing_gives(events):
    check_equity(events, Ledger(AccountId("a")))


class PaysTheFeeTwice(Books):
    """A planted bug: cash moves twice for one posting."""

    def pay(self, currency: str, amount: int) -> None:
        super().pay(currency, amount)
        if 0 < -amount < 10**34:
            self.post("assets:cash", currency, amount=amount)


class MiscountsCash(Books):
    """A planted bug: cash that moves is not counted when it is little."""

    def count(self, asset: str, quantity: int) -> None:
        if abs(quantity) > 10**35:
            super().count(asset, quantity)


class RealizesTooMuch(Books):
    """A planted bug that balances: profit is booked against cost, so the lots disagree."""

    def post(self, account: str, currency: str, *, amount: int) -> None:
        super().post(account, currency, amount=amount)
        if account == "income:realized":
            super().post(account, currency, amount=-1)
            super().post("assets:inventory:BTC", currency, amount=1)


class ForgetsExecutions(Ledger):
    """A planted bug: an execution that is reported twice is posted twice."""

    def apply(self, record):
        if isinstance(record, ev.ForeignFillSeen):
            self._books.executions.clear()
        return super().apply(record)


def test_a_planted_imbalance_is_refused_at_its_transaction():
    with attack(anything, InvariantBroken) as run:
        run(lambda events: check_postings_sum_to_zero(events, PaysTheFeeTwice()))


@pytest.mark.parametrize("planted", [MiscountsCash, RealizesTooMuch])
def test_a_planted_bug_that_balances_is_found_by_the_proof(planted):
    with attack(anything, AssertionError) as run:
        run(lambda events: check_the_books_prove(events, planted()))


def test_a_planted_double_posting_is_found_by_counting():
    with attack(one_currency, AssertionError) as run:
        run(lambda events: check_equity(events, ForgetsExecutions(AccountId("a"))))
