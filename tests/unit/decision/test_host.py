"""The fence around a strategy: what counts, what fails it, and that it fails alone."""

from asyncio import CancelledError

import pytest

from holdfast import (
    Buy,
    Cancel,
    Context,
    OrderStatus,
    OrderUpdate,
    Quote,
    Side,
    Strategy,
    Target,
    TradingMode,
)
from holdfast.decision.host import BUDGET_NS, Hosted
from holdfast.decision.strategy import History
from holdfast.decision.view import PositionView
from holdfast.domain.ids import StrategyId
from holdfast.errors import StrategyFailed
from holdfast.runtime.supervise import guard_strategy
from holdfast.testing.clock import ManualClock
from holdfast.testing.market import Market, instrument

TRADED = instrument()
SYMBOL = TRADED.symbol
TOP = Market(TRADED).top("99", "101")
GOOD = Target(SYMBOL, 10)


class Says(Strategy):
    """Returns what it is told to, or raises it."""

    def __init__(self, answer=None):
        self.answer = answer
        self.calls = 0

    def book(self, top):
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def stop(self, reason):
        return self.answer

    def save(self):
        return self.answer


def host(strategy, *, monotonic_ns=None):
    clock = ManualClock()
    context = Context(
        StrategyId("mine"),
        instruments={SYMBOL: TRADED},
        clock=clock,
        position=PositionView,
        on_timer=lambda name, at_ns: None,
    )
    return Hosted(strategy, context, guard=guard_strategy, monotonic_ns=monotonic_ns)


def test_intents_of_a_callback_come_through_as_they_are():
    hosted = host(Says([GOOD]))
    assert hosted.book(TOP) == [GOOD]
    assert hosted.failed is None


def test_nothing_comes_of_callbacks_that_a_strategy_does_not_have():
    hosted = host(Strategy())
    market = Market(TRADED)
    answers = [
        hosted.start(History(), saved=None),
        hosted.book(TOP),
        hosted.book_invalid(SYMBOL, "gap"),
        hosted.trade(market.trade("1")),
        hosted.timer("t", 1),
        hosted.mode(TradingMode.REDUCING),
        hosted.stop("end"),
    ]
    assert not any(answers)
    assert hosted.save() is None
    assert (hosted.sees_book, hosted.sees_trades) == (False, False)


def test_a_strategy_that_raises_fails_with_one_line_and_is_not_called_again():
    strategy = Says(ZeroDivisionError("division by zero"))
    hosted = host(strategy)
    failed = hosted.book(TOP)
    assert isinstance(failed, StrategyFailed)
    assert str(failed).startswith("strategy mine: book raised ZeroDivisionError: division by")
    assert "\n" not in str(failed)
    assert not hosted.book(TOP)
    assert not hosted.stop("end")
    assert hosted.save() is None
    assert strategy.calls == 1


class OutOfTheFamily(BaseException):
    """Is no Exception."""


class Unreadable(Exception):
    """Has no text that can be read."""

    def __str__(self):
        raise ValueError("no text")


@pytest.mark.parametrize(
    "error",
    [
        OutOfTheFamily("hello"),
        KeyboardInterrupt(),
        GeneratorExit(),
        CancelledError(),
        Unreadable(),
        Exception("a\nb\x00c\x1b[2J\ud800 d"),
        Exception("long " * 100_000),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_strategy_raises_is_its_failure_in_one_short_line_that_can_be_kept(error):
    class Raises(Strategy):
        def book(self, top):
            raise error

        def save(self):
            raise error

    for failed in (host(Raises()).book(TOP), host(Raises()).save()):
        assert isinstance(failed, StrategyFailed)
        assert f"raised {type(error).__name__}" in str(failed)
        assert str(failed).isprintable()
        assert len(str(failed).encode()) < 600


def test_a_start_that_puts_something_in_the_place_of_a_callback_fails_with_one_line():
    class Shadows(Says):
        def start(self, context, history, *, saved):
            self.stop = 95

    failed = host(Shadows()).start(History(), saved=None)
    assert isinstance(failed, StrategyFailed)
    assert "after start, stop is the name of a callback" in str(failed)


def test_a_look_at_what_a_strategy_gave_may_fail_it_too():
    class NeverReady(Strategy):
        @property
        def ready(self):
            raise RuntimeError("not ready to say")

        def book(self, top):
            return [GOOD]

    class Poisoned:
        @property
        def line(self):
            raise RuntimeError("poison")

    assert "book raised RuntimeError: not ready" in str(host(NeverReady()).book(TOP))
    assert "returned a Poisoned; return None or a list" in str(host(Says(Poisoned())).book(TOP))
    assert "returned a Poisoned; return bytes or None" in str(host(Says(Poisoned())).save())


def test_a_list_that_a_strategy_keeps_is_not_the_one_that_counts():
    kept = [GOOD]
    answer = host(Says(kept)).book(TOP)
    kept.append("anything")
    assert answer == [GOOD]


def test_a_strategy_that_exits_fails_and_ends_nothing_else():
    class Exits(Strategy):
        def book(self, top):
            raise SystemExit(1)

        def save(self):
            raise SystemExit(1)

    assert "book called sys.exit" in str(host(Exits()).book(TOP))
    assert "save called sys.exit" in str(host(Exits()).save())


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (GOOD, "book returned a Target; return None or a list of intents"),
        (7, "book returned a int; return None or a list of intents"),
        (["buy"], "book returned a str among its intents"),
        ([Target("ETHUSDT", 1)], "book returned Target on 'ETHUSDT', which it does not trade"),
        ([Target(SYMBOL, 0.5)], "book returned Target(quantity=0.5); quantities are whole"),
        ([Target(SYMBOL, True)], "book returned Target(quantity=True); quantities are whole"),
        ([Buy(SYMBOL, 0)], "book returned Buy(quantity=0), at least 1"),
        ([Buy(SYMBOL, 1, 99.5)], "book returned Buy(price=99.5); prices are whole units"),
        ([Buy(SYMBOL, 1, -1)], "book returned Buy(price=-1); prices are whole units"),
        ([Quote(SYMBOL, "buy", 1, 1)], "book returned Quote(side='buy'); write Side.BUY"),
        (
            [Quote(SYMBOL, Side.BUY, 0, 1)],
            "book returned Quote(price=0); a quote needs a price",
        ),
        ([Quote(SYMBOL, Side.BUY, 1, -1)], "book returned Quote(quantity=-1), at least 0"),
        ([Target(SYMBOL, 1, 1.5)], "book returned Target(confidence=1.5), from 0 to 1"),
        ([GOOD] * 101, "book returned 101 intents, at most 100"),
        ([Target([SYMBOL], 1)], "book returned Target on ['BTCUSDT'], which it does not trade"),
        ([Cancel(SYMBOL, 7)], "book returned Cancel(client_order_id=7); write the order's id"),
        ([Buy(SYMBOL, 1, 1, "ioc")], "book returned Buy(time_in_force='ioc'); write a TimeIn"),
        ([Buy(SYMBOL, 1, 1, purpose=1)], "book returned Buy(purpose=1); write a Purpose"),
        ([Buy(SYMBOL, 1, post_only="no")], "book returned Buy(post_only='no'); write a bool"),
        ([Target(SYMBOL, 1, "high")], "book returned Target(confidence='high'), from 0 to 1"),
    ],
)
def test_nonsense_fails_a_strategy_with_what_would_be_right(answer, line):
    failed = host(Says(answer)).book(TOP)
    assert isinstance(failed, StrategyFailed)
    assert str(failed).startswith(f"strategy mine: {line}")


def test_one_bad_intent_spoils_the_whole_answer():
    assert isinstance(host(Says([GOOD, None])).book(TOP), StrategyFailed)


def test_intents_count_only_when_the_strategy_is_ready():
    strategy = Says([GOOD, GOOD])
    strategy.ready = False
    hosted = host(strategy)
    assert not hosted.book(TOP)
    assert hosted.withheld_count == 2
    strategy.ready = True
    assert hosted.book(TOP) == [GOOD, GOOD]


def test_only_symbols_that_it_declares_are_its_own():
    strategy = Says([GOOD])
    strategy.symbols = ("ETHUSDT",)
    hosted = host(strategy)
    assert hosted.symbols == {"ETHUSDT"}
    assert isinstance(hosted.book(TOP), StrategyFailed)


class Slow:
    """A monotonic clock on which every second reading is late by what the test says."""

    def __init__(self, took_ns):
        self.took_ns = took_ns
        self.now_ns = 0
        self.readings = 0

    def __call__(self):
        self.readings += 1
        if self.readings % 2 == 0:
            self.now_ns += self.took_ns
        return self.now_ns


def test_the_third_callback_over_budget_fails_a_strategy():
    hosted = host(Says([GOOD]), monotonic_ns=Slow(BUDGET_NS + 1))
    assert hosted.book(TOP) == [GOOD]
    assert hosted.book(TOP) == [GOOD]
    failed = hosted.book(TOP)
    assert isinstance(failed, StrategyFailed)
    assert "book took 50 ms, over the budget of 50 ms for the 3rd time" in str(failed)


def test_a_callback_just_in_its_budget_is_no_overrun():
    hosted = host(Says([GOOD]), monotonic_ns=Slow(BUDGET_NS))
    for _ in range(5):
        assert hosted.book(TOP) == [GOOD]
    assert hosted.overrun_count == 0


def test_the_start_may_take_as_long_as_it_needs():
    hosted = host(Says(), monotonic_ns=Slow(100 * BUDGET_NS))
    for _ in range(5):
        hosted.start(History(), saved=None)
    assert hosted.failed is None


def test_only_cancels_come_out_of_a_stop():
    hosted = host(Says([GOOD, Cancel(SYMBOL)]))
    assert hosted.stop("end") == [Cancel(SYMBOL)]


def test_a_refusal_can_be_answered_by_cancels_only():
    class Insists(Strategy):
        def order(self, update):
            return [GOOD, Cancel(SYMBOL)]

    def told(status):
        return host(Insists()).order(OrderUpdate(symbol=SYMBOL, side=Side.BUY, status=status))

    assert told(OrderStatus.NOT_SENT) == [Cancel(SYMBOL)]
    assert told(OrderStatus.REJECTED) == [GOOD, Cancel(SYMBOL)]


def test_a_stop_takes_the_timers_back():
    hosted = host(Says())
    rung = []
    hosted.context._on_timer = lambda name, at_ns: rung.append(name)
    clock = hosted.context._clock
    hosted.context.set_timer(clock.now_ns() + 5, "later")
    hosted.stop("end")
    clock.wait(10)
    assert rung == []


@pytest.mark.parametrize("saved", [None, b"", b"state"])
def test_the_saved_state_is_bytes_or_nothing(saved):
    assert host(Says(saved)).save() == saved


def test_a_saved_state_of_another_kind_fails_the_strategy():
    failed = host(Says({"a": 1})).save()
    assert isinstance(failed, StrategyFailed)
    assert str(failed) == "strategy mine: save returned a dict; return bytes or None"


@pytest.mark.filterwarnings("error")
def test_a_callback_that_is_async_fails_with_what_would_be_right():
    class Waits(Strategy):
        async def trade(self, trade):
            return None

        async def save(self):
            return None

    failed = host(Waits()).trade(Market(TRADED).trade("1"))
    assert "trade returned a coroutine; callbacks are plain functions, not async" in str(failed)
    assert "save returned a coroutine" in str(host(Waits()).save())
