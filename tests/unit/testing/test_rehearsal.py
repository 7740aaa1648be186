"""The stage for a strategy on its own: it fills, cancels and fails as it says."""

import pytest

from holdfast import Buy, Cancel, Quote, Sell, Side, Strategy, Target
from holdfast.decision.strategy import History
from holdfast.domain.market import Bar
from holdfast.errors import StrategyFailed
from holdfast.testing.clock import ManualClock
from holdfast.testing.market import Market, instrument
from holdfast.testing.rehearsal import Rehearsal

TRADED = instrument()
SYMBOL = TRADED.symbol
units, price = TRADED.quantity, TRADED.price


class Script(Strategy):
    """Says what the test puts into its hands, once, and remembers what it is told."""

    def __init__(self):
        self.lines = []
        self.told = []

    def book(self, top):
        lines, self.lines = self.lines, []
        return lines

    def fill(self, fill):
        self.told.append(("fill", fill.side, fill.last_price))

    def order(self, update):
        self.told.append((update.status.value, update.side, update.price))

    def book_invalid(self, symbol, reason):
        self.told.append(("invalid", symbol, reason))


@pytest.fixture
def market():
    return Market(TRADED, start_ns=0)


@pytest.fixture
def stage():
    return Rehearsal(Script(), TRADED)


def say(stage, market, *intents):
    stage.host.strategy.lines = list(intents)
    stage.see(market.top("99", "101"))


def test_a_market_order_fills_at_once_at_the_top(stage, market):
    say(stage, market, Target(SYMBOL, units("2")))
    assert stage.filled == units("2")
    assert stage.host.strategy.told == [
        ("fill", Side.BUY, price("101")),
        ("filled", Side.BUY, 0),
    ]


def test_a_resting_order_fills_when_the_market_comes_to_it(stage, market):
    say(
        stage,
        market,
        Buy(SYMBOL, units("1"), price("98")),
        Sell(SYMBOL, units("1"), price("103")),
    )
    stage.see(market.trade("100"))
    assert len(stage.orders) == 2
    stage.see(market.trade("98"))
    stage.see(market.top("103", "104"))
    assert not stage.orders
    assert stage.filled == 0
    assert [fill.last_price for fill in stage.fills] == [price("98"), price("103")]


def test_a_quote_is_replaced_after_its_cancel(stage, market):
    say(stage, market, Quote(SYMBOL, Side.BUY, price("98"), units("1")))
    say(stage, market, Quote(SYMBOL, Side.BUY, price("97"), units("1")))
    assert not stage.orders
    say(stage, market, Quote(SYMBOL, Side.BUY, price("97"), units("1")))
    assert [order.price for order in stage.orders.values()] == [price("97")]
    say(stage, market, Cancel(SYMBOL))
    assert not stage.orders


def test_a_gap_is_told_and_a_failure_is_raised(stage, market):
    stage.see(market.snapshot([("99", "1")], [("101", "1")]))
    market.diff()
    stage.see(market.diff())
    assert stage.host.strategy.told[0][0] == "invalid"
    with pytest.raises(StrategyFailed, match="at least 1"):
        say(Rehearsal(Script(), TRADED), Market(TRADED, start_ns=0), Buy(SYMBOL, 0))


def test_a_manual_clock_moves_only_by_hand():
    clock = ManualClock()
    before = clock.now_ns()
    clock.wait(5)
    assert clock.now_ns() == before + 5


def test_a_strategy_is_rehearsed_with_the_history_that_it_declared():
    class Warm(Strategy):
        bars = ("1m",)
        history_bars = 1

        def start(self, _context, history, *, saved):
            self.given = (history.bars, saved)

    bar = Bar(SYMBOL, 60 * 10**9, 0, 1, 1, 1, 1, 1, 1)
    strategy = Warm()
    Rehearsal(strategy, TRADED, history=History(bars=(bar,)), saved=b"x")
    assert strategy.given == ((bar,), b"x")


def test_a_stop_waits_for_its_trigger_and_fills_where_the_market_is_then(stage, market):
    say(stage, market, Target(SYMBOL, units("2")))
    say(stage, market, Sell(SYMBOL, units("2"), trigger_price=price("95")))
    assert stage.filled == units("2")
    stage.see(market.top("94", "96"))
    assert stage.filled == 0
    assert stage.fills[-1].last_price == price("94")


def test_a_stop_with_a_limit_price_rests_once_it_woke_up(stage, market):
    say(stage, market, Target(SYMBOL, units("2")))
    stop = Sell(SYMBOL, units("2"), price("96"), trigger_price=price("95"))
    say(stage, market, stop)
    stage.see(market.top("94", "95"))
    assert stage.filled == units("2")
    stage.see(market.top("97", "98"))
    assert stage.filled == 0
