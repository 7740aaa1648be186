"""Signatures over exact bytes, and the two ways of being late or early."""

import base64

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from holdfast.errors import ConfigError
from holdfast.simexchange.accounts import (
    DEMO_ED25519_API_KEY,
    DEMO_ED25519_PRIVATE_KEY,
    DEMO_ED25519_PUBLIC_KEY,
    ApiKey,
)
from holdfast.simexchange.params import Params
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.signing import (
    Verifier,
    check_time,
    receive_window_us,
    signed_payload,
    sorted_payload,
)

DOCUMENTED_SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
DOCUMENTED = (
    "symbol={}&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
    "&timestamp=1499827319559"
)
ASCII_SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
WIDE_SYMBOL = "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96"
WIDE_SIGNATURE = "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"
NOW_NS = 1_700_000_000 * 10**9
NOW_MS = NOW_NS // 10**6


def hmac_verifier() -> Verifier:
    return Verifier(ApiKey(api_key="k", kind="hmac", secret=DOCUMENTED_SECRET))


@pytest.mark.parametrize(
    ("symbol", "signature"), [("LTCBTC", ASCII_SIGNATURE), (WIDE_SYMBOL, WIDE_SIGNATURE)]
)
def test_the_documented_vectors_verify_in_either_case(symbol: str, signature: str) -> None:
    payload = DOCUMENTED.format(symbol).encode()
    hmac_verifier().check(payload, signature)
    hmac_verifier().check(payload, signature.upper())
    for wrong_payload, wrong in (
        (payload + b" ", signature),
        (payload, "\u00b5"),
        (payload, ""),
    ):
        with pytest.raises(Refusal) as refused:
            hmac_verifier().check(wrong_payload, wrong)
        assert refused.value.code == -1022


def test_query_and_body_are_signed_without_anything_between_them() -> None:
    payload = signed_payload(b"symbol=LTCBTC&side=BUY", b"quantity=1&signature=abc")
    assert payload == b"symbol=LTCBTC&side=BUYquantity=1"
    assert signed_payload(b"a=1&signature=abc", b"") == b"a=1"


def test_a_payload_that_was_not_percent_encoded_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        hmac_verifier().check("symbol=\u00b5".encode(), ASCII_SIGNATURE)
    assert refused.value.code == -1022


def test_an_ed25519_signature_verifies_and_a_changed_one_does_not() -> None:
    key = load_pem_private_key(DEMO_ED25519_PRIVATE_KEY.encode(), None)
    payload = sorted_payload({"timestamp": "1", "apiKey": "k", "signature": "left out"})
    assert payload == b"apiKey=k&timestamp=1"
    signature = base64.b64encode(key.sign(payload)).decode()  # type: ignore[union-attr,call-arg]
    verifier = Verifier(
        ApiKey(api_key=DEMO_ED25519_API_KEY, kind="ed25519", secret=DEMO_ED25519_PUBLIC_KEY)
    )
    verifier.check(payload, signature)
    for wrong in (signature.swapcase(), "no base64", ""):
        with pytest.raises(Refusal):
            verifier.check(payload, wrong)


def test_a_public_key_that_is_none_is_one_clear_line() -> None:
    with pytest.raises(ConfigError, match="no public key"):
        Verifier(ApiKey(api_key="k", kind="ed25519", secret="nonsense"))


@pytest.mark.parametrize(
    ("ahead_ms", "window", "text"),
    [
        (999, None, None),
        (1000, None, "1000ms ahead"),
        (-5000, None, None),
        (-5001, None, "outside of the recvWindow"),
        (-5001, "5001", None),
        (-6, "5.5", "outside of the recvWindow"),
    ],
)
def test_a_timestamp_is_judged_at_both_ends(
    ahead_ms: int, window: str | None, text: str | None
) -> None:
    values = {"timestamp": str(NOW_MS + ahead_ms)} | ({"recvWindow": window} if window else {})
    micro = values | {"timestamp": values["timestamp"] + "000"}
    for sent in (values, micro):
        if text is None:
            check_time(Params(sent), NOW_NS)
            continue
        with pytest.raises(Refusal, match=text) as refused:
            check_time(Params(sent), NOW_NS)
        assert refused.value.code == -1021


def test_a_client_may_be_ahead_by_as_long_as_market_time_stood() -> None:
    params = Params({"timestamp": str(NOW_MS + 5000)})
    check_time(params, NOW_NS, stood_ns=4_500_000_000)
    with pytest.raises(Refusal):
        check_time(params, NOW_NS, stood_ns=3_000_000_000)


@pytest.mark.parametrize(
    ("text", "code"), [("60000.001", -1131), ("5.0001", -1111), ("5.", -1100), ("-5", -1100)]
)
def test_a_wrong_receive_window_is_refused(text: str, code: int) -> None:
    assert receive_window_us("60000") == 60_000_000
    assert receive_window_us("0.5") == 500
    with pytest.raises(Refusal) as refused:
        receive_window_us(text)
    assert refused.value.code == code
