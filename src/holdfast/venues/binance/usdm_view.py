"""The USD-M account as the venue sees it: the user stream by listen key, and queries by REST.

Conditional orders live in a book of their own, so orders are asked for in both. Windows and
limits of the history are those of the documents: trades by id without times, movements of the
wallet in windows of seven days for at most three months.
"""

from collections.abc import Callable, Sequence

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import NS_PER_MS, NS_PER_S, Clock, UtcNs
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
from holdfast.errors import NotFound, VenueUnavailable
from holdfast.venues.binance.dialect import USDM
from holdfast.venues.binance.entrance import Entrance
from holdfast.venues.binance.options import Endpoints, Options
from holdfast.venues.binance.paging import readable, rows_after
from holdfast.venues.binance.rest import QuestionRefused, Rest
from holdfast.venues.binance.subscription import ListenKey, UserEvent
from holdfast.venues.binance.user_stream import UserStream
from holdfast.venues.binance.user_watch import UserWatch
from holdfast.venues.binance.wire import usdm_account, usdm_orders
from holdfast.venues.binance.wire.account import Reported
from holdfast.venues.binance.wire.instruments import listing
from holdfast.venues.binance.wire.requests import Params
from holdfast.venues.binance.wire.stops import TriggeredStops
from holdfast.venues.binance.wire.unreadable import Unreadable

ROWS_A_PAGE = 1_000
WINDOW_NS = 7 * 86_400 * NS_PER_S
REMEMBERED_NS = 89 * 86_400 * NS_PER_S
_NO_SUCH_ORDER = (-2013, -2026)


class UsdmAccountView:
    """The reports and queries of one account; needs a key that may read."""

    def __init__(
        self,
        network: Network,
        clock: Clock,
        *,
        endpoints: Endpoints,
        rest: Rest,
        jitter: Callable[[], float],
        options: Options,
    ) -> None:
        self._clock = clock
        self._rest = rest
        self._options = options
        self._instruments: dict[Symbol, Instrument] = {}
        self._contracts: dict[Symbol, Instrument] = {}
        self._reported = Reported([])
        self._stops = TriggeredStops()
        self._taught: set[Symbol] = set()
        self._key = ListenKey(
            rest,
            clock,
            reported=self._reported,
            stops=self._stops,
            on_gone=self._on_gone,
            on_release=self._on_release,
        )
        self._stream = UserStream(
            network,
            clock,
            urls=endpoints.stream_origins,
            subscription=self._key,
            measure=rest.measure_offset,
            jitter=jitter,
            gate=Entrance(rest),
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
        self._stream.on_confirmed = self._on_confirmed

    async def start(self, instruments: list[Instrument], sink: AccountSink) -> None:
        """Subscribe to the user stream; returns when it is up, keeps it up until `close`."""
        if not self._options.paper_pings:
            await self._rest.measure_offset()
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._reported.by_symbol.update(Reported(instruments).by_symbol)
        await self._stream.start(sink)
        if not self._options.paper_pings:
            self._watch.start()

    def expect(self, symbol: Symbol) -> None:
        """Learn that something happened to a symbol's orders, which the stream should tell."""
        self._watch.expect(symbol)

    async def balances(self) -> list[BalanceReport]:
        """Fetch every wallet that is not empty."""
        path = "/fapi/v3/balance"
        return readable(usdm_account.balances(await self._ask(path, {}, weight=5)), path)

    async def positions(self) -> list[PositionReport]:
        """Fetch every position that is not flat, also of symbols that are not traded here.

        What is held and not known may have been listed meanwhile, so that is asked once more.
        """
        path, config = "/fapi/v3/positionRisk", "/fapi/v1/symbolConfig"
        contracts = await self._all_contracts()
        asked = usdm_account.symbol_settings(await self._ask(config, {}, weight=5))
        settings = readable(asked, config)
        body = await self._ask(path, {}, weight=5)
        read = usdm_account.positions(body, contracts, settings=settings)
        if isinstance(read, Unreadable):
            self._contracts.clear()
            contracts = await self._all_contracts()
            read = usdm_account.positions(body, contracts, settings=settings)
        return readable(read, path)

    async def is_hedge(self) -> bool:
        """Ask whether long and short positions are held apart."""
        path = "/fapi/v1/positionSide/dual"
        return readable(usdm_account.is_hedge(await self._ask(path, {}, weight=30)), path)

    async def income(self, *, after_ns: UtcNs) -> list[IncomeReport]:
        """Fetch movements of the wallet after an instant but those of executions, in order."""
        now_ns = self._clock.now_ns() + self._rest.offset_ns
        start_ns = max(after_ns, now_ns - REMEMBERED_NS)
        found: dict[tuple[str, str], IncomeReport] = {}
        while start_ns <= now_ns:
            end_ns = min(start_ns + WINDOW_NS, now_ns)
            rows = await self._income(start_ns, end_ns)
            fresh = {(r.kind, r.tran_id): r for r in rows if (r.kind, r.tran_id) not in found}
            found |= fresh
            if len(rows) < ROWS_A_PAGE:
                start_ns = end_ns + NS_PER_MS
                continue
            if not fresh:
                raise VenueUnavailable(f"more than {ROWS_A_PAGE} movements in one millisecond")
            start_ns = rows[-1].venue_at_ns
        return [
            row
            for row in sorted(found.values(), key=lambda row: row.venue_at_ns)
            if row.venue_at_ns > after_ns and row.kind not in usdm_account.OF_EXECUTIONS
        ]

    async def open_orders(self, symbol: Symbol) -> list[OrderReport]:
        """Fetch the orders that rest and the conditional ones that wait."""
        waiting = await self._algos("/fapi/v1/openAlgoOrders", symbol, weight=1)
        path = "/fapi/v1/openOrders"
        body = await self._ask(path, {"symbol": symbol}, weight=1)
        return waiting + self._orders(body, symbol, path)

    async def order(self, symbol: Symbol, client_order_id: ClientOrderId) -> OrderReport | None:
        """Fetch one order, plain or conditional; None when the venue knows neither."""
        plain = await self._order(symbol, {"origClientOrderId": client_order_id})
        return plain or await self._algo(symbol, client_order_id)

    async def orders(self, symbol: Symbol, *, after: VenueOrderId | None) -> list[OrderReport]:
        """Fetch plain orders of any state after one in order, all pages; None: the newest."""
        path = "/fapi/v1/allOrders"
        if symbol not in self._taught:
            await self._algos("/fapi/v1/allAlgoOrders", symbol, weight=5)
            self._taught.add(symbol)

        async def page(first: int | None) -> list[OrderReport]:
            params: Params = {"symbol": symbol, "limit": ROWS_A_PAGE}
            if first is not None:
                params["orderId"] = first
            return self._orders(await self._ask(path, params, weight=5), symbol, path)

        plain = after if after is not None and after.isdecimal() else None
        return await rows_after(plain, page, id_of=_order_id, size=ROWS_A_PAGE)

    async def trades(self, symbol: Symbol, *, after: ExecId | None) -> list[TradeReport]:
        """Fetch executions after a trade id in order, all pages; None means the newest page."""
        path = "/fapi/v1/userTrades"

        async def page(first: int | None) -> list[TradeReport]:
            params: Params = {"symbol": symbol, "limit": ROWS_A_PAGE}
            if first is not None:
                params["fromId"] = first
            body = await self._ask(path, params, weight=5)
            return readable(usdm_orders.trades(body, self._instrument(symbol)), path)

        return await rows_after(after, page, id_of=_exec_id, size=ROWS_A_PAGE)

    async def close(self) -> None:
        """Disconnect; idempotent."""
        await self._watch.close()
        await self._stream.close()
        await self._rest.close()

    async def _ask(self, path: str, params: Params, *, weight: int) -> bytes:
        return await self._rest.get_signed(path, params, weight=weight)

    async def _income(self, start_ns: int, end_ns: int) -> list[IncomeReport]:
        path = "/fapi/v1/income"
        params: Params = {
            "startTime": start_ns // NS_PER_MS,
            "endTime": end_ns // NS_PER_MS,
            "limit": ROWS_A_PAGE,
        }
        return readable(usdm_account.income(await self._ask(path, params, weight=30)), path)

    async def _order(self, symbol: Symbol, which: Params) -> OrderReport | None:
        path = "/fapi/v1/order"
        try:
            body = await self._ask(path, {"symbol": symbol, **which}, weight=1)
        except QuestionRefused as error:
            if error.code in _NO_SUCH_ORDER:
                return None
            raise
        read = usdm_orders.order(
            body,
            self._instrument(symbol),
            stops=self._stops,
            received_at_ns=self._clock.now_ns(),
        )
        return readable(read, path)

    async def _algo(self, symbol: Symbol, stop: ClientOrderId) -> OrderReport | None:
        """Fetch a conditional order; of one that was triggered the order that it became."""
        path = "/fapi/v1/algoOrder"
        try:
            body = await self._ask(path, {"symbol": symbol, "clientAlgoId": stop}, weight=1)
        except QuestionRefused as error:
            if error.code in _NO_SUCH_ORDER:
                return None
            raise
        read = usdm_orders.algo_order(
            body,
            self._instrument(symbol),
            stops=self._stops,
            received_at_ns=self._clock.now_ns(),
        )
        waiting = readable(read, path)
        if waiting.venue_order_id.isdecimal():
            became = await self._order(symbol, {"orderId": waiting.venue_order_id})
            return became or waiting
        return waiting

    async def _algos(self, path: str, symbol: Symbol, *, weight: int) -> list[OrderReport]:
        body = await self._ask(path, {"symbol": symbol}, weight=weight)
        read = usdm_orders.algo_orders(
            body,
            self._instrument(symbol),
            stops=self._stops,
            received_at_ns=self._clock.now_ns(),
        )
        return readable(read, path)

    def _orders(self, body: bytes, symbol: Symbol, path: str) -> list[OrderReport]:
        read = usdm_orders.orders(
            body,
            self._instrument(symbol),
            stops=self._stops,
            received_at_ns=self._clock.now_ns(),
        )
        return readable(read, path)

    async def _all_contracts(self) -> dict[Symbol, Instrument]:
        """Learn the units of everything that may be held; those of the session stand."""
        if not self._contracts:
            body = await self._rest.get(USDM.info.path, {}, weight=USDM.info.weight)
            read = listing(body, product=USDM.product)
            known = readable(read, USDM.info.path).instruments
            self._contracts = {**known, **self._instruments}
        return self._contracts

    def _instrument(self, symbol: Symbol) -> Instrument:
        instrument = self._instruments.get(symbol)
        if instrument is None:
            raise NotFound(f"{symbol!r} is not among the instruments of this session")
        return instrument

    def _on_confirmed(self) -> None:
        """Look after the stream from here on; stops may have been triggered unheard before."""
        self._taught.clear()
        self._watch.begin(self._instruments)

    def _on_gone(self, reason: str) -> None:
        self._stream.reopen(reason)

    def _on_release(self, events: Sequence[UserEvent]) -> None:
        self._stream.tell(events)


def _order_id(report: OrderReport) -> str:
    return report.venue_order_id


def _exec_id(report: TradeReport) -> str:
    return report.execution.exec_id
