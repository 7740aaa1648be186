"""The spot account as the venue sees it: the user stream by signature, queries by REST."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import Clock, UtcNs
from holdfast.domain.instrument import Instrument
from holdfast.domain.ports import Network
from holdfast.domain.venue import (
    AccountSink,
    BalanceReport,
    IncomeReport,
    OrderReport,
    PositionReport,
    TradeReport,
)
from holdfast.errors import NotFound
from holdfast.venues.binance.entrance import API_CONNECT, Entrance
from holdfast.venues.binance.options import Credentials, Endpoints, Options
from holdfast.venues.binance.paging import readable, rows_after
from holdfast.venues.binance.rest import QuestionRefused, Rest
from holdfast.venues.binance.subscription import SignedSubscription
from holdfast.venues.binance.user_stream import UserStream
from holdfast.venues.binance.user_watch import UserWatch
from holdfast.venues.binance.wire import account

if TYPE_CHECKING:
    from holdfast.venues.binance.wire.requests import Params

ORDERS_A_PAGE = 1_000
TRADES_A_PAGE = 1_000
_NO_SUCH_ORDER = (-2013, -2026)


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
        self._instruments: dict[Symbol, Instrument] = {}
        self._reported = account.Reported([])
        self._stream = UserStream(
            network,
            clock,
            urls=(endpoints.ws_api, *endpoints.other_ws_api),
            subscription=SignedSubscription(
                rest, credentials=credentials, options=options, reported=self._reported
            ),
            measure=rest.measure_offset,
            jitter=jitter,
            gate=Entrance(rest, cost=API_CONNECT),
            options=options,
        )
        self._watch = UserWatch(
            clock,
            queries=self,
            reopen=self._stream.reopen,
            measure=rest.measure_offset,
            venue_now_ns=lambda: clock.now_ns() + rest.offset_ns,
            options=options,
        )
        self._stream.told = self._watch.hear
        self._stream.on_confirmed = lambda: self._watch.begin(self._instruments)

    async def start(self, instruments: list[Instrument], sink: AccountSink) -> None:
        """Subscribe to the user stream; returns when it is up, keeps it up until `close`."""
        if not self._options.paper_pings:
            await self._rest.measure_offset()
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._reported.by_symbol.update(account.Reported(instruments).by_symbol)
        await self._stream.start(sink)
        if not self._options.paper_pings:
            self._watch.start()

    def expect(self, symbol: Symbol) -> None:
        """Learn that something happened to a symbol's orders, which the stream should tell."""
        self._watch.expect(symbol)

    async def balances(self) -> list[BalanceReport]:
        """Fetch every non-zero balance."""
        path = "/api/v3/account"
        body = await self._rest.get_signed(path, {"omitZeroBalances": "true"}, weight=20)
        return readable(account.balances(body), path)

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
        return readable(read, path)

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
        return readable(read, path)

    async def orders(self, symbol: Symbol, *, after: VenueOrderId | None) -> list[OrderReport]:
        """Fetch orders of any state after one in order, all pages; None: the newest page."""
        path = "/api/v3/allOrders"

        async def page(first: int | None) -> list[OrderReport]:
            params: Params = {"symbol": symbol, "limit": ORDERS_A_PAGE}
            if first is not None:
                params["orderId"] = first
            body = await self._rest.get_signed(path, params, weight=20)
            received_at_ns = self._clock.now_ns()
            read = account.orders(body, self._instrument(symbol), received_at_ns=received_at_ns)
            return readable(read, path)

        return await rows_after(
            after, page, id_of=lambda report: report.venue_order_id, size=ORDERS_A_PAGE
        )

    async def trades(self, symbol: Symbol, *, after: ExecId | None) -> list[TradeReport]:
        """Fetch executions after a trade id in order, all pages; None means the newest page."""
        path = "/api/v3/myTrades"

        async def page(first: int | None) -> list[TradeReport]:
            params: Params = {"symbol": symbol, "limit": TRADES_A_PAGE}
            if first is not None:
                params["fromId"] = first
            body = await self._rest.get_signed(path, params, weight=20)
            return readable(account.trades(body, self._instrument(symbol)), path)

        return await rows_after(
            after, page, id_of=lambda trade: trade.execution.exec_id, size=TRADES_A_PAGE
        )

    async def close(self) -> None:
        """Disconnect; idempotent."""
        await self._watch.close()
        await self._stream.close()
        await self._rest.close()

    def _instrument(self, symbol: Symbol) -> Instrument:
        instrument = self._instruments.get(symbol)
        if instrument is None:
            raise NotFound(f"{symbol!r} is not among the instruments of this session")
        return instrument
