"""Every order type, list and replacement through the adapter, before the simulated exchange.

Real sockets and signatures; both products. What is sent is acked, reported under its own id
with its terms, found by query with the same terms, and canceled where it is (XCH-10).
"""

import asyncio
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
import pytest

from holdfast.domain.money import PriceUnits
from holdfast.domain.order import (
    NewOrder,
    OrderType,
    Side,
    TimeInForce,
    TriggerPrice,
)
from holdfast.domain.submission import Acked, Rejected
from holdfast.domain.venue import (
    CancelAcked,
    CancelAnswer,
    CancelOrder,
    CancelRefused,
    OrderReport,
    ReportKind,
)
from holdfast.venues.binance.adapter import BinanceSpot, BinanceUsdm, Endpoints
from holdfast.venues.binance.options import Options
from tests.contract.test_venue_binance import ED25519, HMAC, exchange_process, on_stage
from tests.contract.venue_contract import Stage

EACH_TRADE = Options(each_trade=True)
STOP_KINDS = (
    OrderType.STOP_MARKET,
    OrderType.STOP_LIMIT,
    OrderType.TAKE_PROFIT_MARKET,
    OrderType.TAKE_PROFIT_LIMIT,
)
PRICED = (OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_LIMIT)
Case = Callable[[Stage], Awaitable[None]]
Venue = type[BinanceSpot] | type[BinanceUsdm]


@pytest.fixture(scope="module")
def spot() -> Iterator[Endpoints]:
    with exchange_process() as endpoints:
        yield endpoints


@pytest.fixture(scope="module")
def usdm() -> Iterator[Endpoints]:
    with exchange_process("--symbol", "usdm:BTCUSDT") as endpoints:
        yield endpoints


@pytest.fixture(params=["hmac", "ed25519"])
def on_spot(request: pytest.FixtureRequest, spot: Endpoints) -> Callable[[Case], None]:
    return _player(spot, BinanceSpot, is_ed25519=request.param == "ed25519")


@pytest.fixture(params=["hmac", "ed25519"])
def on_usdm(request: pytest.FixtureRequest, usdm: Endpoints) -> Callable[[Case], None]:
    return _player(usdm, BinanceUsdm, is_ed25519=request.param == "ed25519")


def _player(
    endpoints: Endpoints, venue_type: Venue, *, is_ed25519: bool
) -> Callable[[Case], None]:
    key = ED25519 if is_ed25519 else HMAC

    def play(case: Case) -> None:
        async def whole() -> None:
            stage = on_stage(endpoints, key, EACH_TRADE, venue_type=venue_type)
            async with stage as opened:
                await opened.until(lambda: opened.symbol in opened.heard.tops)
                await case(opened)

        asyncio.run(whole())

    return play


def changed(order: NewOrder, **changes: Any) -> NewOrder:
    return msgspec.structs.replace(order, **changes)


def away(stage: Stage, percent: int) -> PriceUnits:
    """Give a price so many percent above the best bid, on the tick."""
    return stage.instrument.round_price(stage.top.bid * (100 + percent) // 100, "down")


def conditional(stage: Stage, kind: OrderType, side: Side) -> NewOrder:
    """Make an order whose trigger no trade will reach soon."""
    is_stop = kind in (OrderType.STOP_MARKET, OrderType.STOP_LIMIT)
    is_above = is_stop is (side is Side.BUY)
    trigger = away(stage, 4 if is_above else -4)
    order = stage.order(side, trigger, market=kind not in PRICED)
    return changed(order, order_type=kind, trigger_price=trigger)


def reports_of(stage: Stage, order: NewOrder) -> list[OrderReport]:
    return [r for r in stage.heard.reports if r.client_order_id == order.client_order_id]


async def place(stage: Stage, order: NewOrder) -> OrderReport:
    """Submit, and give the first report after checking what everybody says of the order."""
    answer = await stage.submit(order)
    assert isinstance(answer, Acked), answer
    await stage.until(lambda: bool(reports_of(stage, order)))
    report = reports_of(stage, order)[0]
    found = await stage.account_view.order(stage.symbol, order.client_order_id)
    assert found is not None
    for said in (report, found):
        assert said.kind is ReportKind.ACKED
        assert said.venue_order_id == answer.venue_order_id
        assert (said.side, said.quantity, said.price) == (
            order.side, order.quantity, order.price,
        )  # fmt: skip
        assert (said.order_type, said.time_in_force) == (
            order.order_type, order.time_in_force,
        )  # fmt: skip
    return report


async def cancel(stage: Stage, order: NewOrder) -> CancelAnswer:
    """Cancel as a trader does, naming the type and the newest id of the venue."""
    told = reports_of(stage, order)
    wish = CancelOrder(
        stage.symbol,
        order.client_order_id,
        order.order_type,
        told[-1].venue_order_id if told else "",  # type: ignore[arg-type]
    )
    stage.order_entry.cancel(wish)
    await stage.until(lambda: order.client_order_id in stage.heard.cancels)
    return stage.heard.cancels[order.client_order_id][0]


async def end(stage: Stage, *orders: NewOrder) -> None:
    """Cancel the first order, and see all of them end."""
    assert await cancel(stage, orders[0]) == CancelAcked(0)  # type: ignore[arg-type]
    for order in orders:
        await stage.until(
            lambda name=order.client_order_id: (  # type: ignore[misc]
                ReportKind.CANCELED in stage.heard.kinds(name)
            )
        )


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("kind", STOP_KINDS)
def test_a_conditional_order_of_spot_waits_and_is_canceled(
    on_spot: Callable[[Case], None], kind: OrderType, side: Side
) -> None:
    async def case(stage: Stage) -> None:
        order = conditional(stage, kind, side)
        report = await place(stage, order)
        assert report.trigger_price == order.trigger_price
        await end(stage, order)

    on_spot(case)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("kind", STOP_KINDS)
def test_a_conditional_order_of_usdm_waits_in_its_own_book_and_is_canceled_there(
    on_usdm: Callable[[Case], None], kind: OrderType, side: Side
) -> None:
    async def case(stage: Stage) -> None:
        order = changed(conditional(stage, kind, side), trigger_by=TriggerPrice.MARK)
        report = await place(stage, order)
        assert report.trigger_price == order.trigger_price
        assert report.venue_order_id.startswith("algo:")
        await end(stage, order)

    on_usdm(case)


@pytest.mark.parametrize("has_start", [False, True])
def test_a_trailing_stop_is_taken_by_both_products(
    on_spot: Callable[[Case], None], on_usdm: Callable[[Case], None], has_start: bool
) -> None:
    """A sell begins to trail below the market at spot, above it at USD-M."""

    def trails_from(percent: int) -> Case:
        async def case(stage: Stage) -> None:
            order = changed(
                stage.order(Side.SELL, stage.top.bid, market=True),
                order_type=OrderType.TRAILING_STOP,
                callback_bps=500,
                activation_price=away(stage, percent) if has_start else PriceUnits(0),
            )
            await place(stage, order)
            await end(stage, order)

        return case

    on_spot(trails_from(-4))
    on_usdm(trails_from(4))


def test_post_only_rests_and_is_refused_or_expires_where_it_would_take(
    on_spot: Callable[[Case], None], on_usdm: Callable[[Case], None]
) -> None:
    async def case(stage: Stage) -> None:
        maker = changed(stage.resting(), order_type=OrderType.LIMIT_MAKER)
        await place(stage, maker)
        await end(stage, maker)
        taker = changed(stage.order(Side.BUY, away(stage, 2)), order_type=OrderType.LIMIT_MAKER)
        answer = await stage.submit(taker)
        if isinstance(answer, Acked):
            await stage.until(
                lambda: ReportKind.EXPIRED in stage.heard.kinds(taker.client_order_id)
            )
        else:
            assert isinstance(answer, Rejected)
        assert ReportKind.FILLED not in stage.heard.kinds(taker.client_order_id)

    on_spot(case)
    on_usdm(case)


@pytest.mark.parametrize("time_in_force", [TimeInForce.IOC, TimeInForce.FOK])
def test_what_may_not_rest_expires_when_it_cannot_trade(
    on_spot: Callable[[Case], None],
    on_usdm: Callable[[Case], None],
    time_in_force: TimeInForce,
) -> None:
    async def case(stage: Stage) -> None:
        order = changed(stage.resting(), time_in_force=time_in_force)
        answer = await stage.submit(order)
        if isinstance(answer, Acked):
            await stage.until(
                lambda: ReportKind.EXPIRED in stage.heard.kinds(order.client_order_id)
            )
            (ended,) = [r for r in reports_of(stage, order) if r.kind is ReportKind.EXPIRED]
            assert (ended.time_in_force, ended.cum_quantity) == (time_in_force, 0)
        else:
            assert isinstance(answer, Rejected)
            assert time_in_force is TimeInForce.FOK

    on_spot(case)
    on_usdm(case)


def test_an_iceberg_shows_part_of_itself(on_spot: Callable[[Case], None]) -> None:
    async def case(stage: Stage) -> None:
        order = stage.resting()
        shown = stage.instrument.floor_quantity(order.quantity // 2)
        await place(stage, iceberg := changed(order, display_quantity=shown))
        await end(stage, iceberg)

    on_spot(case)


def test_an_order_of_usdm_can_be_good_till_a_date(on_usdm: Callable[[Case], None]) -> None:
    async def case(stage: Stage) -> None:
        till_ns = stage.top.venue_at_ns + 3_600 * 10**9
        order = changed(stage.resting(), time_in_force=TimeInForce.GTD, good_till_ns=till_ns)
        await place(stage, order)
        await end(stage, order)

    on_usdm(case)


def test_a_reduce_only_order_without_a_position_is_refused(
    on_usdm: Callable[[Case], None],
) -> None:
    async def case(stage: Stage) -> None:
        held = sum(p.quantity for p in await stage.account_view.positions())
        side = Side.SELL if held <= 0 else Side.BUY
        price = away(stage, 2 if side is Side.SELL else -2)
        answer = await stage.submit(changed(stage.order(side, price), reduce_only=True))
        assert isinstance(answer, Rejected)
        assert answer.code == -2022

    on_usdm(case)


def exit_pair(stage: Stage, contingency: str, list_id: str) -> tuple[NewOrder, NewOrder]:
    stop = conditional(stage, OrderType.STOP_LIMIT, Side.SELL)
    taking = changed(stage.order(Side.SELL, away(stage, 4)), order_type=OrderType.LIMIT_MAKER)
    shared = {"order_list_id": list_id, "contingency": contingency}
    return changed(stop, **shared), changed(
        taking, **shared, quantity=stop.quantity, quantity_text=stop.quantity_text
    )


async def place_list(stage: Stage, orders: tuple[NewOrder, ...]) -> None:
    stage.order_entry.submit_list(orders)
    for order in orders:
        await stage.until(lambda name=order.client_order_id: name in stage.heard.answers)  # type: ignore[misc]
        (answer,) = stage.heard.answers[order.client_order_id]
        assert isinstance(answer, Acked), answer
        await stage.until(lambda order=order: bool(reports_of(stage, order)))  # type: ignore[misc]
        assert reports_of(stage, order)[0].venue_order_id == answer.venue_order_id
    assert len({reports_of(stage, order)[0].order_list_id for order in orders} - {""}) == 1


def test_two_orders_that_exclude_each_other_end_together(
    on_spot: Callable[[Case], None],
) -> None:
    async def case(stage: Stage) -> None:
        pair = exit_pair(stage, "OCO", f"L{stage.resting().client_order_id}")
        await place_list(stage, pair)
        await end(stage, *pair)

    on_spot(case)


@pytest.mark.parametrize("contingency", ["OTO", "OTOCO"])
def test_orders_that_wait_for_another_end_with_it(
    on_spot: Callable[[Case], None], contingency: str
) -> None:
    async def case(stage: Stage) -> None:
        first = stage.resting()
        pair = exit_pair(stage, contingency, f"L{first.client_order_id}")
        working = changed(first, order_list_id=pair[0].order_list_id, contingency=contingency)
        waiting = pair if contingency == "OTOCO" else pair[:1]
        await place_list(stage, (working, *waiting))
        await end(stage, working, *waiting)

    on_spot(case)


def test_a_list_that_the_filters_refuse_is_rejected_whole(
    on_spot: Callable[[Case], None],
) -> None:
    async def case(stage: Stage) -> None:
        pair = exit_pair(stage, "OCO", f"L{stage.resting().client_order_id}")
        fine = tuple(changed(one, quantity_text="0.00000001") for one in pair)
        stage.order_entry.submit_list(fine)
        await stage.until(lambda: pair[1].client_order_id in stage.heard.answers)
        for one in fine:
            (answer,) = stage.heard.answers[one.client_order_id]
            assert isinstance(answer, Rejected)

    on_spot(case)


def test_an_order_takes_the_place_of_another(on_spot: Callable[[Case], None]) -> None:
    async def case(stage: Stage) -> None:
        old, fresh = stage.resting(), stage.resting()
        await place(stage, old)
        stage.order_entry.replace(CancelOrder(stage.symbol, old.client_order_id), fresh)
        await stage.until(lambda: fresh.client_order_id in stage.heard.answers)
        assert stage.heard.cancels[old.client_order_id] == [CancelAcked(0)]  # type: ignore[arg-type]
        assert isinstance(stage.heard.answers[fresh.client_order_id][0], Acked)
        await stage.until(lambda: ReportKind.CANCELED in stage.heard.kinds(old.client_order_id))
        again = stage.resting()
        stage.order_entry.replace(CancelOrder(stage.symbol, old.client_order_id), again)
        await stage.until(lambda: again.client_order_id in stage.heard.answers)
        refused = stage.heard.cancels[old.client_order_id][1]
        assert isinstance(refused, CancelRefused)
        assert refused.code == -2011
        assert isinstance(stage.heard.answers[again.client_order_id][0], Rejected)
        await end(stage, fresh)

    on_spot(case)


def test_a_replacement_whose_order_is_refused_has_canceled_all_the_same(
    on_spot: Callable[[Case], None],
) -> None:
    async def case(stage: Stage) -> None:
        old = stage.resting()
        await place(stage, old)
        taker = changed(stage.order(Side.BUY, away(stage, 2)), order_type=OrderType.LIMIT_MAKER)
        stage.order_entry.replace(CancelOrder(stage.symbol, old.client_order_id), taker)
        await stage.until(lambda: taker.client_order_id in stage.heard.answers)
        assert stage.heard.cancels[old.client_order_id] == [CancelAcked(0)]  # type: ignore[arg-type]
        (answer,) = stage.heard.answers[taker.client_order_id]
        assert isinstance(answer, Rejected)
        assert answer.code == -2010

    on_spot(case)


def trigger(rest: str) -> None:
    """Have the simulated exchange trigger the account's oldest waiting stop."""
    act = b'{"kind": "algo_triggered", "account": "demo", "symbol": "BTCUSDT"}'
    request = urllib.request.Request(f"{rest}/sim/do", data=act, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def test_a_triggered_stop_of_usdm_fills_under_its_own_id(
    on_usdm: Callable[[Case], None], usdm: Endpoints
) -> None:
    async def case(stage: Stage) -> None:
        far = away(stage, 4)
        order = changed(
            stage.order(Side.BUY, far, market=True),
            order_type=OrderType.STOP_MARKET,
            trigger_price=far,
        )
        assert isinstance(await stage.submit(order), Acked)
        await asyncio.to_thread(trigger, usdm.rest)
        await stage.until(lambda: ReportKind.FILLED in stage.heard.kinds(order.client_order_id))
        filled = [r for r in reports_of(stage, order) if r.kind is ReportKind.FILLED][-1]
        assert filled.order_type is OrderType.STOP_MARKET
        assert filled.venue_order_id.isdecimal()
        found = await stage.account_view.order(stage.symbol, order.client_order_id)
        assert found is not None
        assert found.venue_order_id == filled.venue_order_id
        trades = await stage.account_view.trades(stage.symbol, after=None)
        assert filled.venue_order_id in [trade.venue_order_id for trade in trades]

    on_usdm(case)
