"""The USD-M adapter keeps the contract, on sockets before the simulated exchange (XCH-1)."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

import msgspec
import pytest

from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Product
from holdfast.domain.market import MarkPrice
from holdfast.domain.money import PriceUnits
from holdfast.domain.order import OrderType, PositionSide, Side
from holdfast.domain.submission import Acked
from holdfast.domain.venue import ReportKind
from holdfast.venues.binance.adapter import BinanceUsdm, Endpoints
from holdfast.venues.binance.options import Options
from tests.contract.test_venue_binance import ED25519, HMAC, exchange_process, on_stage
from tests.contract.venue_contract import Stage, VenueContract

EACH_TRADE = Options(each_trade=True)


@pytest.fixture(scope="module")
def exchange() -> Iterator[Endpoints]:
    """Share one exchange among the cases."""
    with exchange_process("--symbol", "usdm:BTCUSDT") as endpoints:
        yield endpoints


class TestUsdmWithHmac(VenueContract):
    @pytest.fixture(autouse=True)
    def _exchange(self, exchange: Endpoints) -> None:
        self.endpoints = exchange

    def stage(self) -> AbstractAsyncContextManager[Stage]:
        return on_stage(self.endpoints, HMAC, EACH_TRADE, venue_type=BinanceUsdm)

    def test_20_a_contract_is_linear_and_its_mark_price_comes(self) -> None:
        async def case(stage: Stage) -> None:
            assert stage.instrument.product is Product.LINEAR
            await stage.until(lambda: any(isinstance(e, MarkPrice) for e in stage.heard.market))
            heard = next(e for e in stage.heard.market if isinstance(e, MarkPrice))
            asked = await stage.market_data.mark(stage.symbol)
            assert asked.next_funding_at_ns == heard.next_funding_at_ns > asked.venue_at_ns
            assert abs(asked.mark - heard.mark) < heard.mark // 100

        self.run(case)

    def test_21_a_position_grows_by_what_was_filled_and_the_wallet_only_by_profit(self) -> None:
        async def case(stage: Stage) -> None:
            view, began_ns = stage.account_view, stage.top.venue_at_ns

            async def held() -> int:
                return sum(p.quantity for p in await view.positions())

            before = await held()
            order = stage.order(Side.BUY, stage.top.ask, market=True)
            assert isinstance(await stage.submit(order), Acked)
            await stage.until(
                lambda: ReportKind.FILLED in stage.heard.kinds(order.client_order_id)
            )
            assert await held() == before + order.quantity
            (position,) = await view.positions()
            assert position.position_side is PositionSide.BOTH
            assert position.leverage >= 1
            assert float(position.entry_price) > 0
            assert await view.income(after_ns=UtcNs(began_ns)) == []

        self.run(case)

    def test_22_a_stop_waits_in_its_own_book_and_is_found_by_its_id(self) -> None:
        async def case(stage: Stage) -> None:
            far = stage.instrument.round_price(stage.top.bid // 2, "down")
            stop = msgspec.structs.replace(
                stage.resting(),
                side=Side.SELL,
                order_type=OrderType.STOP_MARKET,
                price=PriceUnits(0),
                price_text="0",
                trigger_price=far,
            )
            assert isinstance(await stage.submit(stop), Acked)
            await stage.until(lambda: bool(stage.heard.kinds(stop.client_order_id)))
            resting = await stage.account_view.open_orders(stage.symbol)
            (waits,) = [o for o in resting if o.client_order_id == stop.client_order_id]
            assert (waits.order_type, waits.trigger_price) == (OrderType.STOP_MARKET, far)
            found = await stage.account_view.order(stage.symbol, stop.client_order_id)
            assert found is not None
            assert (found.kind, found.venue_order_id) == (
                ReportKind.ACKED,
                waits.venue_order_id,
            )
            every = await stage.account_view.orders(stage.symbol, after=None)
            assert stop.client_order_id not in [o.client_order_id for o in every]

        self.run(case)


class TestUsdmWithEd25519(TestUsdmWithHmac):
    test_16_bars_are_closed_aligned_and_joined_from_shorter_ones = None  # asked without a key

    def stage(self) -> AbstractAsyncContextManager[Stage]:
        return on_stage(self.endpoints, ED25519, venue_type=BinanceUsdm)
