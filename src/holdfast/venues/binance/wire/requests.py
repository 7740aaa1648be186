"""Requests of orders as bytes: templates filled in, signed text and sent text from one source.

Of a plain order only its id, price, quantity, time and signature change; the rest is made once
for each symbol, side, type and what else tells orders apart. Parameters stand in the order of
their names, as the WebSocket API signs them, and REST is given the same order. What the
parameters are, the products say: `spot_requests.py`, `usdm_requests.py`.
"""

from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import quote, urlencode

import msgspec

from holdfast.domain.order import NewOrder, OrderType

Sign: TypeAlias = Callable[[bytes], str]
Params: TypeAlias = dict[str, str | int]
ParamsOf: TypeAlias = Callable[[NewOrder], Params]
Kind: TypeAlias = tuple[str, str, str, str, str, str, bool]

PLACE = "order.place"
_MARKET = OrderType.MARKET


class Call(msgspec.Struct, frozen=True):
    """One request: its name at the WebSocket API, its way by HTTP, and what it says."""

    name: str
    method: str
    path: str
    params: Params


def query_text(params: Params) -> str:
    """Percent-encode parameters, as REST signs and sends them."""
    return urlencode(params, quote_via=quote)


def request(request_id: int, method: str, *, params: Params) -> bytes:
    """Write a request of the WebSocket API."""
    return msgspec.json.encode({"id": request_id, "method": method, "params": params})


def signed(params: Params, sign: Sign) -> Params:
    """Add a signature to all parameters, as the WebSocket API wants it."""
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return {**params, "signature": sign(text.encode())}


class Signed:
    """Writes requests that carry key and signature; `sign` knows the prefix `apiKey=KEY&`.

    What is signed of a plain order begins with the key, so its hash up to there is made once.
    Other requests may have names that sort before the key's (`algoType`), so `sign_all` signs
    the whole of them. `plain` names what a plain order says.
    """

    def __init__(
        self,
        api_key: str,
        sign: Sign,
        *,
        sign_all: Sign,
        recv_window_ms: int,
        plain: ParamsOf,
    ) -> None:
        self._api_key = api_key
        self._sign = sign
        self._sign_all = sign_all
        self._recv_window_ms = recv_window_ms
        self._plain = plain
        self._templates: dict[Kind, tuple[bytes, bytes]] = {}

    def place(self, request_id: int, order: NewOrder, *, timestamp_ms: int) -> bytes:
        """Write a plain order."""
        kind = _kind(order)
        template = self._templates.get(kind)
        if template is None:
            template = self._templates[kind] = self._template(order)
        values = _values(order, timestamp_ms)
        signature = self._sign(template[0] % values)
        return template[1] % (request_id, *values, signature.encode())

    def write(self, request_id: int, call: Call, *, timestamp_ms: int) -> bytes:
        """Write any request."""
        timed = {**call.params, "recvWindow": self._recv_window_ms, "timestamp": timestamp_ms}
        keyed = signed({"apiKey": self._api_key, **timed}, self._sign_all)
        return request(request_id, call.name, params=keyed)

    def _template(self, order: NewOrder) -> tuple[bytes, bytes]:
        names = _template_names(self._plain(order), self._recv_window_ms)
        text = "&".join(f"{name}={value}" for name, value in names.items())
        pairs = {"apiKey": _literal(self._api_key), **_json_values(names), "signature": '"%b"'}
        return text.encode(), _json_template(pairs)


class LoggedOn:
    """Writes requests of a session that logged on: no key and no signature in them."""

    def __init__(self, *, recv_window_ms: int, plain: ParamsOf) -> None:
        self._recv_window_ms = recv_window_ms
        self._plain = plain
        self._templates: dict[Kind, bytes] = {}

    def place(self, request_id: int, order: NewOrder, *, timestamp_ms: int) -> bytes:
        """Write a plain order."""
        kind = _kind(order)
        template = self._templates.get(kind)
        if template is None:
            names = _template_names(self._plain(order), self._recv_window_ms)
            template = self._templates[kind] = _json_template(_json_values(names))
        return template % (request_id, *_values(order, timestamp_ms))

    def write(self, request_id: int, call: Call, *, timestamp_ms: int) -> bytes:
        """Write any request."""
        timed = {**call.params, "recvWindow": self._recv_window_ms, "timestamp": timestamp_ms}
        return request(request_id, call.name, params=timed)


def _kind(order: NewOrder) -> Kind:
    """Name a template; by the texts of the words, because hashing an Enum is slow."""
    return (
        order.symbol,
        order.side._value_,
        order.order_type._value_,
        order.time_in_force._value_,
        order.stp_mode._value_,
        order.position_side._value_,
        order.reduce_only,
    )


def _values(order: NewOrder, timestamp_ms: int) -> tuple[bytes | int, ...]:
    """Give what changes from order to order, in the order of the names."""
    if order.order_type is _MARKET:
        return (order.client_order_id.encode(), order.quantity_text.encode(), timestamp_ms)
    return (
        order.client_order_id.encode(),
        order.price_text.encode(),
        order.quantity_text.encode(),
        timestamp_ms,
    )


def _template_names(params: Params, recv_window_ms: int) -> dict[str, str]:
    """Give every parameter by name, with a mark where a value changes."""
    names = {name: str(value).replace("%", "%%") for name, value in params.items()}
    names["newClientOrderId"] = names["quantity"] = "%b"
    if "price" in names:
        names["price"] = "%b"
    names["recvWindow"] = str(recv_window_ms)
    names["timestamp"] = "%d"
    return dict(sorted(names.items()))


def _json_values(names: dict[str, str]) -> dict[str, str]:
    numbers = ("recvWindow", "timestamp")
    return {
        name: value if name in numbers else _literal(value) for name, value in names.items()
    }


def _json_template(pairs: dict[str, str]) -> bytes:
    inside = ",".join(f'"{name}":{value}' for name, value in pairs.items())
    return f'{{"id":%d,"method":"{PLACE}","params":{{{inside}}}}}'.encode()


def _literal(text: str) -> str:
    return msgspec.json.encode(text).decode()
