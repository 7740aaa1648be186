"""The WebSocket API: requests with ids in, replies out, user data between them.

A session that logged on with an Ed25519 key needs neither key nor signature afterwards.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TypeAlias

import msgspec

from holdfast.simexchange import refusals
from holdfast.simexchange.answers import Answer
from holdfast.simexchange.connection import Connection, farewell
from holdfast.simexchange.desk import Call, Desk, Operation, Proof, Security
from holdfast.simexchange.limits import RateLimit, order_counts, weight_count
from holdfast.simexchange.operations import (
    account,
    amend,
    lists,
    market,
    replace,
    trade,
    windows,
)
from holdfast.simexchange.params import Params
from holdfast.simexchange.payloads.feed import MILLISECOND_NS
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.signing import sorted_payload
from holdfast.simexchange.userdata import Subscription

CONNECT_WEIGHT = 2
SUBSCRIPTIONS_PER_LIFE = 65_535
LONGEST_ID = 36
METHODS: dict[str, Operation] = {
    "ping": market.PING,
    "time": market.TIME,
    "exchangeInfo": market.EXCHANGE_INFO,
    "depth": market.DEPTH,
    "trades.recent": market.TRADES,
    "trades.historical": market.HISTORICAL_TRADES,
    "trades.aggregate": market.AGG_TRADES,
    "klines": market.KLINES,
    "uiKlines": market.KLINES,
    "avgPrice": market.AVERAGE_PRICE,
    "ticker.24hr": market.DAY_TICKER,
    "ticker": windows.ROLLING,
    "ticker.tradingDay": windows.TRADING_DAY,
    "executionRules": windows.EXECUTION_RULES,
    "referencePrice": windows.REFERENCE_PRICE,
    "referencePrice.calculation": windows.REFERENCE_CALCULATION,
    "ticker.price": market.PRICE,
    "ticker.book": market.BOOK_TICKER,
    "order.place": trade.NEW_ORDER,
    "order.test": trade.TEST_ORDER,
    "order.cancel": trade.CANCEL_ORDER,
    "order.cancelReplace": replace.CANCEL_REPLACE,
    "order.amend.keepPriority": amend.AMEND,
    "order.amendments": amend.AMENDMENTS,
    "orderList.place": lists.OLD_OCO,
    "orderList.place.oco": lists.OCO,
    "orderList.place.oto": lists.OTO,
    "orderList.place.otoco": lists.OTOCO,
    "orderList.place.opo": lists.OPO,
    "orderList.place.opoco": lists.OPOCO,
    "orderList.cancel": lists.CANCEL_LIST,
    "orderList.status": lists.LIST,
    "allOrderLists": lists.ALL_LISTS,
    "openOrderLists.status": lists.OPEN_LISTS,
    "order.status": account.ORDER,
    "openOrders.status": account.OPEN_ORDERS,
    "openOrders.cancelAll": trade.CANCEL_ALL,
    "allOrders": account.ALL_ORDERS,
    "myTrades": account.MY_TRADES,
    "account.status": account.ACCOUNT,
    "account.commission": account.COMMISSION,
    "account.rateLimits.orders": account.ORDER_LIMITS,
    "myPreventedMatches": account.PREVENTED_MATCHES,
    "myFilters": account.FILTERS,
}
ORDER_METHODS = frozenset(
    {
        "order.place",
        "order.cancelReplace",
        "orderList.place",
        *(f"orderList.place.{kind}" for kind in ("oco", "oto", "otoco", "opo", "opoco")),
    }
)
RequestId: TypeAlias = int | str | None


class Request(msgspec.Struct):
    """One request frame; parameters stay the text that was sent, because it is signed."""

    method: str
    id: RequestId = None
    params: dict[str, msgspec.Raw] = {}


class ApiSession:
    """One connection to the WebSocket API."""

    methods: Mapping[str, Operation] = METHODS
    order_methods = ORDER_METHODS

    def __init__(
        self,
        desk: Desk,
        connection: Connection,
        *,
        address: str,
        unit_ns: int = MILLISECOND_NS,
        shows_limits: bool = True,
    ) -> None:
        self._desk = desk
        self._connection = connection
        connection.farewell = lambda at_ms: b'{"event":%b}' % farewell(at_ms)
        self._address = address
        self._unit_ns = unit_ns
        self._shows_limits = shows_limits
        self._connected_ns = desk.floor.clock.now_ns()
        self._api_key: str | None = None
        self._account: str | None = None
        self._authorized_ns = 0
        self._subscribed_count = 0
        self._own = self.own_methods()

    def own_methods(self) -> dict[str, Operation]:
        """Return the methods that belong to this connection."""
        return {
            "session.logon": _signed(self._logon, 2),
            "session.status": Operation(run=self._status, weight=2),
            "session.logout": Operation(run=self._logout, weight=2),
            "session.subscriptions": Operation(run=self._subscriptions, weight=2),
            "userDataStream.subscribe": Operation(run=self._subscribe, weight=2),
            "userDataStream.subscribe.signature": _signed(self._subscribe_signed, 2),
            "userDataStream.unsubscribe": Operation(
                run=self._unsubscribe, weight=2, names=("subscriptionId",)
            ),
        }

    def take(self, raw: bytes) -> None:
        """Take one frame; every request is answered, unless a fault loses the answer."""
        try:
            request = msgspec.json.decode(raw, type=Request)
        except msgspec.ValidationError as error:
            self._push_refusal(_id_of(raw), Refusal(-1130, f"Invalid request: {error}"))
            return
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._push_refusal(None, Refusal(-1135, "Invalid JSON Request"))
            return
        if isinstance(request.id, str) and len(request.id) > LONGEST_ID:
            self._push_refusal(None, refusals.invalid("id"))
            return
        operation = self._own.get(request.method) or self.methods.get(request.method)
        if operation is None:
            self._push_refusal(request.id, Refusal(-1130, f"Unknown method: {request.method}"))
            return
        self._run(request, operation)

    def count(self) -> bool:
        """Let pings and pongs pass: this interface limits weight, not messages."""
        return True

    def drop(self) -> None:
        """Forget the subscriptions of a connection that is gone."""
        self._desk.floor.users.drop(self._connection)

    def _run(self, request: Request, operation: Operation) -> None:
        values = {name: _text(raw) for name, raw in request.params.items()}
        payload = sorted_payload(values)
        shows_limits = self._shows_limits
        if "returnRateLimits" in values:
            shows_limits = values.pop("returnRateLimits") == "true"
        api_key = values.get("apiKey")
        trusts_session = api_key is None and "signature" not in values
        proof = Proof(
            api_key=api_key,
            payload=payload,
            signature=values.get("signature"),
            trusted_key=self._api_key if trusts_session else None,
        )
        call = Call(
            floor=self._desk.floor,
            desk=self._desk,
            params=Params(values),
            address=self._address,
            account=self._account or "",
            unit_ns=self._unit_ns,
            endpoint=request.method,
        )

        def reply(answer: Answer | None) -> None:
            if answer is not None:
                self._push(request, call, answer, shows_limits=shows_limits)

        self._desk.take(operation, call, proof=proof, reply=reply)

    def _push(
        self, request: Request, call: Call, answer: Answer, *, shows_limits: bool
    ) -> None:
        if answer.refusal is not None:
            limits = self._limits(request, call) if shows_limits else None
            self._push_refusal(request.id, answer.refusal, limits=limits)
            return
        shown: dict[str, object] = {
            "id": request.id,
            "status": int(HTTPStatus.OK),
            "result": answer.body,
        }
        if shows_limits:
            shown["rateLimits"] = self._limits(request, call)
        self._connection.push(msgspec.json.encode(shown))

    def _push_refusal(
        self, request_id: RequestId, refusal: Refusal, *, limits: list[RateLimit] | None = None
    ) -> None:
        error = refusal.body()
        if refusal.retry_at_ns is not None:
            clock = self._desk.floor.clock
            wait_ns = refusal.retry_at_ns - clock.limits_now_ns()
            error["data"] = {
                "serverTime": clock.told_ns() // MILLISECOND_NS,
                "retryAfter": (clock.told_ns() + wait_ns) // MILLISECOND_NS,
            }
        shown: dict[str, object] = {"id": request_id, "status": refusal.status, "error": error}
        if limits is not None:
            shown["rateLimits"] = limits
        self._connection.push(msgspec.json.encode(shown))

    def _limits(self, request: Request, call: Call) -> list[RateLimit]:
        now_ns = self._desk.floor.clock.limits_now_ns()
        counted = [weight_count(self._desk.address(self._address), now_ns)]
        if request.method in self.order_methods and call.account:
            counted = order_counts(self._desk.orders(call.account), now_ns) + counted
        return counted

    def _logon(self, call: Call) -> object:
        api_key = call.params.text("apiKey")
        if self._desk.key_kind(api_key) != "ed25519":
            raise Refusal(-4056, "HMAC_SHA256 API key is not supported.")
        self._api_key, self._account = api_key, call.account
        self._authorized_ns = call.now_ns
        return self._status(call)

    def _status(self, call: Call) -> object:
        is_on = self._account is not None
        return {
            "apiKey": self._api_key,
            "authorizedSince": self._authorized_ns // self._unit_ns if is_on else None,
            "connectedSince": self._connected_ns // self._unit_ns,
            "returnRateLimits": self._shows_limits,
            "serverTime": call.now_ns // self._unit_ns,
            "userDataStream": bool(self._desk.floor.users.of(self._connection)),
        }

    def _logout(self, call: Call) -> object:
        users = self._desk.floor.users
        for subscription in users.of(self._connection):
            if subscription.account == self._account:
                users.unsubscribe(self._connection, number=subscription.number)
        self._api_key = self._account = None
        return self._status(call)

    def _subscribe(self, _call: Call) -> object:
        if self._account is None:
            raise refusals.bad_key()
        return self._subscribe_to(self._account)

    def _subscribe_signed(self, call: Call) -> object:
        return self._subscribe_to(call.account)

    def _subscribe_to(self, account_name: str) -> object:
        if self._subscribed_count >= SUBSCRIPTIONS_PER_LIFE:
            raise Refusal(-1130, "Too many subscriptions on this connection.")
        number = self._subscribed_count
        subscription = Subscription(
            self._connection, account_name, number, unit_ns=self._unit_ns
        )
        self._desk.floor.users.subscribe(subscription)
        self._subscribed_count += 1
        return {"subscriptionId": number}

    def _unsubscribe(self, call: Call) -> object:
        number = call.params.integer("subscriptionId")
        self._desk.floor.users.unsubscribe(self._connection, number=number)
        return {}

    def _subscriptions(self, _call: Call) -> object:
        held = self._desk.floor.users.of(self._connection)
        return [{"subscriptionId": subscription.number} for subscription in held]


def _signed(run: Callable[[Call], object], weight: int) -> Operation:
    return Operation(run=run, weight=weight, security=Security.SIGNED)


def _text(raw: msgspec.Raw) -> str:
    """Return a parameter as the text that was sent: numbers keep their digits."""
    sent = bytes(raw)
    if sent.startswith(b'"'):
        return msgspec.json.decode(sent, type=str)
    return "" if sent == b"null" else sent.decode()


def _id_of(raw: bytes) -> RequestId:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    request_id = found.get("id") if isinstance(found, dict) else None
    return request_id if isinstance(request_id, int | str) else None
