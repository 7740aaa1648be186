"""The venue's filters against an oracle in decimals, exact to the last digit."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.simexchange.filters import check_filters, check_form
from holdfast.simexchange.model import PlaceRequest, Reject, SymbolRules
from holdfast.simexchange.numbers import E8, parse_e8
from tests.property.sim_kit import RULES

Check = Callable[..., Reject | None]


def e8(text: str) -> int:
    return parse_e8(text)


FILTERED = msgspec.structs.replace(
    RULES,
    tick=e8("0.05"),
    step=e8("0.002"),
    min_price=e8("1"),
    max_price=e8("200"),
    min_quantity=e8("0.01"),
    max_quantity=e8("50"),
    market_step=e8("0.02"),
    market_min_quantity=e8("0.1"),
    market_max_quantity=e8("20"),
    min_notional=e8("5"),
    max_notional=e8("900"),
    bid_multiplier_up=e8("1.1"),
    bid_multiplier_down=e8("0.5"),
    ask_multiplier_up=e8("2"),
    ask_multiplier_down=e8("0.9"),
    max_orders=3,
)


def oracle(request: PlaceRequest, rules: SymbolRules, *, average: int, open_count: int) -> str:
    """Name the first filter that fails, in plain decimal arithmetic."""

    def number(value: int) -> Decimal:
        return Decimal(value) / E8

    price, quantity, mean = (number(v) for v in (request.price, request.quantity, average))
    is_market = request.order_type == "MARKET"
    buys = request.side == "BUY"
    up = number(rules.bid_multiplier_up if buys else rules.ask_multiplier_up)
    down = number(rules.bid_multiplier_down if buys else rules.ask_multiplier_down)
    is_limit = not is_market
    low, high = number(rules.market_min_quantity), number(rules.market_max_quantity)
    value = (mean if is_market else price) * quantity
    off_price = not number(rules.min_price) <= price <= number(rules.max_price)
    off_quantity = not number(rules.min_quantity) <= quantity <= number(rules.max_quantity)
    off_market = not low <= quantity <= high or bool(quantity % number(rules.market_step))
    checks = [
        ("PRICE_FILTER", is_limit and (off_price or bool(price % number(rules.tick)))),
        ("PERCENT_PRICE_BY_SIDE", is_limit and not mean * down <= price <= mean * up),
        ("LOT_SIZE", off_quantity or bool(quantity % number(rules.step))),
        ("MARKET_LOT_SIZE", is_market and off_market),
        ("NOTIONAL", value < number(rules.min_notional)),
        ("NOTIONAL", is_limit and value > number(rules.max_notional)),
        ("MAX_NUM_ORDERS", is_limit and open_count >= rules.max_orders),
    ]
    return next((name for name, fails in checks if fails), "")


near_ticks = st.integers(15, 5_000).map(lambda count: count * e8("0.05"))
near_steps = st.integers(1, 26_000).map(lambda count: count * e8("0.002"))
orders = st.builds(
    lambda side, market, price, quantity, off: PlaceRequest(
        symbol="AAABBB",
        side=side,
        order_type="MARKET" if market else "LIMIT",
        time_in_force="" if market else "GTC",
        price=0 if market else price + off[0],
        quantity=max(1, quantity + off[1]),
    ),
    st.sampled_from(["BUY", "SELL"]),
    st.booleans(),
    near_ticks,
    near_steps,
    st.sampled_from([(0, 0), (0, 0), (0, 0), (1, 0), (0, 1), (-1, -1), (0, e8("0.001"))]),
)


def check_agreement(check: Check, request: PlaceRequest, average: int, open_count: int) -> None:
    assert check_form(request) is None
    said = check(request, FILTERED, average=average, open_count=open_count)
    expected = oracle(request, FILTERED, average=average, open_count=open_count)
    if expected:
        assert said == Reject(-1013, f"Filter failure: {expected}")
    else:
        assert said is None


@settings(max_examples=400, deadline=None)
@given(orders, st.integers(e8("20"), e8("300")), st.integers(0, 4))
def test_every_order_fails_exactly_the_filter_that_it_should(
    request: PlaceRequest, average: int, open_count: int
) -> None:
    check_agreement(check_filters, request, average, open_count)


def blind_to_steps(request: PlaceRequest, rules: SymbolRules, **context: int) -> Reject | None:
    return check_filters(request, msgspec.structs.replace(rules, step=1), **context)


def with_floats(request: PlaceRequest, rules: SymbolRules, **context: int) -> Reject | None:
    rounded = int(float(request.price) / 10) * 10
    return check_filters(msgspec.structs.replace(request, price=rounded), rules, **context)


def off_by_one(request: PlaceRequest, rules: SymbolRules, **context: int) -> Reject | None:
    return check_filters(
        request, rules, **(context | {"open_count": max(0, context["open_count"] - 1)})
    )


@pytest.mark.parametrize("broken", [blind_to_steps, with_floats, off_by_one])
def test_a_planted_bug_in_a_filter_is_found(broken: Check) -> None:
    @settings(
        max_examples=2_000,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(orders, st.integers(e8("20"), e8("300")), st.integers(0, 4))
    def check(request: PlaceRequest, average: int, open_count: int) -> None:
        check_agreement(broken, request, average, open_count)

    with pytest.raises(AssertionError):
        check()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"side": "HOLD"}, -1117),
        ({"order_type": "STOP"}, -1116),
        ({"time_in_force": "GTX"}, -1115),
        ({"time_in_force": ""}, -1102),
        ({"price": 0}, -1102),
        ({"quantity": 0}, -1102),
        ({"stp_mode": "SOMETIMES"}, -1102),
        ({"quote_quantity": E8}, -1106),
        ({"iceberg_quantity": 2 * E8}, -2010),
        ({"order_type": "STOP_LOSS_LIMIT"}, -1102),
        ({"stop_price": E8}, -1106),
        ({"trailing_delta": 100}, -1106),
        ({"order_type": "LIMIT_MAKER"}, -1106),
        ({"order_type": "MARKET"}, -1106),
        ({"order_type": "MARKET", "price": 0}, -1106),
        ({"order_type": "MARKET", "price": 0, "time_in_force": "", "quantity": 0}, -1102),
    ],
)
def test_parameters_that_do_not_fit_the_type_have_the_venues_code(
    fields: dict[str, object], code: int
) -> None:
    good = {
        "symbol": "AAABBB",
        "side": "BUY",
        "order_type": "LIMIT",
        "time_in_force": "GTC",
        "price": E8,
        "quantity": E8,
    }
    said = check_form(PlaceRequest(**(good | fields)))  # type: ignore[arg-type]
    assert said is not None
    assert said.code == code


def test_a_closed_symbol_takes_no_order() -> None:
    closed = msgspec.structs.replace(FILTERED, status="BREAK")
    request = PlaceRequest(symbol="AAABBB", side="BUY", order_type="MARKET", quantity=e8("1"))
    assert check_filters(request, closed, average=e8("100"), open_count=0) == Reject(
        -1013, "Market is closed."
    )
