"""What an answer says about the order it was asked for: a table, not code.

Of each refusal one thing matters first: is it certain that the order was not done? Whatever the
table does not name is certain only when it is a refusal of kind 4xx with the venue's own code;
a page of a proxy, half an answer or a 5xx proves nothing. Source: Binance spot documents on
errors and on general API information; USD-M rows are marked and apply there only.
"""

from enum import Enum

import msgspec

from holdfast.domain.instrument import Product


class Verdict(Enum):
    """What an answer proves."""

    DONE = "done"
    NOT_DONE = "not_done"
    IN_DOUBT = "in_doubt"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row; what is None or empty matches everything. `why` is for people."""

    first_status: int = 0
    last_status: int = 999
    code: int | None = None
    text: str = ""
    product: Product | None = None
    verdict: Verdict
    why: str


_USDM = Product.LINEAR
_NOT_DONE = Verdict.NOT_DONE
_IN_DOUBT = Verdict.IN_DOUBT

KEY_CODES = (-2014, -2015, -2008, -1022)
"""Codes that refuse the key, its signature or its permissions."""

RULES: tuple[Rule, ...] = (
    Rule(code=-1006, verdict=_IN_DOUBT, why="unexpected response of the message bus"),
    Rule(code=-1007, verdict=_IN_DOUBT, why="the matching engine did not answer in 10 s"),
    Rule(code=-1000, verdict=_IN_DOUBT, why="unknown error while processing"),
    Rule(
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
        verdict=_IN_DOUBT,
        why="an order with this id is open: evidence of success, a query settles it",
    ),
    Rule(code=-4116, product=_USDM, verdict=_IN_DOUBT, why="duplicate id on USD-M"),
    Rule(code=-1008, verdict=_NOT_DONE, why="throttled by the system before the engine"),
    Rule(
        first_status=503,
        last_status=503,
        text="Service Unavailable.",
        verdict=_NOT_DONE,
        why="documented as a failure of this very text",
    ),
    Rule(first_status=500, verdict=_IN_DOUBT, why="5xx: the order may have been executed"),
    Rule(first_status=408, last_status=408, verdict=_IN_DOUBT, why="timed out behind the edge"),
    Rule(first_status=418, last_status=418, verdict=_NOT_DONE, why="banned before the engine"),
    Rule(first_status=429, last_status=429, verdict=_NOT_DONE, why="over a limit, not taken"),
    Rule(code=0, verdict=_IN_DOUBT, why="an answer without the venue's code proves nothing"),
    Rule(
        first_status=400,
        last_status=499,
        verdict=_NOT_DONE,
        why="a refusal with a code: filter, parameter, time stamp, key, balance, engine",
    ),
    Rule(verdict=_IN_DOUBT, why="no other answer is documented"),
)


def judge(
    status: int, code: int, *, text: str = "", product: Product = Product.SPOT
) -> Verdict:
    """Say what a refusal proves; `code` is 0 when the venue sent none."""
    for rule in RULES:
        if (
            rule.first_status <= status <= rule.last_status
            and rule.code in (None, code)
            and text.startswith(rule.text)
            and rule.product in (None, product)
        ):
            return rule.verdict
    return Verdict.IN_DOUBT
