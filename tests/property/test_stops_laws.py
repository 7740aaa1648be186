"""Whatever venue, market and crashes do: never a flip, never long without a stop, none left."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from holdfast.domain.instrument import Product
from holdfast.domain.intent import Buy, Protect, Sell
from holdfast.domain.money import QuantityUnits
from holdfast.domain.order import Purpose
from holdfast.execution import protect
from holdfast.execution.protect import Act, Drop, Place, Situation
from tests.property.stops_kit import ANSWER_LOST, OK, REJECTED, REQUEST_LOST, TORN, UNIT, Story

OUTCOMES = st.sampled_from([OK, OK, OK, REJECTED, ANSWER_LOST, REQUEST_LOST, TORN])
SETTINGS = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


class Machine(RuleBasedStateMachine):
    """A strategy on one side, a venue that answers as it likes on the other."""

    product = Product.LINEAR
    extra = 0
    step: Any = staticmethod(protect.step)

    def __init__(self) -> None:
        super().__init__()
        self.story = Story(self.product, extra=self.extra, step=self.step)
        self.buy(2)
        self.story.take(OK)

    @rule(quantity=st.integers(1, 3))
    def buy(self, quantity: int) -> None:
        story = self.story
        story.wish(Buy(story.floor.symbol, quantity * UNIT, story.floor.traded.price("100.01")))

    @rule(price=st.sampled_from(["94", "95", "96"]))
    def protect(self, price: str) -> None:
        floor = self.story.floor
        self.story.wish(Protect(floor.symbol, floor.traded.price(price)))

    @rule(part=st.sampled_from([1, 1, 2]))
    def leave(self, part: int) -> None:
        story = self.story
        account = story.floor.node.state.account
        held = account.position("trend", story.floor.symbol) - sum(
            one.order.leaves_quantity
            for one in account.orders.values()
            if one.order.request.purpose is Purpose.EXIT
        )
        quantity = held // part // UNIT * UNIT
        if quantity > 0:
            story.wish(
                Sell(
                    story.floor.symbol,
                    quantity,
                    purpose=Purpose.EXIT,
                    reduce_only=self.product is not Product.SPOT,
                )
            )

    @precondition(lambda self: self.story.inbox)
    @rule(outcome=OUTCOMES)
    def take(self, outcome: str) -> None:
        self.story.take(outcome)

    @rule(ms=st.sampled_from([10, 300, 1_000, 2_500]))
    def wait(self, ms: int) -> None:
        self.story.wait(ms)

    @rule(number=st.integers(0, 5))
    def ask(self, number: int) -> None:
        orders = list(self.story.floor.node.state.account.orders)
        if orders:
            self.story.tell_truth(orders[number % len(orders)])

    @precondition(lambda self: self.story.stops())
    @rule(part=st.sampled_from([1, 1, 2, 4]))
    def market_falls_through_every_stop(self, part: int) -> None:
        for rest in self.story.stops():
            self.story.trade(rest, -(-rest.leaves // part))

    @precondition(lambda self: self.story.stops())
    @rule()
    def venue_ends_a_stop(self) -> None:
        rest = self.story.stops()[-1]
        rest.is_live = False
        self.story.tell_truth(rest.order.client_order_id)

    @rule()
    def crash(self) -> None:
        self.story.crash()

    @rule(price=st.sampled_from(["93", "97"]))
    def crash_before_a_wish_is_on_disk(self, price: str) -> None:
        story = self.story
        story.watcher.wishes = [Protect(story.floor.symbol, story.floor.traded.price(price))]
        story.floor.top()
        story.crash(is_on_disk=False)

    @invariant()
    def laws_hold(self) -> None:
        self.story.check()

    def teardown(self) -> None:
        self.story.end()


class OnSpot(Machine):
    """The same on spot, where the asset of the position is all there is."""

    product = Product.SPOT


class OnSpotWithMore(Machine):
    """The same on spot, beside much of the asset that is not the strategy's."""

    product = Product.SPOT
    extra = 50


@pytest.mark.parametrize("machine", [Machine, OnSpot, OnSpotWithMore])
def test_a_position_keeps_its_stop_and_is_never_turned_over(machine: type[Machine]) -> None:
    run_state_machine_as_test(machine, settings=SETTINGS)
    assert machine.product in Product


def takes_unknown_for_gone(situation: Situation) -> list[Act]:
    """A planted bug: what was not answered is placed again."""
    acts = protect.step(situation)
    if len(situation.stops) == 1 and situation.in_doubt:
        return [Place(situation.protection.terms, situation.quantity)]
    return acts


def leaves_stops_behind(situation: Situation) -> list[Act]:
    """A planted bug: the stop of a flat position stays."""
    acts = protect.step(situation)
    return acts if situation.quantity else [a for a in acts if not isinstance(a, Drop)]


def takes_sent_for_live(situation: Situation) -> list[Act]:
    """A planted bug: nobody looks whether a stop is there."""
    if situation.protection.covered_by and situation.quantity:
        return []
    return protect.step(situation)


@pytest.mark.parametrize(
    ("base", "planted"),
    [
        (Machine, leaves_stops_behind),
        (Machine, takes_sent_for_live),
    ],
)
def test_a_planted_bug_in_the_stops_is_caught(base: type[Machine], planted: Any) -> None:
    class Planted(base):  # type: ignore[misc, valid-type]
        step = staticmethod(planted)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Planted, settings=SETTINGS)


def lose_an_answer(step: Any) -> Story:
    """Let the answer to a first stop be lost, and the market fall before anybody asks."""
    story = Story(Product.SPOT, extra=50, step=step)
    symbol, price = story.floor.symbol, story.floor.traded.price
    story.wish(Buy(symbol, QuantityUnits(2 * UNIT), price("100.01")))
    story.take(OK)
    story.wish(Protect(symbol, price("95")))
    story.take(ANSWER_LOST)
    story.wait(300)
    for rest in story.stops():
        story.trade(rest, rest.leaves)
    story.check()
    return story


def test_an_unknown_stop_is_not_placed_again_where_both_could_fill() -> None:
    assert lose_an_answer(protect.step).position == 0
    with pytest.raises(AssertionError, match="turned over"):
        lose_an_answer(takes_unknown_for_gone)
