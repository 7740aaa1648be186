"""What is said of an order is true at the venue, whatever became of the answer (XCH-6).

Many orders at once, before an exchange that loses, delays and falsifies answers by a seed: what
was acked is there, what was rejected never is, and nothing is there twice. Orders go by the
WebSocket API, or by HTTP behind a door that was shut.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from holdfast.domain.instant import NS_PER_S
from holdfast.domain.order import NewOrder
from holdfast.domain.submission import Acked, Rejected, Unknown
from holdfast.domain.venue import CancelAcked, CancelRefused, ReportKind
from holdfast.venues.binance.adapter import BinanceSpot, BinanceUsdm, Endpoints
from holdfast.venues.binance.options import Options
from tests.contract.test_venue_binance import HMAC, exchange_process, on_stage
from tests.contract.venue_contract import Stage

ORDERS = 48
PATIENT = Options(answer_timeout_ns=NS_PER_S, each_trade=True)
BY_ORDER = (
    "order_answer_lost", "order_unknown_1007", "order_503", "order_5xx",
    "order_408", "order_unavailable_503", "order_throttled_1008", "event_before_ack",
)  # fmt: skip
BY_HTTP = ("html_403", "html_502", "half_answer", "request_reset")
UNKNOWN_ORDER = -2011
CODES = (-1000, -1001, -1006, -1013, -1021, -1022, -2010)
VENUES: dict[str, tuple[type[BinanceSpot] | type[BinanceUsdm], str, tuple[str, ...]]] = {
    "spot": (BinanceSpot, "/api/v3/order", ()),
    "usdm": (BinanceUsdm, "/fapi/v1/order", ("--symbol", "usdm:BTCUSDT")),
}


class Door:
    """A way to the WebSocket API that can be shut for good."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"ws://127.0.0.1:{port}{self._url.path}"

    async def shut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass(self, here: asyncio.StreamReader, there: asyncio.StreamWriter) -> None:
        source, sink = await asyncio.open_connection(self._url.hostname, self._url.port)
        self._writers += [there, sink]
        for ends in ((here, sink), (source, there)):
            task = asyncio.get_running_loop().create_task(self._pump(*ends))
            self._tasks.add(task)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65_536):
                sink.write(data)
        sink.close()


@asynccontextmanager
async def trading(endpoints: Endpoints, name: str, way: str) -> AsyncIterator[Stage]:
    """Open a stage whose orders go the named way."""
    venue_type = VENUES[name][0]
    door = Door(endpoints.ws_api)
    if way == "http":
        endpoints = msgspec.structs.replace(endpoints, ws_api=await door.open())
    async with on_stage(endpoints, HMAC, PATIENT, venue_type=venue_type) as stage:
        await stage.until(lambda: stage.symbol in stage.heard.tops)
        if way == "http":
            await door.shut()
            await asyncio.sleep(0.1)
        yield stage


def faults(path: str, way: str) -> list[dict[str, object]]:
    """Give what goes wrong, all of it at the requests of orders."""
    endpoint = f"POST {path}" if way == "http" else "order.place"
    listed: list[dict[str, object]] = [
        {"kind": kind, "probability": 0.12, "count": 3} for kind in BY_ORDER
    ]
    listed.append(
        {"kind": "order_late_1007", "probability": 0.12, "count": 3, "delay": "300ms"}
    )
    listed += [
        {
            "kind": "request_refused",
            "code": code,
            "endpoint": endpoint,
            "probability": 0.1,
            "count": 1,
        }
        for code in CODES
    ]
    listed.append({"kind": "answer_lost", "endpoint": endpoint, "probability": 0.1, "count": 2})
    if way == "http":
        listed += [
            {"kind": kind, "endpoint": endpoint, "probability": 0.2, "count": 2}
            for kind in BY_HTTP
        ]
    return listed


async def settled(stage: Stage, order: NewOrder) -> bool:
    """Ask whether the venue has an order, once its fate is certain to be decided."""
    for _ in range(2):
        if await stage.account_view.order(stage.symbol, order.client_order_id) is not None:
            return True
        await asyncio.sleep(0.02)
    return False


async def check_cancel(stage: Stage, order: NewOrder) -> None:
    """Cancel what rests, and hold what is said of the cancel against what rests then."""
    before = await stage.account_view.order(stage.symbol, order.client_order_id)
    if before is None or before.kind is not ReportKind.ACKED:
        return
    answer = await stage.cancel(order.client_order_id)
    after = await stage.account_view.order(stage.symbol, order.client_order_id)
    assert after is not None
    if isinstance(answer, CancelAcked):
        assert after.kind is ReportKind.CANCELED
        assert after.cum_quantity == answer.cum_quantity
    elif isinstance(answer, CancelRefused) and answer.code != UNKNOWN_ORDER:
        assert after.kind is ReportKind.ACKED, answer


@pytest.mark.parametrize("way", ["socket", "http"])
@pytest.mark.parametrize("name", sorted(VENUES))
def test_what_is_said_of_an_order_is_true_at_the_venue(
    tmp_path: Path, name: str, way: str
) -> None:
    _, path, arguments = VENUES[name]
    file = tmp_path / "faults.json"
    file.write_text(json.dumps({"fault": faults(path, way)}))
    seen: Counter[tuple[str, bool]] = Counter()

    async def whole(endpoints: Endpoints) -> None:
        async with trading(endpoints, name, way) as stage:
            answers = stage.heard.answers
            orders = []
            for _ in range(ORDERS):
                orders.append(order := stage.resting())
                stage.order_entry.submit(order)
                await asyncio.sleep(0.02)
            await stage.until(lambda: len(answers) == ORDERS)
            await asyncio.sleep(0.5)
            for order in orders:
                (answer,) = answers[order.client_order_id]
                lives = await settled(stage, order)
                seen[type(answer).__name__, lives] += 1
                assert not isinstance(answer, Acked) or lives, order.client_order_id
                assert not isinstance(answer, Rejected) or not lives, answer
            for order in orders:
                await check_cancel(stage, order)
            known = Counter(
                found.client_order_id
                for found in await stage.account_view.orders(stage.symbol, after=None)
            )
            assert not known or max(known.values()) == 1

    with exchange_process("--faults", str(file), *arguments) as endpoints:
        asyncio.run(whole(endpoints))
    assert seen["Acked", True] > 0, seen
    assert seen["Rejected", False] > 0, seen
    assert seen["Unknown", True] > 0, seen
    assert seen["Unknown", False] > 0, seen
    assert {kind for kind, _ in seen} == {Acked.__name__, Rejected.__name__, Unknown.__name__}
