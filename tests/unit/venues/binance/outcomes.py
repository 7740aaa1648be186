"""The table of order outcomes as cases to drive the adapter through, and as a document.

`python -m tests.unit.venues.binance.outcomes` writes `docs/order-outcomes.md` anew.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from holdfast.domain.instrument import Product
from holdfast.venues.binance.wire.verdicts import (
    ASKS,
    CANCELING,
    FAILURES,
    PLACING,
    RULES,
    Ask,
    Rule,
    Verdict,
)

DOCUMENT = Path(__file__).parents[4] / "docs" / "order-outcomes.md"
UNDOCUMENTED_CODE = -9_999
UNDOCUMENTED_STATUS = 302
PRODUCTS = {Product.SPOT: "spot", Product.LINEAR: "USD-M"}
WORDS = {
    Ask.PLACE: "order",
    Ask.PLACE_ALGO: "conditional order",
    Ask.PLACE_LIST: "order list",
    Ask.REPLACE: "cancel-and-replace",
    Ask.CANCEL: "cancel",
    Ask.CANCEL_ALGO: "cancel of a conditional order",
}
_STATUSES = {
    -1000: 500, -1001: 500, -1002: 401, -1003: 429, -1006: 500, -1007: 504, -1008: 503,
    -1015: 429, -2014: 401, -2015: 401,
}  # fmt: skip
_DONE = (
    ("order", "200 with `orderId`", "Acked"),
    (
        "conditional order",
        "200 with `algoId`; the order id is `algo:` and that number",
        "Acked",
    ),
    ("order list", "200, and `orders` names the order", "Acked"),
    ("order list", "200, and `orders` does not name the order", "Unknown"),
    ("cancel", "200 with `executedQty`, of a list in `orderReports`", "CancelAcked"),
    (
        "cancel of a conditional order",
        "200 with `clientAlgoId`",
        "CancelAcked, nothing executed",
    ),
)
_PARTS = (
    ("SUCCESS", "SUCCESS", "CancelAcked", "Acked"),
    ("SUCCESS", "FAILURE", "CancelAcked", "by the code inside, as an order"),
    ("FAILURE", "NOT_ATTEMPTED", "by the code inside, as a cancel", "Rejected"),
    (
        "FAILURE",
        "FAILURE",
        "by the code inside, as a cancel",
        "by the code inside, as an order",
    ),
    ("FAILURE", "SUCCESS", "by the code inside, as a cancel", "Acked"),
    ("anything else", "anything else", "Unknown", "Unknown"),
)


class Said(msgspec.Struct, frozen=True):
    """An answer of the venue that is no success; code 0 is a page that is not the venue's."""

    status: int
    code: int
    text: str


class Case(msgspec.Struct, frozen=True):
    """What one row says of one request at one product."""

    product: Product
    ask: Ask
    said: Said
    verdict: Verdict


def said_by(rule: Rule) -> Said:
    """Give an answer that a row is about."""
    code = UNDOCUMENTED_CODE if rule.code is None else rule.code
    if rule.code is not None:
        usual = _STATUSES.get(rule.code, 403 if rule.code == 0 else 400)
        is_fixed = rule.first_status == rule.last_status
        status = rule.first_status if is_fixed else usual
    else:
        status = rule.first_status or UNDOCUMENTED_STATUS
    return Said(status, code, rule.text or "said by the venue")


def cases_of(rule: Rule) -> Iterator[Case]:
    """Give every request at every product to which a row applies."""
    for product, asks in ASKS.items():
        for ask in asks:
            if rule.product in (None, product) and (not rule.asks or ask in rule.asks):
                yield Case(product, ask, said_by(rule), rule.verdict)


def document() -> str:
    """Write the table for people."""
    parts = [
        _BEGINNING,
        _table(("asked", "answer", "outcome"), _DONE),
        _RULES,
        _table(
            ("status", "code", "text", "product", "asked", "outcome", "why"), map(_row, RULES)
        ),
        _FAILURES,
        _table(
            ("what happens", "said as", "outcome"),
            ((why, failure.value, _outcome(verdict)) for failure, verdict, why in FAILURES),
        ),
        _REPLACED,
        _table(("cancelResult", "newOrderResult", "cancel", "order"), _PARTS),
        _END,
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _row(rule: Rule) -> tuple[str, ...]:
    low, high = rule.first_status, rule.last_status
    status = (
        "any" if (low, high) == (0, 999) else str(low) if low == high else f"{low} to {high}"
    )
    if rule.code is None:
        code = "any"
    else:
        code = "none" if rule.code == 0 else str(rule.code)
    return (
        status,
        code,
        f"begins with `{rule.text}`" if rule.text else "any",
        PRODUCTS[rule.product] if rule.product else "both",
        _asked(rule.asks),
        _outcome(rule.verdict),
        rule.why,
    )


def _asked(asks: tuple[Ask, ...]) -> str:
    if not asks:
        return "anything"
    if asks == PLACING:
        return "what places"
    if asks == CANCELING:
        return "what cancels"
    return ", ".join(WORDS[ask] for ask in asks)


def _outcome(verdict: Verdict) -> str:
    return "Rejected, CancelRefused" if verdict is Verdict.NOT_DONE else "Unknown"


def _table(head: tuple[str, ...], rows: object) -> str:
    lines = [head, tuple("---" for _ in head), *rows]  # type: ignore[misc]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_BEGINNING = """
# What an answer makes of an order

Every order has one of three outcomes: **Acked** (the venue has it), **Rejected** (it is
certain that it was not done) or **Unknown** (nobody knows yet). A cancel is acked, refused or
Unknown in the same way; a refused cancel proves nothing about its order. This page is written
from `src/holdfast/venues/binance/wire/verdicts.py`, and a test drives the adapter over both of
its ways, WebSocket API and HTTP, through each row (XCH-6).

Three rules stand above the rows:

- What could have been executed is Unknown. Doubt is the last row, not an exception.
- The adapter writes each order and each cancel once, whatever comes back, also when it was
  certainly refused ([decision 11](decisions/0011-what-is-asked-a-second-time.md)).
- An Unknown counts as risk until the user stream or queries settle it. A single -2013 proves
  nothing: queries of the venue lag behind its engine.

## Successes
"""
_RULES = """
A success that cannot be read, or that names another client id, is Unknown.

## Answers that are no success

The first row that fits decides. The same code can mean different things at the two products.
"""
_FAILURES = """
## No answer

What nobody answered may have been executed, unless it is certain that no byte left.
"""
_REPLACED = """
## Parts of a cancel-and-replace

Spot says of both parts what became of them, with statuses 200, 400 (-2022) and 409 (-2021). We
ask with STOP_ON_FAILURE, so that an order is only placed when its cancel succeeded. Without
readable parts, both answers follow the rows above.
"""
_END = """
## Where this comes from

Binance's documents of spot and USD-M: errors, general API information, the documents of each
request, and the change logs up to 2026-07. Two rows are stricter than those documents: a 429
without the venue's code is taken for a page of a proxy, and a 409 counts as doubt unless it is
about a cancel-and-replace. Proven against the simulated exchange and recorded payloads, not yet
against Binance.
"""


if __name__ == "__main__":
    DOCUMENT.write_text(document())
