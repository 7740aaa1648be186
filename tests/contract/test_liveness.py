"""A socket that is up and mute is found by what it should have said, in 5 s (XCH-2)."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from holdfast.domain.market import BookTop
from holdfast.domain.submission import Acked
from holdfast.venues.binance.adapter import BinanceSpot, BinanceUsdm
from tests.contract.test_venue_binance import HMAC, exchange_process, on_stage
from tests.contract.venue_contract import Heard, Stage

SEEN_WITHIN_S = 5.0
PRODUCTS = [(BinanceSpot, "spot:BTCUSDT"), (BinanceUsdm, "usdm:BTCUSDT")]
Case = Callable[[Stage], Awaitable[None]]
both_products = pytest.mark.parametrize(("venue_type", "symbol"), PRODUCTS)


def with_fault(
    tmp_path: Path,
    case: Case,
    *,
    venue_type: type[BinanceSpot] | type[BinanceUsdm],
    symbol: str,
    **fault: object,
) -> None:
    """Play a case before an exchange with one fault."""
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps({"fault": [fault]}))

    async def whole() -> None:
        async with on_stage(endpoints, HMAC, venue_type=venue_type) as stage:
            await stage.until(lambda: stage.symbol in stage.heard.tops)
            await case(stage)

    with exchange_process("--symbol", symbol, "--faults", str(faults)) as endpoints:
        asyncio.run(whole())


@both_products
def test_a_user_stream_that_does_not_tell_of_an_order_is_replaced(
    tmp_path: Path, venue_type: type[BinanceSpot] | type[BinanceUsdm], symbol: str
) -> None:
    async def case(stage: Stage) -> None:
        order = stage.resting()
        assert isinstance(await stage.submit(order), Acked)
        since = time.monotonic()
        await stage.until(lambda: bool(stage.heard.lost))
        assert "the user stream is mute" in stage.heard.lost[0]
        assert order.client_order_id in stage.heard.lost[0]
        assert time.monotonic() - since < SEEN_WITHIN_S
        await stage.until(lambda: stage.heard.connected == 2)
        await stage.end(order)

    with_fault(
        tmp_path,
        case,
        venue_type=venue_type,
        symbol=symbol,
        kind="user_stream_silent",
        **{"for": "4s"},
    )


@both_products
def test_a_market_that_moves_on_without_its_stream_is_seen(
    tmp_path: Path, venue_type: type[BinanceSpot] | type[BinanceUsdm], symbol: str
) -> None:
    async def case(stage: Stage) -> None:
        heard, last = stage.heard, time.monotonic()

        def is_seen() -> bool:
            nonlocal last, count
            if _tops(heard) > count and not heard.invalid:
                last, count = time.monotonic(), _tops(heard)
            return bool(heard.invalid)

        count = 0
        await stage.until(is_seen)
        assert "mute" in heard.invalid[0]
        assert time.monotonic() - last < SEEN_WITHIN_S
        count = len(heard.market)
        await stage.until(lambda: len(heard.market) > count + 5)

    with_fault(
        tmp_path,
        case,
        venue_type=venue_type,
        symbol=symbol,
        kind="market_silent",
        after=200,
        **{"for": "7s"},
    )


def _tops(heard: Heard) -> int:
    return sum(isinstance(event, BookTop) for event in heard.market)


def test_a_listen_key_that_expires_is_replaced_and_the_account_compared(
    tmp_path: Path,
) -> None:
    async def case(stage: Stage) -> None:
        await stage.until(lambda: stage.heard.connected == 2)
        assert len(stage.heard.lost) == 1
        order = stage.resting()
        assert isinstance(await stage.submit(order), Acked)
        await stage.until(lambda: bool(stage.heard.kinds(order.client_order_id)))
        await stage.end(order)

    with_fault(
        tmp_path,
        case,
        venue_type=BinanceUsdm,
        symbol="usdm:BTCUSDT",
        kind="listen_key_expired",
        **{"from": "2s"},
    )
