"""Requests of orders: what is sent is what was signed, as the venue documents it."""

import base64
import hashlib
import hmac
import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from holdfast.domain.ids import AccountId, ClientOrderId, IntentId, StrategyId, Symbol
from holdfast.domain.instrument import Product
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import (
    NewOrder,
    OrderType,
    PositionSide,
    Side,
    StpMode,
    TimeInForce,
)
from holdfast.domain.venue import CancelOrder
from holdfast.errors import ConfigError
from holdfast.venues.binance.options import Credentials
from holdfast.venues.binance.signing import HmacSigner, signer
from holdfast.venues.binance.wire import spot_requests, usdm_requests
from holdfast.venues.binance.wire.requests import (
    Call,
    LoggedOn,
    ParamsOf,
    Signed,
    query_text,
    signed,
)
from holdfast.venues.binance.wire.spot_requests import plain_params

SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
DOCUMENTED = (
    "symbol={}&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
    "&recvWindow=5000&timestamp=1499827319559"
)
AT_MS = 1_700_000_000_000


def order(**changes: Any) -> NewOrder:
    plain = NewOrder(
        client_order_id=ClientOrderId("HABCDE000010000001"),
        account=AccountId("a"),
        strategy=StrategyId("s"),
        intent_id=IntentId("i"),
        symbol=Symbol("BTCUSDT"),
        product=Product.SPOT,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=QuantityUnits(10**6),
        price=PriceUnits(2535119000000),
        quantity_text="0.01",
        price_text="25351.19",
        worst_price=PriceUnits(2535119000000),
    )
    return msgspec.structs.replace(plain, **changes)


def sign_plainly(payload: bytes) -> str:
    return hmac.new(SECRET.encode(), payload, hashlib.sha256).hexdigest()


def writer(plain: ParamsOf = plain_params) -> Signed:
    sign = HmacSigner(SECRET, b"apiKey=KEY&").sign
    return Signed("KEY", sign, sign_all=sign_plainly, recv_window_ms=5000, plain=plain)


def test_what_sorts_before_the_key_is_signed_in_its_place() -> None:
    call = Call("algoOrder.place", "POST", "/", {"algoType": "CONDITIONAL", "side": "SELL"})
    params = json.loads(writer().write(1, call, timestamp_ms=7))["params"]
    text = b"algoType=CONDITIONAL&apiKey=KEY&recvWindow=5000&side=SELL&timestamp=7"
    assert params["signature"] == sign_plainly(text)


@pytest.mark.parametrize(
    ("symbol", "signature"),
    [
        ("LTCBTC", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
        (
            "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96",
            "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
        ),
    ],
)
def test_the_documented_signatures_are_met(symbol: str, signature: str) -> None:
    payload = DOCUMENTED.format(symbol).encode()
    assert HmacSigner(SECRET).sign(payload) == signature
    assert HmacSigner(SECRET, payload[:30]).sign(payload[30:]) == signature


def test_a_secret_longer_than_a_block_is_hashed_first() -> None:
    long = "s" * 100
    expected = hmac.new(long.encode(), b"x", hashlib.sha256).hexdigest()
    assert HmacSigner(long).sign(b"x") == expected


def test_parameters_are_percent_encoded_before_they_are_signed() -> None:
    written = query_text({"symbol": "\uff11\uff12", "q": "a b"})
    assert written == "symbol=%EF%BC%91%EF%BC%92&q=a%20b"


@pytest.mark.parametrize("stp_mode", list(StpMode))
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    ("order_type", "time_in_force"),
    [
        (OrderType.LIMIT, TimeInForce.GTC),
        (OrderType.LIMIT, TimeInForce.IOC),
        (OrderType.LIMIT, TimeInForce.FOK),
        (OrderType.LIMIT_MAKER, TimeInForce.GTC),
        (OrderType.MARKET, TimeInForce.GTC),
    ],
)
def test_an_order_carries_its_terms_and_a_signature_over_all_of_them(
    stp_mode: StpMode, side: Side, order_type: OrderType, time_in_force: TimeInForce
) -> None:
    placed = order(
        stp_mode=stp_mode, side=side, order_type=order_type, time_in_force=time_in_force
    )
    signing = writer()
    for number in (1, 2):  # the second is filled into a template that stands already
        message = json.loads(signing.place(number, placed, timestamp_ms=AT_MS + number))
        params = message["params"]
        assert (message["id"], message["method"]) == (number, "order.place")
        signature = params.pop("signature")
        text = "&".join(f"{name}={params[name]}" for name in sorted(params))
        assert signature == sign_plainly(text.encode())
        expected = {**plain_params(placed), "apiKey": "KEY", "recvWindow": 5000}
        assert params == {**expected, "timestamp": AT_MS + number}


def test_a_market_order_names_no_price_and_a_maker_no_time_in_force() -> None:
    assert "price" not in plain_params(order(order_type=OrderType.MARKET))
    assert "timeInForce" not in plain_params(order(order_type=OrderType.LIMIT_MAKER))


@pytest.mark.parametrize("position_side", list(PositionSide))
@pytest.mark.parametrize("reduce_only", [False, True])
@pytest.mark.parametrize(
    ("order_type", "time_in_force"),
    [
        (OrderType.LIMIT, TimeInForce.GTC),
        (OrderType.LIMIT, TimeInForce.IOC),
        (OrderType.LIMIT, TimeInForce.FOK),
        (OrderType.LIMIT_MAKER, TimeInForce.GTC),
        (OrderType.MARKET, TimeInForce.GTC),
    ],
)
def test_a_template_of_usdm_says_what_the_parameters_say(
    position_side: PositionSide,
    reduce_only: bool,
    order_type: OrderType,
    time_in_force: TimeInForce,
) -> None:
    signing = writer(usdm_requests.plain_params)
    for number, is_other in ((1, False), (2, True)):
        placed = order(
            product=Product.LINEAR,
            position_side=position_side,
            reduce_only=reduce_only is not is_other,
            order_type=order_type,
            time_in_force=time_in_force,
        )
        params = json.loads(signing.place(number, placed, timestamp_ms=AT_MS))["params"]
        signature = params.pop("signature")
        text = "&".join(f"{name}={params[name]}" for name in sorted(params))
        assert signature == sign_plainly(text.encode())
        expected = {**usdm_requests.plain_params(placed), "apiKey": "KEY", "recvWindow": 5000}
        assert params == {**expected, "timestamp": AT_MS}


def test_a_session_that_logged_on_sends_neither_key_nor_signature() -> None:
    session = LoggedOn(recv_window_ms=5000, plain=plain_params)
    params = json.loads(session.place(3, order(), timestamp_ms=AT_MS))["params"]
    assert params == {**plain_params(order()), "recvWindow": 5000, "timestamp": AT_MS}
    cancel = spot_requests.cancel_order(CancelOrder(Symbol("BTCUSDT"), ClientOrderId("x")))
    message = json.loads(session.write(4, cancel, timestamp_ms=AT_MS))
    assert message["method"] == "order.cancel"
    assert message["params"] == {**cancel.params, "recvWindow": 5000, "timestamp": AT_MS}


def test_a_cancel_is_signed_and_a_strange_id_stays_inside_its_string() -> None:
    strange = ClientOrderId('a"b\\c')
    cancel = spot_requests.cancel_order(CancelOrder(Symbol("BTCUSDT"), strange))
    params = json.loads(writer().write(9, cancel, timestamp_ms=AT_MS))["params"]
    assert params["origClientOrderId"] == strange
    signature = params.pop("signature")
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    assert signature == sign_plainly(text.encode())


def test_a_percent_sign_in_a_symbol_harms_no_template() -> None:
    placed = order(symbol=Symbol("10%\u20ac"))
    params = json.loads(writer().place(1, placed, timestamp_ms=AT_MS))["params"]
    assert params["symbol"] == "10%\u20ac"


def test_an_ed25519_key_signs_what_its_public_key_verifies() -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    credentials = Credentials("KEY", pem)
    assert credentials.is_ed25519
    params = signed({"timestamp": 1, "apiKey": "KEY"}, signer(credentials).sign)
    signature = base64.b64decode(str(params["signature"]))
    key.public_key().verify(signature, b"apiKey=KEY&timestamp=1")


def test_an_unreadable_private_key_is_one_clear_line() -> None:
    with pytest.raises(ConfigError, match="PKCS#8 Ed25519") as raised:
        signer(Credentials("KEY", "-----BEGIN PRIVATE KEY-----\nnonsense"))
    assert "nonsense" not in str(raised.value)


def test_credentials_do_not_show_their_secret() -> None:
    assert SECRET not in repr(Credentials("KEY", SECRET))
    assert SECRET not in str(Credentials("KEY", SECRET))
