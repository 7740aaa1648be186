"""The account as the venue sees it: the user stream by signature, and queries by REST.

The stream has no replay: after every (re)subscription its owner compares orders, trades and
balances before new risk is allowed, so a message that cannot be read only has to end the
connection.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import Clock, UtcNs
from holdfast.domain.instrument import Instrument
from holdfast.domain.ports import Network
from holdfast.domain.venue import (
    AccountSink,
    BalanceReport,
    IncomeReport,
    OrderReport,
    Pingable,
    PositionReport,
    TradeReport,
)
from holdfast.errors import (
    HoldfastError,
    NotFound,
    VenueTimeout,
    VenueUnavailable,
)
from holdfast.venues.binance.options import Credentials, Endpoints, Options
from holdfast.venues.binance.rest import QuestionRefused, Rest, refusal
from holdfast.venues.binance.signing import signer
from holdfast.venues.binance.stream import StandingSocket
from holdfast.venues.binance.wire import account
from holdfast.venues.binance.wire.replies import OK, ErrorBody, Reply, reply
from holdfast.venues.binance.wire.requests import Params, request, signed
from holdfast.venues.binance.wire.unreadable import Unreadable

Answer = TypeVar("Answer")

SUBSCRIBE = "userDataStream.subscribe.signature"
ORDERS_A_PAGE = 1_000
TRADES_A_PAGE = 1_000
_NO_SUCH_ORDER = (-2013, -2026)
_TIME_CODE = -1021


class BinanceAccountView:
    """The reports and queries of one account; needs a key that may read."""

    def __init__(
        self,
        network: Network,
        clock: Clock,
        *,
        endpoints: Endpoints,
        credentials: Credentials,
        rest: Rest,
        jitter: Callable[[], float],
        options: Options,
    ) -> None:
        self._clock = clock
        self._rest = rest
        self._options = options
        self._api_key = credentials.api_key
        self._signer = signer(credentials)
        self._instruments: dict[Symbol, Instrument] = {}
        self._reported = account.Reported([])
        self._sink: AccountSink | None = None
        self._request_id = 0
        self._subscribed: asyncio.Future[None] | None = None
        self._measuring: asyncio.Task[None] | None = None
        self._socket = StandingSocket(
            network,
            endpoints.ws_api,
            owner=self,
            jitter=jitter,
            silence_limit_s=0 if options.paper_pings else options.silence_limit_s,
        )

    async def start(self, instruments: list[Instrument], sink: AccountSink) -> None:
        """Subscribe to the user stream; returns when it is up, keeps it up until `close`."""
        if not self._options.paper_pings:
            await self._rest.measure_offset()
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._reported = account.Reported(instruments)
        self._sink = sink
        self._subscribed = asyncio.get_running_loop().create_future()
        try:
            await self._socket.open()
            async with asyncio.timeout(self._options.query_timeout_s):
                await self._subscribed
        except TimeoutError as error:
            await self.close()
            raise VenueTimeout("the user stream was not confirmed in time") from error
        except HoldfastError:
            await self.close()
            raise
        finally:
            self._subscribed = None

    async def balances(self) -> list[BalanceReport]:
        """Fetch every non-zero balance."""
        path = "/api/v3/account"
        body = await self._rest.get_signed(path, {"omitZeroBalances": "true"}, weight=20)
        return _readable(account.balances(body), path)

    async def positions(self) -> list[PositionReport]:
        """Spot has no positions beside its balances."""
        return []

    async def income(self, *, after_ns: UtcNs) -> list[IncomeReport]:  # noqa: ARG002
        """Spot has no margin wallet."""
        return []

    async def open_orders(self, symbol: Symbol) -> list[OrderReport]:
        """Fetch the orders that rest."""
        path = "/api/v3/openOrders"
        body = await self._rest.get_signed(path, {"symbol": symbol}, weight=6)
        read = account.orders(
            body, self._instrument(symbol), received_at_ns=self._clock.now_ns()
        )
        return _readable(read, path)

    async def order(self, symbol: Symbol, client_order_id: ClientOrderId) -> OrderReport | None:
        """Fetch one order; None when the venue does not know it, which proves nothing yet."""
        path = "/api/v3/order"
        params: Params = {"symbol": symbol, "origClientOrderId": client_order_id}
        try:
            body = await self._rest.get_signed(path, params, weight=4)
        except QuestionRefused as error:
            if error.code in _NO_SUCH_ORDER:
                return None
            raise
        read = account.order(
            body, self._instrument(symbol), received_at_ns=self._clock.now_ns()
        )
        return _readable(read, path)

    async def orders(self, symbol: Symbol, *, after: VenueOrderId | None) -> list[OrderReport]:
        """Fetch orders of any state after one in order, all pages; None: the newest page."""
        path = "/api/v3/allOrders"
        params: Params = {"symbol": symbol, "limit": ORDERS_A_PAGE}
        found: list[OrderReport] = []
        while True:
            if after is not None:
                params["orderId"] = int(after) + 1
            body = await self._rest.get_signed(path, params, weight=20)
            received_at_ns = self._clock.now_ns()
            read = account.orders(body, self._instrument(symbol), received_at_ns=received_at_ns)
            page = _readable(read, path)
            found += page
            if after is None or len(page) < ORDERS_A_PAGE:
                return found
            after = page[-1].venue_order_id

    async def trades(self, symbol: Symbol, *, after: ExecId | None) -> list[TradeReport]:
        """Fetch executions after a trade id in order, all pages; None means the newest page."""
        path = "/api/v3/myTrades"
        params: Params = {"symbol": symbol, "limit": TRADES_A_PAGE}
        found: list[TradeReport] = []
        while True:
            if after is not None:
                params["fromId"] = int(after) + 1
            body = await self._rest.get_signed(path, params, weight=20)
            page = _readable(account.trades(body, self._instrument(symbol)), path)
            found += page
            if after is None or len(page) < TRADES_A_PAGE:
                return found
            after = page[-1].execution.exec_id

    async def close(self) -> None:
        """Disconnect; idempotent."""
        self._sink = None
        if self._measuring is not None:
            self._measuring.cancel()
        await self._socket.close()
        await self._rest.close()

    def _instrument(self, symbol: Symbol) -> Instrument:
        instrument = self._instruments.get(symbol)
        if instrument is None:
            raise NotFound(f"{symbol!r} is not among the instruments of this session")
        return instrument

    # What the socket says.

    def on_open(self) -> None:
        """Ask for the user stream."""
        self._request_id += 1
        params: Params = {
            "apiKey": self._api_key,
            "recvWindow": self._options.recv_window_ms,
            "timestamp": self._rest.timestamp_ms(),
        }
        keyed = signed(params, self._signer.sign)
        self._socket.send(request(self._request_id, SUBSCRIBE, params=keyed))

    def on_text(self, frame: memoryview) -> None:
        """Hand an event over, or take the answer to the subscription."""
        read = reply(frame)
        if isinstance(read, Unreadable):
            self._socket.reopen(f"unreadable message: {read.reason}")
        elif raw := bytes(read.event):
            self._on_event(raw)
        else:
            self._on_reply(read)

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Answer at once, or in paper mode leave it to the sink."""
        if self._options.paper_pings and self._sink is not None:
            self._sink.on_ping(connection, payload)
        else:
            connection.pong(payload)

    def on_lost(self, reason: str) -> None:
        """Block new risk until the next subscription is compared."""
        if self._subscribed is not None and not self._subscribed.done():
            self._subscribed.set_exception(VenueUnavailable(f"user stream: {reason}"))
        if self._sink is not None:
            self._sink.on_account_lost(reason)

    def _on_event(self, raw: bytes) -> None:
        sink = self._sink
        if sink is None:
            return
        event = account.event(raw, self._reported, received_at_ns=self._clock.now_ns())
        if isinstance(event, OrderReport):
            sink.on_report(event)
            sink.on_frame_end()
        elif isinstance(event, Unreadable):
            self._socket.reopen(f"unreadable event: {event.reason}")
        elif isinstance(event, account.AccountChanged):
            sink.on_account_changed(event.reason)
            sink.on_frame_end()
        elif event is not None:
            self._socket.reopen(event.reason)

    def _on_reply(self, read: Reply) -> None:
        if read.id != self._request_id:
            return
        if read.status == OK:
            self._socket.proven()
            if self._subscribed is not None and not self._subscribed.done():
                self._subscribed.set_result(None)
            if self._sink is not None:
                self._sink.on_account_connected()
            return
        error = read.error or ErrorBody()
        failure = refusal(read.status, error, what="user stream")
        if error.code == _TIME_CODE:
            self._measuring = asyncio.get_running_loop().create_task(self._measure())
            return
        if self._subscribed is not None and not self._subscribed.done():
            self._subscribed.set_exception(failure)
        else:
            self._socket.reopen(str(failure))

    async def _measure(self) -> None:
        """Subscribe again with the venue's time, on the same connection."""
        try:
            await self._rest.measure_offset()
            self.on_open()
        except (HoldfastError, ConnectionError) as error:
            self._socket.reopen(str(error))


def _readable(read: Answer | Unreadable, path: str) -> Answer:
    if isinstance(read, Unreadable):
        raise VenueUnavailable(f"{path}: unreadable answer ({read.reason})")
    return read
