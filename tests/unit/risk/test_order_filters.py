"""The venue's rules for every order type: what is refused, by which name, and what passes."""

from typing import Any

import msgspec
import pytest

from holdfast.domain.approval import Accepted, Approved, Refused
from holdfast.domain.fold import apply
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.order import PositionSide, Purpose, TimeInForce, TriggerPrice
from holdfast.risk.gate import review_order
from holdfast.risk.limits import Limits
from holdfast.testing import happenings as told
from holdfast.testing.clock import START_NS
from holdfast.testing.desk import TREND, TradingDesk
from holdfast.testing.market import instrument

SPOT = msgspec.structs.replace(
    instrument(),
    order_lists=("OCO", "OTO", "OTOCO"),
    iceberg_parts_count=10,
    min_trailing_below_bps=10,
    max_trailing_below_bps=2_000,
)
PERPETUAL = instrument(product=Product.LINEAR)
FAR = START_NS + 3_600 * NS_PER_S


def make_desk(traded: Instrument, *, is_hedged: bool = False) -> TradingDesk:
    limits = Limits(order_notional="90000", position_notional="90000")
    wide = msgspec.structs.replace(limits, account_position_notional="90000")
    desk = TradingDesk(traded, limits=wide, balances={"USDT": "100000", "BTC": "10"})
    desk.desk.is_hedged = is_hedged
    desk.quote("99.99", "100.01")
    return desk


def ask(desk: TradingDesk, side: str = "sell", *, price: str = "0", **more: Any) -> Any:
    traded = desk._traded(None)
    units = {
        name: traded.price(value) if isinstance(value, str) and "price" in name else value
        for name, value in more.items()
    }
    intent = desk.intent(side, "1", price=price)
    return desk.review(msgspec.structs.replace(intent, **units))


def holding(desk: TradingDesk, quantity: str, *, strategy: str = "trend") -> None:
    traded = desk._traded(None)
    order = told.approved(
        traded, "buy", client_order_id=strategy, quantity=quantity, strategy=strategy
    )
    apply(desk.account, order)
    apply(desk.account, told.filled(order, strategy, quantity=quantity))


@pytest.mark.parametrize(
    ("traded", "wish", "reason"),
    [
        (SPOT, {"trigger_price": "100.5"}, "the stop would trigger at once"),
        (SPOT, {"trigger_price": "99", "take_profit": True}, "the stop would trigger at once"),
        (SPOT, {"side": "buy", "trigger_price": "99"}, "the stop would trigger at once"),
        (SPOT, {"trigger_price": "95.005"}, "the trigger is no price here (PRICE_FILTER)"),
        (SPOT, {"trigger_price": "95", "reduce_only": True}, "spot has no reduce-only orders"),
        (SPOT, {"position_side": PositionSide.LONG}, "spot has no position sides"),
        (
            SPOT,
            {"trigger_price": "95", "trigger_by": TriggerPrice.MARK},
            "spot has no mark price",
        ),
        (SPOT, {"price": "100.5", "good_till_ns": FAR}, "only a GTD order has an end"),
        (
            SPOT,
            {"price": "100.5", "time_in_force": TimeInForce.GTD, "good_till_ns": FAR},
            "spot orders cannot be good till a date",
        ),
        (SPOT, {"time_in_force": TimeInForce.FOK}, "an order at the market is filled at once"),
        (SPOT, {"price": "100.5", "display_quantity": 5_000_000}, "(ICEBERG_PARTS)"),
        (SPOT, {"display_quantity": 50_000_000}, "only a GTC limit order can be an iceberg"),
        (SPOT, {"callback_bps": 5}, "no such trailing delta (TRAILING_DELTA)"),
        (PERPETUAL, {"callback_bps": 15}, "no such callback of a trailing stop"),
        (PERPETUAL, {"position_side": PositionSide.LONG}, "one-way mode has no position sides"),
        (PERPETUAL, {"contingency": "OCO"}, "the product has no such order list"),
        (
            PERPETUAL,
            {
                "price": "100.5",
                "time_in_force": TimeInForce.GTD,
                "good_till_ns": START_NS + 500 * NS_PER_S,
            },
            "the end of a GTD order is too near or too far",
        ),
        (
            msgspec.structs.replace(PERPETUAL, order_types=("limit", "market")),
            {"trigger_price": "95"},
            "the product has no such order type",
        ),
    ],
)
def test_what_the_venue_has_not_is_refused_with_its_reason(
    traded: Instrument, wish: dict[str, Any], reason: str
) -> None:
    refused = ask(make_desk(traded), **wish)
    assert isinstance(refused, Refused)
    assert reason in " ".join(refusal.reason for refusal in refused.refusals)


@pytest.mark.parametrize(
    ("traded", "wish"),
    [
        (SPOT, {"trigger_price": "95"}),
        (SPOT, {"trigger_price": "95", "price": "94.9"}),
        (SPOT, {"trigger_price": "105", "take_profit": True}),
        (SPOT, {"side": "buy", "trigger_price": "105"}),
        (SPOT, {"callback_bps": 100}),
        (SPOT, {"price": "100.5", "display_quantity": 10_000_000}),
        (PERPETUAL, {"callback_bps": 100, "activation_price": "101"}),
        (PERPETUAL, {"trigger_price": "95", "trigger_by": TriggerPrice.MARK}),
        (
            PERPETUAL,
            {"price": "100.5", "time_in_force": TimeInForce.GTD, "good_till_ns": FAR},
        ),
        (PERPETUAL, {"price": "100.5", "time_in_force": TimeInForce.FOK}),
    ],
)
def test_every_order_type_passes_where_the_venue_has_it(
    traded: Instrument, wish: dict[str, Any]
) -> None:
    desk = make_desk(traded)
    accepted = ask(desk, **wish)
    assert isinstance(accepted, Accepted)
    order = desk.child(accepted)
    view = desk.view(TREND)
    assert isinstance(review_order(order, view, gates=desk.gates, parent=accepted), Approved)


def test_hedge_mode_needs_a_side_and_has_no_reduce_only() -> None:
    desk = make_desk(PERPETUAL, is_hedged=True)
    assert "needs a position side" in ask(desk, price="100.5").refusals[0].reason
    wish: dict[str, Any] = {"price": "100.5", "position_side": PositionSide.SHORT}
    assert isinstance(ask(desk, **wish), Accepted)
    assert "no reduce-only" in ask(desk, **wish, reduce_only=True).refusals[0].reason


def test_counts_of_orders_and_stops_have_limits() -> None:
    traded = msgspec.structs.replace(SPOT, max_orders_count=2, max_algo_orders_count=1)
    desk = make_desk(traded)
    stop = msgspec.structs.replace(desk.intent("sell", "1"), trigger_price=traded.price("95"))
    assert isinstance(desk.trade(stop), Approved)
    refused = desk.review(stop)
    assert isinstance(refused, Refused)
    assert refused.refusals[0].reason == "too many stops wait (MAX_NUM_ALGO_ORDERS)"
    assert (refused.refusals[0].asked, refused.refusals[0].limit) == ("2", "1")
    assert isinstance(desk.trade(desk.intent("sell", "1", price="101")), Approved)
    refused = desk.review(desk.intent("sell", "1", price="101"))
    assert isinstance(refused, Refused)
    assert refused.refusals[0].reason == "too many orders rest (MAX_NUM_ORDERS)"


def test_bounds_by_side_are_measured_from_the_mark_of_a_contract() -> None:
    traded = msgspec.structs.replace(
        PERPETUAL, bid_multiplier_up="1.05", bid_multiplier_down="0.95",
        ask_multiplier_up="1.5", ask_multiplier_down="0.95",
    )  # fmt: skip
    desk = make_desk(traded)
    desk.view(TREND).mark = traded.price("90")
    refused = ask(desk, "buy", price="95")
    assert refused.refusals[0].reason.endswith("(PERCENT_PRICE)")
    assert refused.refusals[0].limit == "94.5"
    assert isinstance(ask(desk, "sell", price="130"), Accepted)


def test_a_stop_beside_an_exit_of_a_contract_lets_the_exit_pass_in_a_halt() -> None:
    desk = make_desk(PERPETUAL)
    holding(desk, "2")
    stop = msgspec.structs.replace(
        desk.intent("sell", "2", purpose=Purpose.PROTECTIVE),
        trigger_price=PERPETUAL.price("95"),
        reduce_only=True,
    )
    assert isinstance(desk.trade(stop), Approved)
    desk.halts.block("another", "reason")
    leave = msgspec.structs.replace(desk.intent("sell", "2"), reduce_only=True)
    assert isinstance(desk.trade(leave), Approved)
    assert isinstance(desk.review(desk.intent("sell", "2")), Refused)


def test_a_stop_beside_an_exit_counts_where_another_strategy_holds_the_same_side() -> None:
    desk = make_desk(PERPETUAL)
    holding(desk, "2")
    holding(desk, "2", strategy="quotes")
    stop = msgspec.structs.replace(
        desk.intent("sell", "2"), trigger_price=PERPETUAL.price("95"), reduce_only=True
    )
    assert isinstance(desk.trade(stop), Approved)
    desk.halts.block("another", "reason")
    leave = msgspec.structs.replace(desk.intent("sell", "2"), reduce_only=True)
    assert isinstance(desk.review(leave), Refused)


def test_the_two_legs_of_a_list_reserve_once() -> None:
    desk = make_desk(SPOT)
    limit = desk.intent("sell", "6", price="101")
    stop = msgspec.structs.replace(desk.intent("sell", "6"), trigger_price=SPOT.price("95"))
    listed = msgspec.structs.replace(limit, contingency="OCO", legs=(stop,))
    assert isinstance(desk.review(listed), Accepted)
    wrong = msgspec.structs.replace(
        stop, trigger_price=SPOT.price("102"), take_profit=True, price=SPOT.price("102")
    )
    refused = desk.review(msgspec.structs.replace(listed, legs=(wrong,)))
    assert isinstance(refused, Refused)
    assert refused.refusals[0].reason == "the stop of a list belongs below its limit price"


@pytest.mark.parametrize("traded", [SPOT, PERPETUAL], ids=["spot", "usdm"])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"post_only": True},
        {"trigger_by": TriggerPrice.MARK},
        {"trigger_price": "95"},
        {"reduce_only": True},
        {"price": "0"},
        {"price": "100.005"},
    ],
    ids=lambda more: next(iter(more), "plain"),
)
def test_an_order_that_takes_at_once_is_judged_the_same_with_and_without_the_short_cut(
    traded: Instrument, more: dict[str, Any]
) -> None:
    answers = []
    for is_plain in (True, False):
        desk = make_desk(traded)
        view = desk.view(TREND, traded.symbol)
        view.limits = msgspec.structs.replace(view.limits, is_plain=is_plain)
        wish = {"price": "100.5", "time_in_force": TimeInForce.IOC, **more}
        answer = ask(desk, **wish)
        answers.append(answer.refusals if isinstance(answer, Refused) else "passed")
    assert answers[0] == answers[1]
    if not more:
        assert answers == ["passed", "passed"]
