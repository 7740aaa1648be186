"""An order entry of either product before a venue that is the test."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from holdfast.domain.instrument import Product
from holdfast.domain.ports import HttpAnswer
from holdfast.testing.clock import START_NS, ManualClock
from holdfast.testing.market import instrument
from holdfast.testing.network import FakeHttp, FakeNetwork, FakeWebSocket
from holdfast.venues.binance.dialect import SPOT, USDM
from holdfast.venues.binance.options import Credentials, Endpoints, Options
from holdfast.venues.binance.order_entry import BinanceOrderEntry
from holdfast.venues.binance.rest import Rest
from tests.unit.venues.binance.sinks import ACCOUNT, KeptOrders

HMAC = Credentials("KEY", "SECRET")
TIME = HttpAnswer(200, {}, b'{"serverTime":%d}' % (START_NS // 10**6))
DIALECTS = {dialect.product: dialect for dialect in (SPOT, USDM)}
Story = Callable[["Desk"], Coroutine[None, None, None]]


class Desk:
    """An order entry, and everything that it wrote and was told."""

    def __init__(
        self,
        credentials: Credentials = HMAC,
        *,
        product: Product = Product.SPOT,
        **options: Any,
    ) -> None:
        self.network = FakeNetwork(self.answer)
        self.clock = ManualClock()
        self.sink = KeptOrders()
        self.product = product
        self.asked_time = 0
        endpoints = Endpoints("https://venue", "wss://venue", "wss://venue/api")
        chosen = Options(silence_limit_s=0, query_timeout_s=5.0, **options)
        self.entry = BinanceOrderEntry(
            self.network,
            self.clock,
            endpoints=endpoints,
            credentials=credentials,
            account=ACCOUNT,
            rest=Rest(
                self.network,
                self.clock,
                origin=endpoints.rest,
                credentials=credentials,
                options=chosen,
                dialect=DIALECTS[product],
            ),
            jitter=lambda: 0.0,
            options=chosen,
        )

    def answer(self, _method: str, target: str) -> HttpAnswer | None:
        if target.partition("?")[0].endswith("/time"):
            self.asked_time += 1
            return TIME
        return None

    async def start(self) -> None:
        await self.entry.start([instrument(product=self.product)], self.sink)

    def leave_http_alone(self) -> None:
        """Let the socket be down and stay down."""
        self.network.refusals = 1_000
        self.socket.drop("gone")

    @property
    def socket(self) -> FakeWebSocket:
        return self.network.sockets[-1]

    @property
    def lines(self) -> list[FakeHttp]:
        """Give the connections that stand by for orders, the one that was asked last first."""
        lines = [
            http
            for http in self.network.https
            if not any("/time" in target for _, target, _ in http.requests)
        ]
        return sorted(lines, key=lambda http: -len(http.requests))

    @property
    def fallback(self) -> FakeHttp:
        return self.lines[0]

    def close_lines(self) -> None:
        """Let every connection that stands by end."""
        for line in self.lines:
            line.close()

    def sent(self, number: int = -1) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.sent[number])
        return message

    def reply(self, status: int, **content: Any) -> None:
        """Answer the newest message of the socket."""
        self.socket.receive(json.dumps({"id": self.sent()["id"], "status": status, **content}))


def run(story: Story, desk: Desk | None = None) -> None:
    """Live a story from the start of an order entry to its end."""

    async def whole() -> None:
        used = desk or Desk()
        await used.start()
        try:
            await story(used)
        finally:
            await used.entry.close()

    asyncio.run(whole())
