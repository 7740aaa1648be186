"""Whatever strategies wish and however orders fill, what the gates promise stays true."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from holdfast.domain import fold
from holdfast.domain.approval import Accepted, Approved, Refused
from holdfast.domain.events import OrderFilled
from holdfast.domain.ids import StrategyId
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.order import Order, Side
from holdfast.risk import halted, opposing
from holdfast.risk.gate import Gate, Gates
from holdfast.risk.limits import Limits
from holdfast.risk.standard import STANDARD
from holdfast.risk.view import Ask, View
from holdfast.runtime.supervise import guard
from holdfast.testing.desk import TradingDesk
from holdfast.testing.market import instrument

BTCUSDT = instrument()
STRATEGIES = (StrategyId("trend"), StrategyId("quotes"))
LIMITS = Limits(
    order_notional="400",
    position_notional="500",
    account_position_notional="800",
    gross_notional="800",
    orders_per_10s_count=1_000,
    account_orders_per_10s_count=1_000,
)
QUICK = settings(max_examples=400, database=None, derandomize=True, phases=[Phase.generate])
Action = tuple[str, StrategyId, str, int, str]
actions = st.lists(
    st.tuples(
        st.sampled_from(["wish", "wish", "wish", "fill", "part", "cancel"]),
        st.sampled_from(STRATEGIES),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 4),
        st.sampled_from(["0", "99.5", "100", "100.5"]),
    ),
    min_size=1,
    max_size=25,
)


def make_desk(gates: tuple[Gate, ...] = STANDARD, limits: Limits = LIMITS) -> TradingDesk:
    desk = TradingDesk(
        BTCUSDT, gates=gates, limits=limits, balances={"USDT": "1200", "BTC": "6"}
    )
    desk.quote("99.99", "100.01")
    return desk


def act(desk: TradingDesk, action: Action) -> Approved | Refused | None:
    kind, strategy, side, quantity, price = action
    if kind == "wish":
        return desk.trade(desk.intent(side, str(quantity), price=price), strategy=strategy)
    working = [held.order for held in desk.account.orders.values()]
    if working:
        order = working[quantity % len(working)]
        if kind == "cancel":
            desk.account.change(order.request.client_order_id, lambda o: o.end("canceled"))
        else:
            whole = order.leaves_quantity
            fill(desk, order, whole if kind == "fill" else min(whole, 10**8))
    return None


def fill(desk: TradingDesk, order: Order, quantity: int) -> None:
    """Let part of an order trade at its worst."""
    request = order.request
    fold.apply(
        desk.account,
        OrderFilled(
            client_order_id=request.client_order_id,
            venue_order_id="",
            exec_id=f"{request.client_order_id}/{order.cum_quantity}",
            strategy=request.strategy,
            symbol=request.symbol,
            product="spot",
            side=request.side.value,
            position_side="both",
            last_price=BTCUSDT.price_text(request.worst_price),
            last_quantity=BTCUSDT.quantity_text(quantity),
            cum_quantity="0",
            liquidity_side="taker",
            fee="0",
            fee_asset="USDT",
            fee_value="0",
            fee_value_source="",
            reduce_only=False,
            purpose="entry",
            venue_at_ns=0,
            received_at_ns=0,
            source="stream",
        ),
    )


def check_promises(gates: tuple[Gate, ...], wishes: list[Action]) -> None:
    desk = make_desk(gates)
    covering = False
    for action in wishes:
        before = desk.account.position(action[1], BTCUSDT.symbol)
        approved = act(desk, action)
        if isinstance(approved, Approved) and action[2] == "buy" and before < 0:
            covering = True
        check_positions(desk)
        check_no_trade_with_each_other(desk)
        if not covering:
            short = {a for a in desk.account.balances if desk.account.available(a) < 0}
            assert not short, f"more is reserved than there is of {short}"


def check_positions(desk: TradingDesk) -> None:
    """At worst no position is beyond its limit, valued at the ask of a market that rests."""
    account, symbol, ask = desk.account, BTCUSDT.symbol, BTCUSDT.price("100.01")
    for strategy in STRATEGIES:
        position, exposure = (
            account.position(strategy, symbol),
            account.exposure(strategy, symbol),
        )
        worst = max(position + exposure.buying, exposure.selling - position)
        assert worst * ask <= BTCUSDT.price("1") * BTCUSDT.quantity("500")
    total = account.symbol_exposures.get(symbol)
    if total is not None:
        net = account.symbol_position(symbol)
        worst = max(net + total.buying, total.selling - net)
        assert worst * ask <= BTCUSDT.price("1") * BTCUSDT.quantity("800")


def check_no_trade_with_each_other(desk: TradingDesk) -> None:
    orders = [held.order.request for held in desk.account.orders.values()]
    buys = [order for order in orders if order.side is Side.BUY]
    for sell in (order for order in orders if order.side is Side.SELL):
        for buy in buys:
            if buy.strategy != sell.strategy:
                assert min(buy.price, sell.price) > 0
                assert buy.price < sell.price


def without(name: str) -> tuple[Gate, ...]:
    return tuple(gate for gate in STANDARD if gate.name != name)


def instead(name: str, check: Callable[[Ask, View], Any]) -> tuple[Gate, ...]:
    return tuple(
        msgspec.structs.replace(gate, check=check) if gate.name == name else gate
        for gate in STANDARD
    )


def counts_only_what_is_filled(ask: Ask, view: View) -> Any:
    """A planted bug: open orders do not count against the position limit."""
    position = ask.position + (ask.quantity if ask.is_buy else -ask.quantity)
    whole = ask.net + (ask.quantity if ask.is_buy else -ask.quantity)
    limits = view.limits
    too_large = (
        abs(position) * ask.mark > limits.position_product
        or abs(whole) * ask.mark > limits.account_position_product
    )
    return STANDARD[3].check(ask, view) if too_large else None


def forgets_the_reserved(ask: Ask, view: View) -> Any:
    """A planted bug: what other orders hold is spent again."""
    held = ask.reservation
    if held and held.amount <= view.account.balances.get(held.asset, 0):
        return None
    return STANDARD[6].check(ask, view)


def sees_only_resting_orders(ask: Ask, view: View) -> Any:
    """A planted bug: an order at the market trades with nobody of ours."""
    return opposing.check(ask, view) if ask.price else None


@given(actions)
def test_gates_keep_their_promises_whatever_happens(wishes):
    check_promises(STANDARD, wishes)


@pytest.mark.parametrize(
    "gates",
    [
        without("position"),
        without("balance"),
        without("opposing"),
        instead("position", counts_only_what_is_filled),
        instead("balance", forgets_the_reserved),
        instead("opposing", sees_only_resting_orders),
    ],
)
def test_a_planted_bug_in_a_gate_is_caught(gates):
    @QUICK
    @given(actions)
    def law(wishes):
        check_promises(gates, wishes)

    with pytest.raises(AssertionError):
        law()


RAISED = [
    {"order_notional": "900"},
    {"position_notional": "900"},
    {"account_position_notional": "1900"},
    {"gross_notional": "9000"},
    {"concurrent_trades_count": 50},
    {"orders_per_10s_count": 9_000, "account_orders_per_10s_count": 9_000},
    {"collar_bps": 400},
    {"market_age_ms": 3_600_000},
]


def check_monotone(
    review: Callable[[TradingDesk, Action], Any], wishes: list[Action], more: dict[str, Any]
) -> None:
    """What passes under tight limits passes under wider ones, in the same situation."""
    tight = Limits(
        order_notional="350",
        position_notional="380",
        account_position_notional="500",
        gross_notional="500",
        concurrent_trades_count=1,
        orders_per_10s_count=4,
        account_orders_per_10s_count=6,
        collar_bps=30,
    )
    desk = make_desk(limits=tight)
    wide = make_desk(limits=msgspec.structs.replace(tight, **more))
    for action in wishes:
        approved = act(desk, action)
        if not isinstance(approved, Approved):
            if action[0] != "wish":
                act(wide, action)
            continue
        assert isinstance(review(wide, action), Accepted)
        order, held = approved.order, next(reversed(desk.account.orders.values()))
        wide.account.approve(order, held.asset, amount=held.amount)


def whole_review(desk: TradingDesk, action: Action) -> Accepted | Refused:
    _, strategy, side, quantity, price = action
    return desk.review(desk.intent(side, str(quantity), price=price), strategy=strategy)


def review_upside_down(desk: TradingDesk, action: Action) -> Accepted | Refused:
    """A planted bug: the larger the limit of an order, the less it may be worth."""
    limits = desk.desk.limits
    quantity = min(action[3], int(400_000 / int(limits.order_notional) ** 2))
    if quantity < action[3]:
        return Refused(())
    return whole_review(desk, action)


@given(actions, st.sampled_from(RAISED))
def test_raising_a_limit_never_refuses_more(wishes, more):
    check_monotone(whole_review, wishes, more)


def test_a_limit_that_works_upside_down_is_caught():
    @QUICK
    @given(actions, st.sampled_from(RAISED))
    def law(wishes, more):
        check_monotone(review_upside_down, wishes, more)

    with pytest.raises(AssertionError):
        law()


def check_reductions(
    gates: tuple[Gate, ...], wishes: list[Action], quantity: int, *, strategy: StrategyId
) -> None:
    """With everything halted, what passes is exactly what cannot raise a position."""
    desk = make_desk()
    for action in wishes:
        act(desk, action)
    desk.gates = Gates(gates, guard=guard)
    account, symbol = desk.account, BTCUSDT.symbol
    desk.halts.block("not reconciled", "test")
    desk.now_ns += 3_600 * NS_PER_S
    position, net = account.position(strategy, symbol), account.symbol_position(symbol)
    exposure = account.exposure(strategy, symbol)
    total = account.symbol_exposures.get(symbol) or exposure
    side = "sell" if position > 0 else "buy"
    open_own = exposure.selling if position > 0 else exposure.buying
    open_all = total.selling if position > 0 else total.buying
    units = BTCUSDT.quantity(str(quantity))
    same_sign = position * net > 0
    fits = same_sign and open_own + units <= abs(position) and open_all + units <= abs(net)
    reviewed = desk.review(desk.intent(side, str(quantity)), strategy=strategy)
    assert isinstance(reviewed, Accepted) == fits


def lets_exits_pass(ask: Ask, view: View) -> Any:
    """A planted bug: whatever is against the position counts as a reduction."""
    against = (ask.position > 0 and not ask.is_buy) or (ask.position < 0 and ask.is_buy)
    return None if against else halted.check(ask, view)


NO_EXEMPTION = tuple(msgspec.structs.replace(gate, reductions=True) for gate in STANDARD)
reductions = (actions, st.integers(1, 4), st.sampled_from(STRATEGIES))


@given(*reductions)
def test_a_reduction_passes_limits_and_halts_and_cannot_raise_a_position(
    wishes, quantity, strategy
):
    check_reductions(STANDARD, wishes, quantity, strategy=strategy)


@pytest.mark.parametrize("gates", [instead("halt", lets_exits_pass), NO_EXEMPTION])
def test_a_planted_bug_about_reductions_is_caught(gates):
    @QUICK
    @given(*reductions)
    def law(wishes, quantity, strategy):
        check_reductions(gates, wishes, quantity, strategy=strategy)

    with pytest.raises(AssertionError):
        law()
