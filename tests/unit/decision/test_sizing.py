"""Sizing as a trader reads it: what is bought, sold or canceled for an intent."""

import msgspec
import pytest

from holdfast import Buy, Cancel, PositionView, Purpose, Quote, Sell, Side, Target, WorkingOrder
from holdfast.decision.sizing import QUOTE, CancelWish, quantity_for, size
from holdfast.decision.view import working
from holdfast.domain.order import NewOrder, Order, OrderType, Product, StpMode, TimeInForce
from holdfast.testing.market import instrument

TRADED = instrument(tick="0.01", step="0.001", min_notional="5")
SYMBOL = TRADED.symbol
MARK = TRADED.price("100")
units = TRADED.quantity


def view(filled="0", *orders, **options):
    return PositionView(SYMBOL, units(filled), orders, mark=MARK, **options)


def order(side, quantity, *, price="99", leaves=None, **options):
    return WorkingOrder(
        f"{side.value}-{quantity}-{price}",
        side,
        TRADED.price(price),
        units(quantity),
        units(leaves or quantity),
        **options,
    )


def told(intent, seen):
    """Say what comes of an intent as (side or cancel, quantity or id, purpose) texts."""
    return [
        ("cancel", wish.client_order_id)
        if isinstance(wish, CancelWish)
        else (wish.side.value, TRADED.quantity_text(wish.quantity), wish.purpose.value)
        for wish in size(intent, seen, instrument=TRADED)
    ]


def target(quantity):
    return Target(SYMBOL, units(quantity))


def test_a_target_from_flat_is_one_entry_at_the_market():
    (wish,) = size(target("2"), view(), instrument=TRADED)
    assert (wish.side, wish.quantity, wish.price) == (Side.BUY, units("2"), 0)
    assert wish.purpose is Purpose.ENTRY


def test_a_target_counts_what_is_filled_live_and_undrawn():
    assert told(target("5"), view("1", order(Side.BUY, "2"))) == [("buy", "2", "entry")]
    assert told(target("5"), view("1", undrawn_buying=units("4"))) == []
    assert told(target("0"), view("0", undrawn_selling=units("4"))) == [("buy", "4", "entry")]


def test_a_partly_filled_order_counts_with_what_it_leaves():
    assert told(target("5"), view("1", order(Side.BUY, "2", leaves="0.5"))) == [
        ("buy", "3.5", "entry")
    ]


def test_a_flip_is_an_exit_and_an_entry():
    assert told(target("-3"), view("2")) == [("sell", "2", "exit"), ("sell", "3", "entry")]


def test_a_smaller_target_is_an_exit():
    assert told(target("0.5"), view("2")) == [("sell", "1.5", "exit")]
    assert told(target("0"), view("-2")) == [("buy", "2", "exit")]


def test_what_rests_against_a_target_is_canceled_first_and_waited_for():
    resting = order(Side.BUY, "2")
    assert told(target("0"), view("0", resting)) == [("cancel", "buy-2-99")]
    pending = msgspec.structs.replace(resting, cancel_requested=True)
    assert told(target("0"), view("0", pending)) == []
    assert told(target("2"), view("0", pending)) == []


def test_orders_at_the_market_are_not_canceled_but_traded_against():
    assert told(target("0"), view("0", order(Side.BUY, "2", price="0"))) == [
        ("sell", "2", "entry")
    ]


def test_while_an_unknown_stands_a_target_only_reduces():
    doubt = order(Side.SELL, "1", is_unknown=True)
    assert told(target("5"), view("2", doubt)) == []
    assert told(target("-5"), view("2", doubt)) == [("sell", "1", "exit")]
    assert told(target("-5"), view("0", doubt)) == []


def test_a_difference_that_the_venue_would_not_take_is_left_alone():
    assert told(target("1.04"), view("1")) == []
    assert told(target("1.05"), view("1")) == [("buy", "0.05", "entry")]
    assert told(target("1.0504"), view("1")) == [("buy", "0.05", "entry")]


def test_a_target_above_the_largest_order_is_reached_in_parts():
    small = msgspec.structs.replace(TRADED, market_max_quantity=units("1.5"))
    (wish,) = size(target("4"), view(), instrument=small)
    assert wish.quantity == units("1.5")


def test_a_buy_and_a_sell_go_through_as_they_were_asked():
    (wish,) = size(
        Sell(SYMBOL, units("1"), TRADED.price("101"), TimeInForce.IOC, purpose=Purpose.EXIT),
        view(),
        instrument=TRADED,
    )
    assert (wish.side, wish.price, wish.time_in_force) == (
        Side.SELL, TRADED.price("101"), TimeInForce.IOC,
    )  # fmt: skip
    assert wish.purpose is Purpose.EXIT
    assert told(Buy(SYMBOL, units("1")), view()) == [("buy", "1", "entry")]


def test_a_cancel_names_one_order_or_all_of_a_symbol():
    orders = (order(Side.BUY, "1"), order(Side.SELL, "2"))
    assert told(Cancel(SYMBOL), view("0", *orders)) == [
        ("cancel", "buy-1-99"),
        ("cancel", "sell-2-99"),
    ]
    assert told(Cancel(SYMBOL, "sell-2-99"), view("0", *orders)) == [("cancel", "sell-2-99")]
    assert told(Cancel(SYMBOL, "unheard"), view("0", *orders)) == []


def quote(price="99", quantity="1"):
    return Quote(SYMBOL, Side.BUY, TRADED.price(price), units(quantity))


def test_a_quote_is_a_post_only_order_that_rests():
    (wish,) = size(quote(), view(), instrument=TRADED)
    assert (wish.post_only, wish.algorithm, wish.price) == (True, QUOTE, TRADED.price("99"))


def test_the_same_quote_stays_even_when_partly_filled():
    standing = order(Side.BUY, "1", leaves="0.4", is_quote=True)
    assert told(quote(), view("0.6", standing)) == []


@pytest.mark.parametrize(
    "changed", [quote(price="98"), quote(quantity="2"), quote(quantity="0")]
)
def test_another_quote_cancels_the_old_one_first(changed):
    standing = order(Side.BUY, "1", is_quote=True)
    assert told(changed, view("0", standing)) == [("cancel", "buy-1-99")]
    going = msgspec.structs.replace(standing, cancel_requested=True)
    assert told(changed, view("0", going)) == []


def test_a_quote_leaves_the_other_side_and_other_orders_alone():
    others = (order(Side.SELL, "1", is_quote=True), order(Side.BUY, "1", price="97"))
    assert told(quote(), view("0", *others)) == [("buy", "1", "entry")]


def test_no_quote_joins_one_whose_fate_is_unknown():
    doubt = order(Side.BUY, "1", price="98", is_quote=True, is_unknown=True)
    assert told(quote(), view("0", doubt)) == []


def test_an_empty_quote_where_none_stands_is_nothing():
    assert told(quote(quantity="0"), view()) == []


@pytest.mark.parametrize(
    ("notional", "price", "quantity"),
    [("100", "30", "3.333"), ("1", "30", "0.167"), ("100", "1000000", "0.001")],
)
def test_the_quantity_for_a_notional_is_down_to_a_step_and_up_to_the_least(
    notional, price, quantity
):
    found = quantity_for(TRADED, notional, price=TRADED.price(price))
    assert TRADED.quantity_text(found) == quantity


def test_there_is_no_quantity_without_a_price():
    with pytest.raises(ValueError, match="no quantity of BTCUSDT"):
        quantity_for(TRADED, "100", price=0)


def test_the_view_of_an_order_shows_its_facts_and_leaves_ended_ones_out():
    request = NewOrder(
        client_order_id="H1", account="a", strategy="s", intent_id="i", symbol=SYMBOL,
        product=Product.SPOT, side=Side.BUY, order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC, quantity=units("2"), price=MARK, quantity_text="2",
        price_text="100", worst_price=MARK, stp_mode=StpMode.NONE,
    )  # fmt: skip
    live, ended = Order(request=request), Order(request=request)
    live.fill("1", units("0.5"), venue_order_id="V1")
    live.request_cancel()
    ended.end("canceled")
    (shown,) = working([live, ended], quotes={"H1"})
    assert (shown.leaves_quantity, shown.cancel_requested, shown.is_quote) == (
        units("1.5"), True, True,
    )  # fmt: skip
    seen = PositionView(SYMBOL, units("1"), (shown,))
    assert (seen.buying, seen.selling, seen.live) == (units("1.5"), 0, units("1.5"))
    assert not seen.has_unknown
