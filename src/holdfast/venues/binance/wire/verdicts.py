"""What an answer says about the order it was asked for: a table, not code.

Of each answer one thing matters first: is it certain that the order was not done? The first row
that fits decides. Whatever no row names is certain only when it is a refusal of kind 4xx with
the venue's own code; a page of a proxy, half an answer or a 5xx proves nothing.
`docs/order-outcomes.md` shows all rows, and tests drive the adapter through each. Sources:
Binance's documents of errors and of general API information of the product that a row names,
or of both where it names none.
"""

from enum import Enum

import msgspec

from holdfast.domain.instrument import Product


class Verdict(Enum):
    """What an answer proves."""

    DONE = "done"
    NOT_DONE = "not_done"
    IN_DOUBT = "in_doubt"


class Ask(Enum):
    """What was asked."""

    PLACE = "place"
    PLACE_ALGO = "place_algo"
    PLACE_LIST = "place_list"
    REPLACE = "replace"
    CANCEL = "cancel"
    CANCEL_ALGO = "cancel_algo"


PLACING = (Ask.PLACE, Ask.PLACE_ALGO, Ask.PLACE_LIST, Ask.REPLACE)
CANCELING = (Ask.CANCEL, Ask.CANCEL_ALGO)
ASKS = {
    Product.SPOT: (Ask.PLACE, Ask.PLACE_LIST, Ask.REPLACE, Ask.CANCEL),
    Product.LINEAR: (Ask.PLACE, Ask.PLACE_ALGO, Ask.CANCEL, Ask.CANCEL_ALGO),
}
"""What each product can be asked."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row; what is None or empty matches everything. `why` is for people."""

    first_status: int = 0
    last_status: int = 999
    code: int | None = None
    text: str = ""
    product: Product | None = None
    asks: tuple[Ask, ...] = ()
    verdict: Verdict
    why: str


class Failure(Enum):
    """No answer at all, or none that can be read; the value is what is said of it."""

    NO_ANSWER = "no answer in time"
    LOST = "the connection was lost"
    UNREADABLE = "the answer cannot be read"
    STRANGE = "the answer is about another order"
    CLOSED = "closed before an answer came"
    NOT_CONNECTED = "not connected; nothing was sent"
    HELD = "the venue asked us to wait; nothing was sent"
    BANNED = "banned by the venue; nothing was sent"
    UNSUPPORTED = "nothing was sent"


FAILURES: tuple[tuple[Failure, Verdict, str], ...] = (
    (Failure.NO_ANSWER, Verdict.IN_DOUBT, "nothing, or no readable frame, before the deadline"),
    (Failure.LOST, Verdict.IN_DOUBT, "reset, closed or half an answer after the bytes left"),
    (Failure.UNREADABLE, Verdict.IN_DOUBT, "a success that names no order"),
    (Failure.STRANGE, Verdict.IN_DOUBT, "a success that names another client id"),
    (Failure.CLOSED, Verdict.IN_DOUBT, "the trader disconnects while it waits"),
    (Failure.NOT_CONNECTED, Verdict.NOT_DONE, "neither way could take a byte"),
    (Failure.HELD, Verdict.NOT_DONE, "orders wait for the end of a 429; cancels go on"),
    (Failure.BANNED, Verdict.NOT_DONE, "after a 418, or a 429 to a cancel: no cancels either"),
    (Failure.UNSUPPORTED, Verdict.NOT_DONE, "the product has no such order, as is said"),
)
"""What each failure proves, and when it happens."""

KEY_CODES = (-2014, -2015, -2008, -1022)
"""Codes that refuse the key, its signature or its permissions."""

_SPOT, _USDM = Product.SPOT, Product.LINEAR
_NOT_DONE = Verdict.NOT_DONE
_IN_DOUBT = Verdict.IN_DOUBT

_DECIDING: tuple[Rule, ...] = (
    Rule(
        first_status=503,
        last_status=503,
        text="Service Unavailable.",
        product=_USDM,
        verdict=_NOT_DONE,
        why="documented as a failure, of this very text in the venue's own body",
    ),
    Rule(code=-1006, verdict=_IN_DOUBT, why="unexpected response of the message bus"),
    Rule(code=-1007, verdict=_IN_DOUBT, why="the matching engine did not answer in 10 s"),
    Rule(
        first_status=503,
        last_status=503,
        code=-1000,
        text="Internal error; unable to process",
        product=_USDM,
        verdict=_NOT_DONE,
        why="USD-M documents this text as a failure",
    ),
    Rule(code=-1000, verdict=_IN_DOUBT, why="unknown error while processing"),
    Rule(
        first_status=503,
        last_status=503,
        code=-1001,
        text="Internal error; unable to process",
        product=_USDM,
        verdict=_NOT_DONE,
        why="USD-M documents this text as a failure",
    ),
    Rule(code=-1001, verdict=_IN_DOUBT, why="disconnected inside the venue"),
    Rule(
        code=-2010,
        text="Duplicate order sent.",
        asks=PLACING,
        verdict=_IN_DOUBT,
        why="an order with this id is open: evidence of success, a query settles it",
    ),
    Rule(
        code=-4116,
        product=_USDM,
        asks=PLACING,
        verdict=_IN_DOUBT,
        why="duplicate id: evidence of success, a query settles it",
    ),
    Rule(
        code=-2011,
        asks=PLACING,
        verdict=_IN_DOUBT,
        why="an answer to a cancel; it says nothing about a new order",
    ),
    Rule(
        code=-2013,
        asks=PLACING,
        verdict=_IN_DOUBT,
        why="an answer to a query; it says nothing about a new order",
    ),
    Rule(
        code=-2021,
        product=_SPOT,
        verdict=_IN_DOUBT,
        why="cancel-and-replace done in part: only its own data says which part",
    ),
    Rule(
        code=-2022,
        product=_SPOT,
        verdict=_IN_DOUBT,
        why="cancel-and-replace failed: only its own data says what was attempted",
    ),
    Rule(
        code=-2026,
        product=_SPOT,
        asks=PLACING,
        verdict=_IN_DOUBT,
        why="an answer about an archived order; it says nothing about a new one",
    ),
    Rule(
        code=-1008,
        verdict=_NOT_DONE,
        why="throttled by the system before the engine; cancels and reductions are exempt",
    ),
    Rule(first_status=500, verdict=_IN_DOUBT, why="5xx: the order may have been executed"),
    Rule(first_status=408, last_status=408, verdict=_IN_DOUBT, why="timed out behind the edge"),
    Rule(
        first_status=418,
        last_status=418,
        verdict=_NOT_DONE,
        why="banned before the engine (-1003)",
    ),
    Rule(code=0, verdict=_IN_DOUBT, why="an answer without the venue's code proves nothing"),
    Rule(
        first_status=429, last_status=429, verdict=_NOT_DONE, why="over a limit (-1003, -1015)"
    ),
    Rule(
        first_status=409,
        last_status=409,
        verdict=_IN_DOUBT,
        why="a conflict that is documented for cancel-and-replace alone",
    ),
)


def _certain(
    code: int,
    why: str,
    *,
    product: Product | None = None,
    asks: tuple[Ask, ...] = (),
) -> Rule:
    """Make the row of a documented code, which as a 4xx is certain."""
    return Rule(
        first_status=400,
        last_status=499,
        code=code,
        product=product,
        asks=asks,
        verdict=_NOT_DONE,
        why=why,
    )


_DOCUMENTED: tuple[Rule, ...] = (
    _certain(-1002, "not authorized"),
    _certain(-1013, "a filter of the symbol", asks=PLACING),
    _certain(-1014, "unsupported order combination", asks=PLACING),
    _certain(-1016, "the service is shut down"),
    _certain(-1020, "unsupported operation"),
    _certain(-1021, "time stamp outside of the receive window, or ahead"),
    _certain(-1022, "signature not valid"),
    _certain(-1100, "illegal characters in a parameter"),
    _certain(-1101, "too many or duplicate parameters"),
    _certain(-1102, "mandatory parameter missing"),
    _certain(-1103, "unknown parameter"),
    _certain(-1104, "parameters that nobody read"),
    _certain(-1105, "parameter empty"),
    _certain(-1106, "parameter not required"),
    _certain(-1111, "finer than the precision of the asset", asks=PLACING),
    _certain(-1114, "time in force not required", asks=PLACING),
    _certain(-1115, "time in force not valid", asks=PLACING),
    _certain(-1116, "order type not valid", asks=PLACING),
    _certain(-1117, "side not valid", asks=PLACING),
    _certain(-1118, "client order id empty", asks=PLACING),
    _certain(-1121, "symbol not valid"),
    _certain(-1130, "data of a parameter not valid"),
    _certain(-1131, "receive window too long"),
    _certain(-1220, "symbol status does not match", product=_SPOT),
    _certain(-2010, "refused by the engine: balance, halt, post-only, type", asks=PLACING),
    _certain(-2011, "no such order on the book now", asks=CANCELING),
    _certain(-2013, "no such order", asks=CANCELING),
    _certain(-2014, "API key not well formed"),
    _certain(-2015, "API key, address or permission refused"),
    _certain(-2018, "balance not sufficient", product=_USDM, asks=PLACING),
    _certain(-2019, "margin not sufficient", product=_USDM, asks=PLACING),
    _certain(-2020, "unable to fill", product=_USDM, asks=PLACING),
    _certain(-2021, "would trigger immediately", product=_USDM, asks=PLACING),
    _certain(-2022, "reduce-only refused", product=_USDM, asks=PLACING),
    _certain(-2023, "the account is in liquidation", product=_USDM),
    _certain(-2024, "position not sufficient", product=_USDM, asks=PLACING),
    _certain(-2025, "most open orders reached", product=_USDM, asks=PLACING),
    _certain(-2026, "this order type cannot be reduce-only", product=_USDM, asks=PLACING),
    _certain(-2027, "most position at this leverage", product=_USDM, asks=PLACING),
    _certain(-2028, "leverage is below the margin", product=_USDM, asks=PLACING),
    _certain(-2026, "the order was archived", product=_SPOT, asks=(Ask.CANCEL,)),
    _certain(-2039, "client order id and order id do not match", asks=(Ask.CANCEL,)),
    _certain(-4003, "quantity below zero", product=_USDM, asks=PLACING),
    _certain(-4004, "quantity too small", product=_USDM, asks=PLACING),
    _certain(-4005, "quantity too great", product=_USDM, asks=PLACING),
    _certain(-4014, "price is no multiple of the tick", product=_USDM, asks=PLACING),
    _certain(-4015, "client order id not well formed", product=_USDM, asks=PLACING),
    _certain(-4016, "price above the band", product=_USDM, asks=PLACING),
    _certain(-4023, "quantity is no multiple of the step", product=_USDM, asks=PLACING),
    _certain(-4024, "price below the band", product=_USDM, asks=PLACING),
    _certain(-4045, "most stop orders reached", product=_USDM, asks=PLACING),
    _certain(-4061, "position side does not match the mode", product=_USDM, asks=PLACING),
    _certain(-4087, "only reductions are allowed", product=_USDM, asks=PLACING),
    _certain(-4088, "the account may not place orders", product=_USDM, asks=PLACING),
    _certain(-4109, "the account is inactive", product=_USDM),
    _certain(-4131, "outside of the market price band", product=_USDM, asks=PLACING),
    _certain(-4164, "notional too small", product=_USDM, asks=PLACING),
    _certain(-4192, "cooling-off period", product=_USDM, asks=PLACING),
    _certain(-4400, "quantitative rules: only reductions", product=_USDM, asks=PLACING),
    _certain(-5021, "fill-or-kill could not be filled", product=_USDM, asks=PLACING),
    _certain(-5022, "post-only would have taken", product=_USDM, asks=PLACING),
    _certain(-5028, "too late at the engine, not placed", product=_USDM),
    _certain(-5041, "no depth to match a price against", product=_USDM, asks=PLACING),
)

_OTHERS: tuple[Rule, ...] = (
    Rule(
        first_status=400,
        last_status=499,
        verdict=_NOT_DONE,
        why="a refusal with a code that is not named here",
    ),
    Rule(verdict=_IN_DOUBT, why="no other answer is documented"),
)

RULES = _DECIDING + _DOCUMENTED + _OTHERS


def rule_of(
    status: int, code: int, *, text: str = "", product: Product = Product.SPOT, ask: Ask
) -> Rule:
    """Find the first row that fits a refusal; `code` is 0 when the venue sent none.

    The last row also takes what is no status at all.
    """
    fitting = (
        rule
        for rule in RULES
        if rule.first_status <= status <= rule.last_status
        and rule.code in (None, code)
        and text.startswith(rule.text)
        and rule.product in (None, product)
        and (not rule.asks or ask in rule.asks)
    )
    return next(fitting, RULES[-1])


def judge(
    status: int,
    code: int,
    *,
    text: str = "",
    product: Product = Product.SPOT,
    ask: Ask = Ask.PLACE,
) -> Verdict:
    """Say what a refusal proves."""
    return rule_of(status, code, text=text, product=product, ask=ask).verdict


def judge_failure(failure: Failure) -> Verdict:
    """Say what a failure proves."""
    return next(verdict for known, verdict, _ in FAILURES if known is failure)
