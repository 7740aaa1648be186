"""Signatures and request times, checked over the exact bytes received.

The signed payload is the query string followed by the body, with nothing between them and
without the `signature` pair; over the WebSocket API it is the sorted parameters. Nothing is
decoded, re-encoded or put in another order before it is checked.
"""

import base64
import binascii
import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from holdfast.errors import ConfigError
from holdfast.simexchange import refusals
from holdfast.simexchange.accounts import ApiKey
from holdfast.simexchange.params import Params

DEFAULT_RECV_WINDOW_US = 5_000_000
LAST_MILLISECOND = 10**14  # above it an instant is in microseconds
RECV_WINDOW_DECIMALS = 3


class Verifier:
    """Check signatures of one key."""

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self._template = hmac.new(key.secret.encode(), digestmod=hashlib.sha256)
        self._public = _load_public_key(key.secret) if key.kind == "ed25519" else None

    def check(self, payload: bytes, signature: str) -> None:
        """Raise the venue's refusal unless the signature is of exactly these bytes.

        A payload has to be percent-encoded before it is signed.
        """
        if not payload.isascii():
            raise refusals.bad_signature()
        if self._public is None:
            mac = self._template.copy()
            mac.update(payload)
            if not hmac.compare_digest(mac.hexdigest().encode(), signature.lower().encode()):
                raise refusals.bad_signature()
            return
        try:
            self._public.verify(base64.b64decode(signature, validate=True), payload)
        except (InvalidSignature, binascii.Error, ValueError):
            raise refusals.bad_signature() from None


def signed_payload(query: bytes, body: bytes) -> bytes:
    """Return the bytes that a REST client signed: query then body, `signature` taken out."""
    return _without_signature(query) + _without_signature(body)


def sorted_payload(values: dict[str, str]) -> bytes:
    """Return the bytes that a WebSocket API client signed: sorted pairs without `signature`."""
    names = sorted(name for name in values if name != "signature")
    return "&".join(f"{name}={values[name]}" for name in names).encode()


def check_time(params: Params, now_ns: int, *, stood_ns: int = 0) -> None:
    """Accept a timestamp less than a second ahead and not older than the receive window.

    `stood_ns` is how long market time stood still, which no venue's does: the clock of a client
    that does not know that went on meanwhile, and may be ahead by as much.
    """
    window_us = receive_window_us(params.optional("recvWindow"))
    timestamp = params.integer("timestamp")
    if timestamp is None:
        raise refusals.missing("timestamp")
    timestamp_us = timestamp if timestamp > LAST_MILLISECOND else timestamp * 1000
    now_us = now_ns // 1000
    if timestamp_us >= now_us + stood_ns // 1000 + refusals.AHEAD_MS * 1000:
        raise refusals.too_early()
    if now_us - timestamp_us > window_us:
        raise refusals.too_late()


def receive_window_us(text: str | None) -> int:
    """Read a receive window of milliseconds with up to three decimals, in microseconds."""
    if text is None:
        return DEFAULT_RECV_WINDOW_US
    whole, dot, fraction = text.partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit() and whole) or (dot and not fraction):
        raise refusals.illegal("recvWindow", r"^[0-9]{1,5}(\.[0-9]{1,3})?$")
    if len(fraction) > RECV_WINDOW_DECIMALS:
        raise refusals.too_precise("recvWindow")
    window_us = int(whole) * 1000 + int(fraction.ljust(RECV_WINDOW_DECIMALS, "0"))
    if window_us > refusals.MAX_RECV_WINDOW_MS * 1000:
        raise refusals.window_too_long()
    return window_us


def _without_signature(raw: bytes) -> bytes:
    if b"signature=" not in raw:
        return raw
    kept = [part for part in raw.split(b"&") if not part.startswith(b"signature=")]
    return b"&".join(kept)


def _load_public_key(text: str) -> Ed25519PublicKey:
    try:
        if text.lstrip().startswith("-----BEGIN"):
            loaded = load_pem_public_key(text.encode())
        else:
            raw = base64.b64decode(text, validate=True)
            loaded = Ed25519PublicKey.from_public_bytes(raw)
    except (ValueError, binascii.Error) as error:
        raise ConfigError(
            f"accounts: the secret of an ed25519 key is no public key ({error}); "
            "its PEM text or the base64 of its 32 bytes would be right"
        ) from error
    if not isinstance(loaded, Ed25519PublicKey):
        raise ConfigError("accounts: a public key is of another kind; Ed25519 would be right")
    return loaded
