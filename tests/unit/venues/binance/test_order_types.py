"""Every order type of both products on the wire, and why some are not written (XCH-10)."""

from typing import Any

import pytest

from holdfast.domain.ids import ClientOrderId, Symbol, VenueOrderId
from holdfast.domain.instrument import Product
from holdfast.domain.order import (
    NewOrder,
    OrderType,
    PositionSide,
    Side,
    StpMode,
    TimeInForce,
    TriggerPrice,
)
from holdfast.domain.venue import CancelOrder
from holdfast.testing.market import instrument
from holdfast.venues.binance.wire import spot_requests, usdm_requests
from tests.unit.venues.binance.sinks import order

SPOT = instrument()
PERPETUAL = instrument(product=Product.LINEAR)
TRIGGER = SPOT.price("24000.5")
MARKET_PRICE = {"price": 0, "price_text": "0"}
SELL = Side.SELL
COMMON = {
    "newClientOrderId": order().client_order_id,
    "newOrderRespType": "ACK",
    "quantity": "0.01",
    "selfTradePreventionMode": "EXPIRE_MAKER",
    "side": "BUY",
    "symbol": "BTCUSDT",
}
LIMITED = {"price": "25351.19", "timeInForce": "GTC"}


def stop(kind: OrderType, **changes: Any) -> NewOrder:
    return order(**{"order_type": kind, "trigger_price": TRIGGER, **changes})


@pytest.mark.parametrize(
    ("placed", "said"),
    [
        (order(), {"type": "LIMIT", **LIMITED}),
        (
            order(time_in_force=TimeInForce.IOC),
            {"type": "LIMIT", **LIMITED, "timeInForce": "IOC"},
        ),
        (
            order(time_in_force=TimeInForce.FOK),
            {"type": "LIMIT", **LIMITED, "timeInForce": "FOK"},
        ),
        (
            order(order_type=OrderType.LIMIT_MAKER),
            {"type": "LIMIT_MAKER", "price": "25351.19"},
        ),
        (order(order_type=OrderType.MARKET, **MARKET_PRICE), {"type": "MARKET"}),
        (
            stop(OrderType.STOP_MARKET, **MARKET_PRICE),
            {"type": "STOP_LOSS", "stopPrice": "24000.5"},
        ),
        (
            stop(OrderType.STOP_LIMIT),
            {"type": "STOP_LOSS_LIMIT", "stopPrice": "24000.5", **LIMITED},
        ),
        (
            stop(OrderType.TAKE_PROFIT_MARKET, **MARKET_PRICE),
            {"type": "TAKE_PROFIT", "stopPrice": "24000.5"},
        ),
        (
            stop(OrderType.TAKE_PROFIT_LIMIT, time_in_force=TimeInForce.FOK),
            {
                "type": "TAKE_PROFIT_LIMIT",
                "stopPrice": "24000.5",
                **LIMITED,
                "timeInForce": "FOK",
            },
        ),
        (
            order(order_type=OrderType.TRAILING_STOP, callback_bps=150, **MARKET_PRICE),
            {"type": "STOP_LOSS", "trailingDelta": 150},
        ),
        (
            order(
                order_type=OrderType.TRAILING_STOP, callback_bps=150, activation_price=TRIGGER
            ),
            {
                "type": "STOP_LOSS_LIMIT",
                "trailingDelta": 150,
                "stopPrice": "24000.5",
                **LIMITED,
            },
        ),
        (
            order(display_quantity=SPOT.quantity("0.001")),
            {"type": "LIMIT", "icebergQty": "0.001", **LIMITED},
        ),
    ],
)
def test_spot_is_asked_in_its_own_words(placed: NewOrder, said: dict[str, Any]) -> None:
    assert not spot_requests.obstacle(placed)
    call = spot_requests.place(placed, SPOT)
    assert call.params == COMMON | said
    assert list(call.params) == sorted(call.params)
    assert (call.name, call.method, call.path) == ("order.place", "POST", "/api/v3/order")


@pytest.mark.parametrize(
    "wrong",
    [
        {"reduce_only": True},
        {"position_side": PositionSide.LONG},
        {"time_in_force": TimeInForce.GTD},
        {"order_type": OrderType.STOP_MARKET},
        {"order_type": OrderType.STOP_LIMIT, "trigger_price": TRIGGER, "price": 0},
        {
            "order_type": OrderType.STOP_MARKET,
            "trigger_price": TRIGGER,
            "trigger_by": TriggerPrice.MARK,
        },
        {"order_type": OrderType.TRAILING_STOP},
        {"order_type": OrderType.MARKET, "display_quantity": 1},
        {"order_type": OrderType.STOP_MARKET, "trigger_price": 1, "display_quantity": 1},
        {"display_quantity": 1, "time_in_force": TimeInForce.IOC},
    ],
)
def test_what_spot_cannot_do_is_said_before_anything_is_written(wrong: dict[str, Any]) -> None:
    assert spot_requests.obstacle(order(**wrong))


ALGO = {
    **{name: value for name, value in COMMON.items() if not name.startswith("new")},
    "algoType": "CONDITIONAL",
    "clientAlgoId": order().client_order_id,
    "workingType": "CONTRACT_PRICE",
}


@pytest.mark.parametrize(
    ("placed", "said"),
    [
        (order(), {"type": "LIMIT", **LIMITED}),
        (
            order(time_in_force=TimeInForce.IOC),
            {"type": "LIMIT", **LIMITED, "timeInForce": "IOC"},
        ),
        (
            order(time_in_force=TimeInForce.FOK),
            {"type": "LIMIT", **LIMITED, "timeInForce": "FOK"},
        ),
        (
            order(order_type=OrderType.LIMIT_MAKER),
            {"type": "LIMIT", **LIMITED, "timeInForce": "GTX"},
        ),
        (
            order(time_in_force=TimeInForce.GTD, good_till_ns=1_700_000_900_123_456_789),
            {
                "type": "LIMIT",
                **LIMITED,
                "timeInForce": "GTD",
                "goodTillDate": 1_700_000_900_000,
            },
        ),
        (
            order(order_type=OrderType.MARKET, reduce_only=True, **MARKET_PRICE),
            {"type": "MARKET", "reduceOnly": "true"},
        ),
        (
            order(
                order_type=OrderType.MARKET,
                side=SELL,
                position_side=PositionSide.LONG,
                reduce_only=True,
            ),
            {"type": "MARKET", "side": "SELL", "positionSide": "LONG"},
        ),
    ],
)
def test_usdm_is_asked_in_its_own_words(placed: NewOrder, said: dict[str, Any]) -> None:
    assert not usdm_requests.obstacle(placed)
    call = usdm_requests.place(placed, PERPETUAL)
    assert call.params == COMMON | said
    assert list(call.params) == sorted(call.params)
    assert (call.name, call.method, call.path) == ("order.place", "POST", "/fapi/v1/order")


@pytest.mark.parametrize(
    ("placed", "said"),
    [
        (
            stop(OrderType.STOP_MARKET, reduce_only=True, **MARKET_PRICE),
            {"type": "STOP_MARKET", "triggerPrice": "24000.5", "reduceOnly": "true"},
        ),
        (
            stop(OrderType.STOP_LIMIT, trigger_by=TriggerPrice.MARK),
            {
                "type": "STOP",
                "triggerPrice": "24000.5",
                "workingType": "MARK_PRICE",
                **LIMITED,
            },
        ),
        (
            stop(OrderType.TAKE_PROFIT_MARKET, position_side=PositionSide.SHORT),
            {
                "type": "TAKE_PROFIT_MARKET",
                "triggerPrice": "24000.5",
                "positionSide": "SHORT",
            },
        ),
        (
            stop(OrderType.TAKE_PROFIT_LIMIT),
            {"type": "TAKE_PROFIT", "triggerPrice": "24000.5", **LIMITED},
        ),
        (
            order(order_type=OrderType.TRAILING_STOP, callback_bps=15, price=0),
            {"type": "TRAILING_STOP_MARKET", "callbackRate": "0.15"},
        ),
        (
            order(
                order_type=OrderType.TRAILING_STOP,
                callback_bps=100,
                price=0,
                activation_price=TRIGGER,
            ),
            {
                "type": "TRAILING_STOP_MARKET",
                "callbackRate": "1",
                "activatePrice": "24000.5",
            },
        ),
    ],
)
def test_what_waits_for_a_trigger_goes_to_the_algo_service(
    placed: NewOrder, said: dict[str, Any]
) -> None:
    assert not usdm_requests.obstacle(placed)
    assert not usdm_requests.is_plain(placed)
    call = usdm_requests.place(placed, PERPETUAL)
    assert call.params == ALGO | said
    assert (call.name, call.method) == ("algoOrder.place", "POST")
    assert call.path == "/fapi/v1/algoOrder"


@pytest.mark.parametrize(
    "wrong",
    [
        {"stp_mode": StpMode.DECREMENT},
        {"stp_mode": StpMode.TRANSFER},
        {"display_quantity": 1},
        {"time_in_force": TimeInForce.GTD},
        {"order_type": OrderType.MARKET, "time_in_force": TimeInForce.GTD, "good_till_ns": 1},
        {
            "order_type": OrderType.LIMIT_MAKER,
            "time_in_force": TimeInForce.GTD,
            "good_till_ns": 1,
        },
        {"reduce_only": True, "position_side": PositionSide.LONG},
        {"reduce_only": True, "position_side": PositionSide.SHORT, "side": SELL},
        {"order_type": OrderType.STOP_MARKET},
        {"order_type": OrderType.TAKE_PROFIT_LIMIT, "trigger_price": 1, "price": 0},
        {"order_type": OrderType.TRAILING_STOP, "callback_bps": 9, "price": 0},
        {"order_type": OrderType.TRAILING_STOP, "callback_bps": 1_001, "price": 0},
        {"order_type": OrderType.TRAILING_STOP, "callback_bps": 100},
    ],
)
def test_what_usdm_cannot_do_is_said_before_anything_is_written(wrong: dict[str, Any]) -> None:
    assert usdm_requests.obstacle(order(**wrong))


@pytest.mark.parametrize(
    ("kind", "venue_order_id", "name", "params"),
    [
        (OrderType.LIMIT, "7", "order.cancel", {"origClientOrderId": "X", "symbol": "BTCUSDT"}),
        (OrderType.STOP_MARKET, "", "algoOrder.cancel", {"clientAlgoId": "X"}),
        (OrderType.TRAILING_STOP, "algo:7", "algoOrder.cancel", {"clientAlgoId": "X"}),
        (OrderType.STOP_LIMIT, "7", "order.cancel", {"orderId": "7", "symbol": "BTCUSDT"}),
    ],
)
def test_a_stop_is_canceled_where_it_is(
    kind: OrderType, venue_order_id: str, name: str, params: dict[str, str]
) -> None:
    cancel = CancelOrder(
        Symbol("BTCUSDT"), ClientOrderId("X"), kind, VenueOrderId(venue_order_id)
    )
    call = usdm_requests.cancel_order(cancel)
    assert (call.name, call.params) == (name, params)
    assert call.path == ("/fapi/v1/algoOrder" if "algo" in name else "/fapi/v1/order")
    assert spot_requests.cancel_order(cancel).params == {
        "origClientOrderId": "X",
        "symbol": "BTCUSDT",
    }


def listed(name: str, contingency: str, **changes: Any) -> NewOrder:
    return order(name, order_list_id="L1", contingency=contingency, **changes)


def exit_pair(contingency: str, side: Side = SELL) -> tuple[NewOrder, NewOrder]:
    return (
        listed(
            "S", contingency, side=side, order_type=OrderType.STOP_LIMIT, trigger_price=TRIGGER
        ),
        listed("T", contingency, side=side, order_type=OrderType.LIMIT_MAKER),
    )


LIST = {
    "listClientOrderId": "L1",
    "newOrderRespType": "ACK",
    "selfTradePreventionMode": "EXPIRE_MAKER",
    "symbol": "BTCUSDT",
}


def leg(prefix: str, kind: str) -> dict[str, Any]:
    if kind == "stop":
        return {
            f"{prefix}Type": "STOP_LOSS_LIMIT",
            f"{prefix}ClientOrderId": "S",
            f"{prefix}Price": "25351.19",
            f"{prefix}StopPrice": "24000.5",
            f"{prefix}TimeInForce": "GTC",
        }
    return {
        f"{prefix}Type": "LIMIT_MAKER",
        f"{prefix}ClientOrderId": "T",
        f"{prefix}Price": "25351.19",
    }


WORKING = {
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingQuantity": "0.01",
    "workingClientOrderId": "W",
    "workingPrice": "25351.19",
    "workingTimeInForce": "GTC",
}
WAITING = {"pendingSide": "SELL", "pendingQuantity": "0.01"}


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("side", "above", "below"), [(SELL, "taking", "stop"), (Side.BUY, "stop", "taking")]
)
def test_of_two_orders_that_exclude_each_other_each_lies_on_its_side_of_the_market(
    side: Side, above: str, below: str, swapped: bool
) -> None:
    pair = exit_pair("OCO", side)
    call = spot_requests.place_list(pair[::-1] if swapped else pair, SPOT)
    assert call.params == {
        **LIST,
        "side": "BUY" if side is Side.BUY else "SELL",
        "quantity": "0.01",
        **leg("above", above),
        **leg("below", below),
    }
    assert (call.name, call.path) == ("orderList.place.oco", "/api/v3/orderList/oco")


def test_an_order_that_waits_for_another_names_its_own_side_and_quantity() -> None:
    orders = (listed("W", "OTO"), exit_pair("OTO")[0])
    assert not spot_requests.list_obstacle(orders)
    call = spot_requests.place_list(orders, SPOT)
    assert call.params == {**LIST, **WORKING, **WAITING, **leg("pending", "stop")}
    assert (call.name, call.path) == ("orderList.place.oto", "/api/v3/orderList/oto")


def test_two_orders_that_exclude_each_other_can_wait_for_a_third() -> None:
    orders = (listed("W", "OTOCO"), *exit_pair("OTOCO"))
    assert not spot_requests.list_obstacle(orders)
    call = spot_requests.place_list(orders, SPOT)
    assert call.params == {
        **LIST,
        **WORKING,
        **WAITING,
        **leg("pendingAbove", "taking"),
        **leg("pendingBelow", "stop"),
    }
    assert (call.name, call.path) == ("orderList.place.otoco", "/api/v3/orderList/otoco")


@pytest.mark.parametrize(
    "orders",
    [
        (order(), order()),
        (listed("A", "OCO"),),
        (listed("A", "OCO"), listed("B", "OCO")),
        (exit_pair("OCO")[0], exit_pair("OCO")[0]),
        (exit_pair("OCO")[0], exit_pair("OCO", Side.BUY)[1]),
        (exit_pair("OCO")[0], exit_pair("OTO")[1]),
        (exit_pair("OTO")[0], listed("W", "OTO")),
        (listed("W", "OTO"), listed("B", "OTO", order_type=OrderType.STOP_MARKET)),
        (listed("W", "OTOCO"), *exit_pair("OCO")),
        tuple(
            order(one.client_order_id, contingency="OCO", order_type=one.order_type)
            for one in exit_pair("OCO")
        ),
    ],
)
def test_orders_that_make_no_list_are_refused_with_a_reason(
    orders: tuple[NewOrder, ...],
) -> None:
    assert spot_requests.list_obstacle(orders)


def test_a_replacement_stops_when_its_cancel_fails() -> None:
    cancel = CancelOrder(Symbol("BTCUSDT"), ClientOrderId("S"))
    exit_now = order(order_type=OrderType.MARKET, side=SELL)
    call = spot_requests.replace(cancel, spot_requests.place(exit_now, SPOT))
    assert call.params == {
        **COMMON,
        "side": "SELL",
        "type": "MARKET",
        "cancelOrigClientOrderId": "S",
        "cancelReplaceMode": "STOP_ON_FAILURE",
        "cancelRestrictions": "ONLY_NEW",
    }
    assert (call.name, call.path) == ("order.cancelReplace", "/api/v3/order/cancelReplace")
