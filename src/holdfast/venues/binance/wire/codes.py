"""The codes that the venue documents for orders and cancels, with what each one means.

None of them is in doubt by itself: as refusals of kind 4xx they fall to one row of `RULES`, and
the codes that are in doubt stand there in rows of their own. This list is for people, and for
the tests that drive the adapter through every code that is known.
"""

import msgspec

from holdfast.domain.instrument import Product
from holdfast.venues.binance.wire.verdicts import CANCELING, PLACING, Ask


class Code(msgspec.Struct, frozen=True):
    """A documented code; `product` None when both have it, `asks` empty when every ask has."""

    code: int
    meaning: str
    product: Product | None = None
    asks: tuple[Ask, ...] = ()
    status: int = 400


_SPOT, _USDM = Product.SPOT, Product.LINEAR

CODES: tuple[Code, ...] = (
    Code(-1002, "not authorized", status=401),
    Code(-1003, "too many requests", status=429),
    Code(-1013, "a filter of the symbol", asks=PLACING),
    Code(-1014, "unsupported order combination", asks=PLACING),
    Code(-1015, "too many orders", asks=PLACING, status=429),
    Code(-1016, "the service is shut down"),
    Code(-1020, "unsupported operation"),
    Code(-1021, "time stamp outside of the receive window, or ahead"),
    Code(-1022, "signature not valid"),
    Code(-1100, "illegal characters in a parameter"),
    Code(-1101, "too many or duplicate parameters"),
    Code(-1102, "mandatory parameter missing"),
    Code(-1103, "unknown parameter"),
    Code(-1104, "parameters that nobody read"),
    Code(-1105, "parameter empty"),
    Code(-1106, "parameter not required"),
    Code(-1111, "finer than the precision of the asset", asks=PLACING),
    Code(-1114, "time in force not required", asks=PLACING),
    Code(-1115, "time in force not valid", asks=PLACING),
    Code(-1116, "order type not valid", asks=PLACING),
    Code(-1117, "side not valid", asks=PLACING),
    Code(-1118, "client order id empty", asks=PLACING),
    Code(-1121, "symbol not valid"),
    Code(-1130, "data of a parameter not valid"),
    Code(-1131, "receive window too long"),
    Code(-1220, "symbol status does not match", product=_SPOT),
    Code(-2010, "refused by the engine: balance, halt, post-only, type", asks=PLACING),
    Code(-2011, "no such order on the book now", asks=CANCELING),
    Code(-2013, "no such order", asks=CANCELING),
    Code(-2014, "API key not well formed", status=401),
    Code(-2015, "API key, address or permission refused", status=401),
    Code(-2018, "balance not sufficient", product=_USDM, asks=PLACING),
    Code(-2019, "margin not sufficient", product=_USDM, asks=PLACING),
    Code(-2020, "unable to fill", product=_USDM, asks=PLACING),
    Code(-2021, "would trigger immediately", product=_USDM, asks=PLACING),
    Code(-2022, "reduce-only refused", product=_USDM, asks=PLACING),
    Code(-2023, "the account is in liquidation", product=_USDM),
    Code(-2024, "position not sufficient", product=_USDM, asks=PLACING),
    Code(-2025, "most open orders reached", product=_USDM, asks=PLACING),
    Code(-2026, "this order type cannot be reduce-only", product=_USDM, asks=PLACING),
    Code(-2027, "most position at this leverage", product=_USDM, asks=PLACING),
    Code(-2028, "leverage is below the margin", product=_USDM, asks=PLACING),
    Code(-2026, "the order was archived", product=_SPOT, asks=(Ask.CANCEL,)),
    Code(-2039, "client order id and order id do not match", asks=(Ask.CANCEL,)),
    Code(-4003, "quantity below zero", product=_USDM, asks=PLACING),
    Code(-4004, "quantity too small", product=_USDM, asks=PLACING),
    Code(-4005, "quantity too great", product=_USDM, asks=PLACING),
    Code(-4014, "price is no multiple of the tick", product=_USDM, asks=PLACING),
    Code(-4015, "client order id not well formed", product=_USDM, asks=PLACING),
    Code(-4016, "price above the band", product=_USDM, asks=PLACING),
    Code(-4023, "quantity is no multiple of the step", product=_USDM, asks=PLACING),
    Code(-4024, "price below the band", product=_USDM, asks=PLACING),
    Code(-4045, "most stop orders reached", product=_USDM, asks=PLACING),
    Code(-4061, "position side does not match the mode", product=_USDM, asks=PLACING),
    Code(-4087, "only reductions are allowed", product=_USDM, asks=PLACING),
    Code(-4088, "the account may not place orders", product=_USDM, asks=PLACING),
    Code(-4109, "the account is inactive", product=_USDM),
    Code(-4131, "outside of the market price band", product=_USDM, asks=PLACING),
    Code(-4164, "notional too small", product=_USDM, asks=PLACING),
    Code(-4192, "cooling-off period", product=_USDM, asks=PLACING),
    Code(-4400, "quantitative rules: only reductions", product=_USDM, asks=PLACING),
    Code(-5021, "fill-or-kill could not be filled", product=_USDM, asks=PLACING),
    Code(-5022, "post-only would have taken", product=_USDM, asks=PLACING),
    Code(-5028, "too late at the engine, not placed", product=_USDM),
    Code(-5041, "no depth to match a price against", product=_USDM, asks=PLACING),
)
