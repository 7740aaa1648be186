"""The REST interface: routes to operations, exact bytes to proofs, answers to responses."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus
from typing import TypeAlias

import msgspec
from aiohttp import web

from holdfast.simexchange.answers import Answer
from holdfast.simexchange.desk import Call, Desk, Operation, Proof
from holdfast.simexchange.operations import (
    account,
    amend,
    lists,
    market,
    replace,
    startup,
    trade,
    windows,
)
from holdfast.simexchange.params import Params, decode_pairs, unique
from holdfast.simexchange.payloads.feed import MICROSECOND_NS, MILLISECOND_NS
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.signing import signed_payload

SECOND_NS = 10**9
ROUTES: tuple[tuple[str, str, Operation], ...] = (
    ("GET", "/api/v3/ping", market.PING),
    ("GET", "/api/v3/time", market.TIME),
    ("GET", "/api/v3/exchangeInfo", market.EXCHANGE_INFO),
    ("GET", "/api/v3/depth", market.DEPTH),
    ("GET", "/api/v3/trades", market.TRADES),
    ("GET", "/api/v3/historicalTrades", market.HISTORICAL_TRADES),
    ("GET", "/api/v3/aggTrades", market.AGG_TRADES),
    ("GET", "/api/v3/klines", market.KLINES),
    ("GET", "/api/v3/uiKlines", market.KLINES),
    ("GET", "/api/v3/avgPrice", market.AVERAGE_PRICE),
    ("GET", "/api/v3/ticker/price", market.PRICE),
    ("GET", "/api/v3/ticker/bookTicker", market.BOOK_TICKER),
    ("GET", "/api/v3/ticker/24hr", market.DAY_TICKER),
    ("GET", "/api/v3/ticker", windows.ROLLING),
    ("GET", "/api/v3/ticker/tradingDay", windows.TRADING_DAY),
    ("GET", "/api/v3/executionRules", windows.EXECUTION_RULES),
    ("GET", "/api/v3/referencePrice", windows.REFERENCE_PRICE),
    ("GET", "/api/v3/referencePrice/calculation", windows.REFERENCE_CALCULATION),
    ("POST", "/api/v3/order", trade.NEW_ORDER),
    ("POST", "/api/v3/order/test", trade.TEST_ORDER),
    ("POST", "/api/v3/order/cancelReplace", replace.CANCEL_REPLACE),
    ("PUT", "/api/v3/order/amend/keepPriority", amend.AMEND),
    ("GET", "/api/v3/order/amendments", amend.AMENDMENTS),
    ("POST", "/api/v3/order/oco", lists.OLD_OCO),
    ("POST", "/api/v3/orderList/oco", lists.OCO),
    ("POST", "/api/v3/orderList/oto", lists.OTO),
    ("POST", "/api/v3/orderList/otoco", lists.OTOCO),
    ("POST", "/api/v3/orderList/opo", lists.OPO),
    ("POST", "/api/v3/orderList/opoco", lists.OPOCO),
    ("DELETE", "/api/v3/orderList", lists.CANCEL_LIST),
    ("GET", "/api/v3/orderList", lists.LIST),
    ("GET", "/api/v3/allOrderList", lists.ALL_LISTS),
    ("GET", "/api/v3/openOrderList", lists.OPEN_LISTS),
    ("DELETE", "/api/v3/order", trade.CANCEL_ORDER),
    ("DELETE", "/api/v3/openOrders", trade.CANCEL_ALL),
    ("GET", "/api/v3/order", account.ORDER),
    ("GET", "/api/v3/openOrders", account.OPEN_ORDERS),
    ("GET", "/api/v3/allOrders", account.ALL_ORDERS),
    ("GET", "/api/v3/myTrades", account.MY_TRADES),
    ("GET", "/api/v3/account", account.ACCOUNT),
    ("GET", "/api/v3/account/commission", account.COMMISSION),
    ("GET", "/api/v3/rateLimit/order", account.ORDER_LIMITS),
    ("GET", "/api/v3/myPreventedMatches", account.PREVENTED_MATCHES),
    ("GET", "/api/v3/myFilters", account.FILTERS),
    ("GET", "/sapi/v1/system/status", startup.SYSTEM_STATUS),
    ("GET", "/sapi/v1/capital/config/getall", startup.COINS),
    ("GET", "/sapi/v1/margin/allPairs", startup.MARGIN_PAIRS),
    ("GET", "/sapi/v1/margin/isolated/allPairs", startup.ISOLATED_PAIRS),
    ("GET", "/sapi/v1/asset/tradeFee", startup.TRADE_FEES),
    ("GET", "/sapi/v1/account/apiRestrictions", startup.KEY_RIGHTS),
    ("GET", "/dapi/v1/exchangeInfo", startup.NO_CONTRACTS),
)


Routes: TypeAlias = Iterable[tuple[str, str, Operation]]


def add_routes(app: web.Application, desk: Desk, *, routes: Routes = ROUTES) -> None:
    """Serve every route."""
    for method, path, operation in routes:
        app.router.add_route(method, path, _Route(desk, operation).answer)


class _Route:
    """Answer the requests of one route."""

    def __init__(self, desk: Desk, operation: Operation) -> None:
        self._desk = desk
        self._operation = operation

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Take a request to the desk and wait for what comes back."""
        body = await request.read()
        _, _, query_text = request.raw_path.partition("?")
        query = query_text.encode("utf-8", "surrogateescape")
        address = request.remote or ""
        arrived: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        try:
            values = _values(query, body)
        except Refusal as refusal:
            return self._respond(Answer(refusal=refusal), address)
        is_micro = request.headers.get("X-MBX-TIME-UNIT", "").upper() == "MICROSECOND"
        call = Call(
            floor=self._desk.floor,
            desk=self._desk,
            params=Params(values),
            address=address,
            unit_ns=MICROSECOND_NS if is_micro else MILLISECOND_NS,
            endpoint=f"{request.method} {request.path}",
        )
        proof = Proof(
            api_key=request.headers.get("X-MBX-APIKEY"),
            signature=values.get("signature"),
            payload=signed_payload(query, body),
        )

        def reply(answer: Answer | None) -> None:
            if not arrived.done():
                arrived.set_result(answer)

        self._desk.take(self._operation, call, proof=proof, reply=reply)
        answer = await arrived
        if answer is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=HTTPStatus.GATEWAY_TIMEOUT)
        return self._respond(answer, address)

    def _respond(self, answer: Answer, address: str) -> web.Response:
        now_ns = self._desk.floor.clock.limits_now_ns()
        weight = self._desk.address(address).weight.count(now_ns)
        headers = {"X-MBX-USED-WEIGHT": str(weight), "X-MBX-USED-WEIGHT-1M": str(weight)}
        status, body = int(HTTPStatus.OK), answer.body
        refusal = answer.refusal
        if refusal is not None:
            status, body = refusal.status, refusal.body()
            if refusal.retry_at_ns is not None:
                wait_s = -((now_ns - refusal.retry_at_ns) // SECOND_NS)
                headers["Retry-After"] = str(max(1, wait_s))
        headers |= answer.order_counts
        return web.Response(
            body=msgspec.json.encode(body),
            status=status,
            headers=headers,
            content_type="application/json",
            charset="utf-8",
        )


def _values(query: bytes, body: bytes) -> dict[str, str]:
    """Return the parameters of query and body; a name in both has the query's value."""
    return unique(decode_pairs(body)) | unique(decode_pairs(query))
