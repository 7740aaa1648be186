"""One seed, one run: the synthetic market and the exchange over it repeat to the last event."""

from collections.abc import Iterator
from itertools import islice

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.simexchange.accounts import demonstration_account
from holdfast.simexchange.assumptions import load_assumptions
from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.latency import scatter
from holdfast.simexchange.model import Emission, PlaceRequest, Record, Snapshot, Ticker, Trade
from holdfast.simexchange.source import open_market

ASSUMED = load_assumptions()


def records(seed: int, count: int = 3_000) -> Iterator[Record]:
    return islice(open_market([], seed=seed, assumptions=ASSUMED).records(), count)


def run(seed: int) -> list[Emission]:
    """Trade the synthetic market a little, on both sides, resting and taking."""
    market = open_market([], seed=seed, assumptions=ASSUMED)
    account = demonstration_account(market.symbols)
    exchange = Exchange(market.symbols, [account], assumptions=ASSUMED, seed=seed)
    out: list[Emission] = []
    for number, record in enumerate(islice(market.records(), 3_000)):
        out += exchange.apply(record)
        best = exchange.market.best(record.symbol)
        if number % 50 == 20 and best is not None:
            is_buy = number % 100 == 20
            request = PlaceRequest(
                symbol=record.symbol,
                side="BUY" if is_buy else "SELL",
                order_type="LIMIT",
                time_in_force="GTC",
                quantity=1_000_000,
                price=best.bid if is_buy == (number % 200 < 100) else best.ask,
            )
            exchange.place(account.name, request, arrived_ns=exchange.now_ns)
        if number % 400 == 399:
            exchange.cancel_all(account.name, record.symbol, arrived_ns=exchange.now_ns)
    return out


def test_the_same_seed_gives_the_same_events_and_another_seed_others() -> None:
    first, second, other = run(5), run(5), run(6)
    assert msgspec.to_builtins(first) == msgspec.to_builtins(second)
    assert first != other
    assert sum(type(emission).__name__ == "TicketDone" for emission in first) > 50


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_the_synthetic_market_obeys_the_venues_rules(seed: int) -> None:
    market = open_market([], seed=seed, assumptions=ASSUMED)
    exchange = Exchange(market.symbols, [], assumptions=ASSUMED)
    now_ns, trade_id = market.start_ns, 0
    for record in records(seed, 600):
        assert record.at_ns >= now_ns
        now_ns = record.at_ns
        exchange.apply(record)
        if isinstance(record, Ticker):
            assert 0 < record.bid < record.ask
            assert min(record.bid_quantity, record.ask_quantity) > 0
        elif isinstance(record, Trade):
            assert record.trade_id == trade_id + 1
            assert record.quantity > 0
            trade_id = record.trade_id
        view = exchange.market.depth(record.symbol)
        assert view.bids[0][0] < view.asks[0][0]
    symbol = next(iter(market.symbols))
    assert exchange.market.gaps(symbol) == 0
    assert isinstance(next(records(seed)), Snapshot)


@given(st.integers(0, 2**64), st.integers(0, 2**40))
def test_jitter_is_a_function_of_seed_and_number(seed: int, number: int) -> None:
    assert scatter(seed, number) == scatter(seed, number)
    assert 0 <= scatter(seed, number) < 2**64
    assert scatter(seed, number) != scatter(seed, number + 1)
