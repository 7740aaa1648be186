"""Connections that the venue cuts are replaced before that, and nothing is missed (XCH-1)."""

import asyncio
import itertools
from collections import Counter

import pytest

from holdfast.domain.market import DepthDiff, TradePrint
from holdfast.domain.order import NewOrder
from holdfast.domain.ports import WebSocketListener
from holdfast.domain.submission import Acked
from holdfast.domain.venue import CancelAcked, ReportKind
from holdfast.runtime.network import PicowsSocket, SocketNetwork
from holdfast.venues.binance.adapter import BinanceSpot, BinanceUsdm
from holdfast.venues.binance.options import Options, Rotation
from tests.contract.test_venue_binance import HMAC, exchange_process, on_stage
from tests.contract.venue_contract import Stage

CUT = "2s"
ORDERS = 20
OFTEN = Options(
    each_trade=True,
    rotation=Rotation(after_s=0.7, jitter_s=0.1, settle_s=0.3, look_every_s=0.05),
)


class CountedNetwork(SocketNetwork):
    """Counts what is opened, by the beginning of its path."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: Counter[str] = Counter()

    async def websocket(self, url: str, listener: WebSocketListener) -> PicowsSocket:
        self.opened[url.partition("?")[0].split("/", 3)[3]] += 1
        return await super().websocket(url, listener)


async def trade_along(stage: Stage) -> list[NewOrder]:
    """Place and cancel orders for several lives of a connection; gives those that were acked.

    The session of orders has no successor: what it was asked when it is cut may be Unknown.
    """
    sent = []
    for _ in range(ORDERS):
        order = stage.resting()
        if isinstance(await stage.submit(order), Acked):
            canceled = await stage.cancel(order.client_order_id)
            if isinstance(canceled, CancelAcked):
                sent.append(order)
        await asyncio.sleep(0.15)
    return sent


def check(stage: Stage, sent: list[NewOrder]) -> None:
    """Find every message that the venue must have sent, once and in order."""
    heard = stage.heard
    assert heard.lost == []
    assert heard.invalid == []
    assert heard.connected == 1
    trades = [e.trade_id for e in heard.market if isinstance(e, TradePrint)]
    assert trades == list(range(trades[0], trades[-1] + 1))
    diffs = [e for e in heard.market if isinstance(e, DepthDiff)]
    assert len(diffs) > 20
    for before, after in itertools.pairwise(diffs):
        if after.previous_id >= 0:
            assert after.previous_id == before.last_id
        else:
            assert after.first_id == before.last_id + 1
    for order in sent:
        kinds = heard.kinds(order.client_order_id)
        assert kinds == [ReportKind.ACKED, ReportKind.CANCELED]


@pytest.mark.parametrize(
    ("venue_type", "symbol", "paths"),
    [
        (BinanceSpot, "spot:BTCUSDT", ["stream"]),
        (BinanceUsdm, "usdm:BTCUSDT", ["public/stream", "market/stream", "private/ws"]),
    ],
)
def test_a_cut_every_few_seconds_costs_no_message_and_no_comparison(
    venue_type: type[BinanceSpot] | type[BinanceUsdm], symbol: str, paths: list[str]
) -> None:
    network = CountedNetwork()

    async def whole() -> None:
        staged = on_stage(endpoints, HMAC, OFTEN, venue_type=venue_type, network=network)
        async with staged as stage:
            await stage.until(lambda: stage.symbol in stage.heard.tops)
            sent = await trade_along(stage)
            await stage.until(
                lambda: all(len(stage.heard.kinds(o.client_order_id)) == 2 for o in sent)
            )
            assert len(sent) > ORDERS // 2
            check(stage, sent)

    with exchange_process("--symbol", symbol, "--day-cut", CUT) as endpoints:
        asyncio.run(whole())
    assert all(network.opened[path] >= 3 for path in paths), network.opened
