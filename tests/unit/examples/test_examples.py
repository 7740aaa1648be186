"""The examples on recorded markets: they trade as they say, and resume as they were."""

import inspect
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from holdfast import Side, Strategy
from holdfast.decision.load import load_strategy
from holdfast.decision.sizing import CancelWish
from holdfast.domain.intent import Intent
from holdfast.domain.market import Bar, BookTop, TradePrint
from holdfast.examples import DEFAULT, MODULES
from holdfast.examples.hello import Hello
from holdfast.examples.quotes import Quotes
from holdfast.examples.trend import Trend
from holdfast.runtime.supervise import guard
from holdfast.testing.market import Market, instrument
from holdfast.testing.rehearsal import Rehearsal
from tests.unit.market import recorded

FILES = [recorded.SPOT, recorded.USDM]
LENGTH = 30_000


def rehearse(strategy, name):
    rehearsal = Rehearsal(strategy, recorded.INSTRUMENTS[name])
    for event in recorded.events(name)[:LENGTH]:
        rehearsal.see(event)
    return rehearsal


def read(path):
    with open(path, "rb") as file:
        return file.read()


@pytest.mark.parametrize("module", MODULES)
def test_every_example_can_be_loaded_by_its_name(module):
    name = module.rpartition(".")[2].capitalize()
    loaded = load_strategy(f"{module}:{name}", read=read, guard=guard)
    assert loaded.name == name
    assert any(DEFAULT.startswith(one) for one in MODULES)


@pytest.mark.parametrize("name", FILES)
def test_the_trend_follower_trades_often_and_small(name):
    rehearsal = rehearse(Trend(), name)
    traded = recorded.INSTRUMENTS[name]
    assert len(rehearsal.fills) > 20
    for fill in rehearsal.fills:
        notional = traded.notional(fill.last_price, fill.last_quantity)
        assert notional <= 2 * 100 * 10**18


def test_the_trend_follower_is_never_short_on_spot_and_is_elsewhere():
    held = {name: [fill.side for fill in rehearse(Trend(), name).fills] for name in FILES}
    position = 0
    for side in held[recorded.SPOT]:
        position += side.sign
        assert position in (0, 1)
    assert held[recorded.USDM].count(Side.SELL) > 10


@pytest.mark.parametrize("kind", [Trend, Quotes])
@pytest.mark.parametrize("name", FILES)
def test_a_resumed_example_goes_on_as_if_it_had_not_stopped(kind, name):
    traded = recorded.INSTRUMENTS[name]
    events = [e for e in recorded.events(name) if isinstance(e, BookTop | TradePrint)]
    middle = LENGTH // 2
    near = {"half_spread_bps": 0.2}
    whole, first = (Rehearsal(kind(), traded, parameters=near) for _ in range(2))
    for number, event in enumerate(events[:LENGTH]):
        whole.see(msgspec.structs.replace(event))
        if number < middle:
            first.see(msgspec.structs.replace(event))
    saved = first.host.save()
    second = Rehearsal(kind(), traded, parameters=near, saved=saved, filled=first.filled)
    second.orders = dict(first.orders)
    for event in events[middle:LENGTH]:
        second.see(event)
    assert len(first.fills) > 2
    assert len(second.fills) > 2
    assert trades(first) + trades(second) == trades(whole)
    assert second.filled == whole.filled


def trades(rehearsal):
    return [(fill.side, fill.last_price, fill.last_quantity) for fill in rehearsal.fills]


@pytest.mark.parametrize("name", FILES)
def test_quotes_stand_on_both_sides_and_never_cross(name):
    rehearsal = rehearse(Quotes(), name)
    placed = [wish for wish in rehearsal.sized if not isinstance(wish, CancelWish)]
    assert {wish.side for wish in placed} == set(Side)
    assert all(wish.post_only for wish in placed)
    assert len(rehearsal.orders) <= 2
    assert rehearsal.fills


def quoted(held):
    """Give the prices and quantities that are quoted with some quantity held, in quotes."""
    traded = instrument(min_notional="5")
    strategy = Quotes()
    rehearsal = Rehearsal(strategy, traded, filled=held * traded.quantity("0.1"))
    rehearsal.see(Market(traded).top("999.99", "1000.01"))
    return {wish.side: wish for wish in rehearsal.sized}


def test_quotes_move_down_with_what_is_held():
    flat, some = quoted(0), quoted(2)
    assert set(flat) == {Side.BUY}
    assert some[Side.BUY].price < flat[Side.BUY].price
    assert some[Side.SELL].quantity > 0


def test_quotes_stop_buying_at_the_most_that_may_be_held():
    assert set(quoted(5)) == {Side.SELL}


def test_quotes_are_taken_away_while_the_book_cannot_be_trusted():
    traded = instrument()
    market, rehearsal = Market(traded), Rehearsal(Quotes(), traded)
    rehearsal.see(market.top("999.99", "1000.01"))
    assert len(rehearsal.orders) == 1
    rehearsal.see(market.top("1000.01", "1000"))
    assert not rehearsal.orders
    rehearsal.see(market.top("999.99", "1000.01"))
    assert len(rehearsal.orders) == 1


def test_hello_buys_after_a_fall_and_sells_after_a_rise():
    traded = instrument()
    rehearsal = Rehearsal(Hello(), traded)
    rehearsal.see(Market(traded).top("99", "101"))
    high, low = traded.price("100"), traded.price("90")

    def show(opened, closed):
        bar = Bar(traded.symbol, 60, 0, opened, high, low, closed, 1, 1)
        (intent,) = rehearsal.host.bar(bar)
        return intent.quantity

    assert show(high, low) == traded.quantity("1.11111")
    assert show(low, high) == 0


def test_the_code_of_the_guide_does_what_the_guide_says():
    guide = (Path(__file__).parents[3] / "docs/strategies.md").read_text()
    strategy, trial = re.findall(r"^```python\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(strategy + trial, names)
    names["test_it_buys_after_a_fall"]()
    traded = instrument()
    stage = Rehearsal(names["Bid"](), traded)
    stage.see(Market(traded).top("99.99", "100.01"))
    assert [order.price for order in stage.orders.values()] == [traded.price("99.98")]


def test_the_guide_names_every_callback_and_every_intent():
    guide = (Path(__file__).parents[3] / "docs/strategies.md").read_text()
    callbacks = [name for name, value in vars(Strategy).items() if inspect.isfunction(value)]
    assert len(callbacks) == 11
    for name in [*callbacks, *(kind.__name__ for kind in get_args(Intent))]:
        assert f"`{name}(" in guide
