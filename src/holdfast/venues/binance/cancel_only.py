"""A way to the venue that can cancel and reduce, and cannot open: what the watchdog holds.

Asking and canceling may be repeated without harm, so both are tried again on another connection
when one is lost. A reduction is written once: on USD-M it is reduce-only at the venue, on spot
it sells what is there. There is no request in here that could buy.
"""

import asyncio
from typing import Any

import msgspec

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol
from holdfast.domain.instrument import Product
from holdfast.domain.order import PositionSide
from holdfast.domain.ports import HttpAnswer
from holdfast.errors import CredentialsRefused, VenueTimeout, VenueUnavailable
from holdfast.venues.binance.rest import QuestionRefused, Rest
from holdfast.venues.binance.wire.replies import OK, error_body
from holdfast.venues.binance.wire.requests import Params
from holdfast.venues.binance.wire.unreadable import READ_ERRORS

TRIES = 3
_UNAUTHORIZED = 401
_SERVER_ERROR = 500
_UNKNOWN_ORDER = -2011
_TIME_CODE = -1021
_FUTURES_ORDER = "/fapi/v1/order"
_ALGO_ORDER = "/fapi/v1/algoOrder"
_SPOT_ORDER = "/api/v3/order"
_NO_SUCH_ORDER = (-2013, -2026)


class RestingOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that rests at the venue; `is_stop` when it can only close and waits."""

    symbol: Symbol
    client_order_id: ClientOrderId
    is_conditional: bool = False
    is_stop: bool = False
    position_side: PositionSide = PositionSide.BOTH


class Execution(msgspec.Struct, frozen=True):
    """A part of an order that was filled; quantity and fee are decimal text."""

    exec_id: ExecId
    quantity: str
    fee: str
    fee_asset: str


class HeldPosition(msgspec.Struct, frozen=True):
    """A position of a contract that is not flat; `amount` is signed decimal text."""

    symbol: Symbol
    position_side: PositionSide
    amount: str


class _Row(msgspec.Struct, rename="camel"):
    symbol: str
    client_order_id: str = ""
    client_algo_id: str = ""
    type: str = ""
    reduce_only: bool = False
    close_position: bool = False
    position_side: str = "BOTH"
    side: str = ""


class _Position(msgspec.Struct, rename="camel"):
    symbol: str
    position_amt: str
    position_side: str = "BOTH"


class _Placed(msgspec.Struct, rename="camel"):
    order_id: int = 0
    executed_quantity: str = msgspec.field(name="executedQty", default="")
    actual_order_id: str = ""


class _Trade(msgspec.Struct, rename="camel"):
    id: int
    quantity: str = msgspec.field(name="qty")
    commission: str
    commission_asset: str


class _Balance(msgspec.Struct):
    asset: str
    free: str


class _Balances(msgspec.Struct):
    balances: list[_Balance]


_PLACED = msgspec.json.Decoder(_Placed)
_TRADES = msgspec.json.Decoder(list[_Trade])
_BALANCES = msgspec.json.Decoder(_Balances)
_ROWS = msgspec.json.Decoder(list[_Row])
_POSITIONS = msgspec.json.Decoder(list[_Position])


class CancelOnly:
    """The resting orders and positions of one account, and how they are taken away."""

    def __init__(self, rest: Rest, *, timeout_s: float) -> None:
        self._rest = rest
        self._timeout_s = timeout_s
        self._is_spot = rest.product is Product.SPOT

    async def prepare(self) -> None:
        """Measure the venue's clock; anything that follows is stamped by it."""
        await self._rest.measure_offset()

    async def resting(self) -> list[RestingOrder]:
        """Give every order that rests, conditional ones too."""
        if self._is_spot:
            return await self._rows("/api/v3/openOrders", weight=80, is_conditional=False)
        plain = await self._rows("/fapi/v1/openOrders", weight=40, is_conditional=False)
        return plain + await self._rows(
            "/fapi/v1/openAlgoOrders", weight=40, is_conditional=True
        )

    async def positions(self) -> list[HeldPosition]:
        """Give every position of a contract that is not flat; empty on spot."""
        if self._is_spot:
            return []
        rows = await self._read("/fapi/v3/positionRisk", 5, _POSITIONS)
        return [
            HeldPosition(
                Symbol(row.symbol), PositionSide(row.position_side.lower()), row.position_amt
            )
            for row in rows
            if row.position_amt.strip("-0.")
        ]

    async def free(self, asset: str) -> str:
        """Give how much of an asset no order holds, as decimal text; of spot only."""
        told = await self._read("/api/v3/account", 20, _BALANCES, {"omitZeroBalances": "true"})
        return next((one.free for one in told.balances if one.asset == asset), "0")

    async def executions(
        self, symbol: Symbol, client_order_id: ClientOrderId
    ) -> list[Execution]:
        """Give what was filled of an order; nothing of one that the venue does not know."""
        order_id = await self._order_id(symbol, client_order_id)
        if not order_id:
            return []
        path, weight = ("/api/v3/myTrades", 20) if self._is_spot else ("/fapi/v1/userTrades", 5)
        params: Params = {"symbol": symbol, "orderId": order_id}
        return [
            Execution(ExecId(str(row.id)), row.quantity, row.commission, row.commission_asset)
            for row in await self._read(path, weight, _TRADES, params)
        ]

    async def cancel(self, order: RestingOrder) -> bool:
        """Cancel one order; False when the venue says that it rests no more."""
        params: Params
        if order.is_conditional:
            path, params = _ALGO_ORDER, {"clientAlgoId": order.client_order_id}
        else:
            path = _SPOT_ORDER if self._is_spot else _FUTURES_ORDER
            params = {"origClientOrderId": order.client_order_id, "symbol": order.symbol}
        answer = await self._repeat("DELETE", path, params)
        if answer.status == OK:
            return True
        error = error_body(answer.body)
        if error.code == _UNKNOWN_ORDER:
            return False
        raise VenueUnavailable(f"cancel of {order.client_order_id}: {error.msg} ({error.code})")

    async def reduce(
        self,
        symbol: Symbol,
        *,
        client_order_id: ClientOrderId,
        quantity: str,
        sells: bool,
        position_side: PositionSide = PositionSide.BOTH,
    ) -> str:
        """Close some of a position at the market and give the venue's status of the order.

        On spot only a sale. `VenueTimeout` when it is not known what became of it.
        """
        if self._is_spot and not sells:
            raise VenueUnavailable("a spot account is reduced by a sale and nothing else")
        params: Params = {
            "symbol": symbol,
            "side": "SELL" if sells else "BUY",
            "type": "MARKET",
            "quantity": quantity,
            "newClientOrderId": client_order_id,
        }
        if not self._is_spot and position_side is PositionSide.BOTH:
            params["reduceOnly"] = "true"
        elif not self._is_spot:
            _check_closes(position_side, sells=sells)
            params["positionSide"] = position_side.value.upper()
        path = _SPOT_ORDER if self._is_spot else _FUTURES_ORDER
        answer = await self._once("POST", path, params)
        if answer is None or answer.status >= _SERVER_ERROR:
            raise VenueTimeout(
                f"{client_order_id}: it is not known whether {symbol} was reduced"
            )
        if answer.status != OK:
            error = error_body(answer.body)
            raise VenueUnavailable(f"{symbol} was not reduced: {error.msg} ({error.code})")
        return "taken"

    async def close(self) -> None:
        """Disconnect; idempotent."""
        await self._rest.close()

    async def _rows(
        self, path: str, *, weight: int, is_conditional: bool
    ) -> list[RestingOrder]:
        return [
            RestingOrder(
                symbol=Symbol(row.symbol),
                client_order_id=ClientOrderId(row.client_algo_id or row.client_order_id),
                is_conditional=is_conditional,
                is_stop=is_conditional and _only_closes(row),
                position_side=PositionSide(row.position_side.lower()),
            )
            for row in await self._read(path, weight, _ROWS)
        ]

    async def _order_id(self, symbol: Symbol, client_order_id: ClientOrderId) -> int:
        """Give the id under which an order traded; 0 when nothing of it has."""
        path = _SPOT_ORDER if self._is_spot else _FUTURES_ORDER
        params: Params = {"symbol": symbol, "origClientOrderId": client_order_id}
        placed = await self._placed(path, params)
        if placed is not None or self._is_spot:
            return placed.order_id if placed and placed.executed_quantity.strip("0.") else 0
        waiting = await self._placed(_ALGO_ORDER, {"clientAlgoId": client_order_id})
        actual = waiting.actual_order_id if waiting is not None else ""
        return int(actual) if actual.isdecimal() else 0

    async def _placed(self, path: str, params: Params) -> _Placed | None:
        try:
            weight = 4 if self._is_spot else 1
            placed: _Placed = await self._read(path, weight, _PLACED, params)
        except QuestionRefused as error:
            if error.code in _NO_SUCH_ORDER:
                return None
            raise
        return placed

    async def _read(
        self, path: str, weight: int, decoder: Any, params: Params | None = None
    ) -> Any:
        body = await self._rest.get_signed(path, params or {}, weight=weight)
        try:
            return decoder.decode(body)
        except READ_ERRORS as error:
            raise VenueUnavailable(f"{path} cannot be read: {error}") from error

    async def _repeat(self, method: str, path: str, params: Params) -> HttpAnswer:
        """Ask what may be asked again, until an answer comes, at most three times."""
        for _ in range(TRIES):
            answer = await self._once(method, path, params)
            if answer is None or answer.status >= _SERVER_ERROR:
                continue
            code = error_body(answer.body).code if answer.status != OK else 0
            if answer.status == _UNAUTHORIZED:
                raise CredentialsRefused(f"{path}: the venue refused the key ({code})")
            if code != _TIME_CODE:
                return answer
            await self._rest.measure_offset()
        raise VenueTimeout(f"{path}: no answer")

    async def _once(self, method: str, path: str, params: Params) -> HttpAnswer | None:
        """Write a request once, on a connection of its own; None without an answer."""
        connection = await self._rest.connect()
        answered: asyncio.Future[HttpAnswer | None] = asyncio.get_running_loop().create_future()

        def on_answer(answer: HttpAnswer | None) -> None:
            if not answered.done():
                answered.set_result(answer)

        try:
            connection.send(
                method,
                self._rest.signed_target(path, params),
                headers=self._rest.headers,
                body=b"",
                on_answer=on_answer,
            )
            async with asyncio.timeout(self._timeout_s):
                return await answered
        except (ConnectionError, TimeoutError):
            return None
        finally:
            connection.close()


def _only_closes(row: _Row) -> bool:
    """Tell whether a conditional order can only close a position."""
    if row.position_side == "BOTH":
        return row.reduce_only or row.close_position
    return row.side == ("SELL" if row.position_side == "LONG" else "BUY")


def _check_closes(position_side: PositionSide, *, sells: bool) -> None:
    """Refuse what would open a hedged position."""
    if sells is not (position_side is PositionSide.LONG):
        raise VenueUnavailable(f"a {position_side.value} position is not closed by that side")
