"""The independent checkers: each is given both sides of an episode and says what is wrong.

order_lost        an order stands on one side only, or ended otherwise there
order_duplicated  a client id is there twice, or more was executed than was approved
fill_booked_once  an execution is missing, twice, or not as the venue has it
balances          balances or wallets differ in any digit, or were adjusted without cause
positions         positions of contracts differ
income_once       funding or another movement of a wallet is missing, twice or different
new_risk          an order that adds risk came before the trader had asked what it missed
rests             an order rests at the end that is not the stop of an open position
"""

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from soak.facts import ZERO, JournalOrder, JournalSide, VenueOrder, VenueSide

ENDINGS = {
    "FILLED": ("",),
    "CANCELED": ("canceled",),
    "EXPIRED": ("expired", "canceled"),
    "EXPIRED_IN_MATCH": ("expired", "canceled"),
    "REJECTED": ("rejected", "expired"),
}
"""What a journal may say of an order that the venue ended so."""
BY_EXECUTION = ("COMMISSION", "REALIZED_PNL")
ASKED_FOR = {
    "spot": ({"GET /api/v3/openOrders"}, {"GET /api/v3/account"}),
    "usdm": ({"GET /fapi/v1/openOrders"}, {"GET /fapi/v3/balance"}),
}
"""What a trader has to ask that has missed something: what rests, and what it has."""
KNOWN_WITHIN_NS = 2 * 10**9
MOST_SAID = 5


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of an episode. `given` is what came to the account without the trader."""

    journal: JournalSide
    venue: VenueSide
    log: list[dict[str, Any]]
    given: dict[str, Decimal]


Checker = Callable[[Case], Iterator[str]]


def order_lost(case: Case) -> Iterator[str]:
    """Every order of ours is on both sides, with the same end and executed quantity."""
    known = {order.client_order_id: order for order in case.venue.orders}
    for client_order_id, order in known.items():
        if client_order_id[:6] not in case.journal.marks:
            continue
        ours = case.journal.orders.get(client_order_id)
        if ours is None:
            yield f"{client_order_id} is at the venue and not in the journal"
        else:
            yield from _ended_alike(order, ours)
    for client_order_id, ours in case.journal.orders.items():
        if client_order_id not in known and ours.ending not in ("withheld", "rejected"):
            yield f"{client_order_id} ({ours.ending or 'open'}) is not at the venue"


def _ended_alike(order: VenueOrder, ours: JournalOrder) -> Iterator[str]:
    name = order.client_order_id
    if ours.filled != order.executed:
        yield f"{name} has {order.executed} executed at the venue, {ours.filled} in the journal"
    if ours.ending not in ENDINGS.get(order.status, ("",)):
        yield f"{name} is {order.status} at the venue, {ours.ending or 'open'} in the journal"


def order_duplicated(case: Case) -> Iterator[str]:
    """No client id came to the venue twice, and nothing was executed beyond its quantity."""
    sent = Counter(order.client_order_id for order in case.venue.orders)
    yield from (f"{name} is at the venue {n} times" for name, n in sent.items() if n > 1)
    yield from (f"{name} is approved twice" for name in case.journal.twice)
    drawn: dict[str, Decimal] = {}
    for order in case.venue.orders:
        ours = case.journal.orders.get(order.client_order_id)
        if ours is None:
            continue
        if order.executed > ours.quantity:
            yield f"{order.client_order_id}: {order.executed} of {ours.quantity} executed"
        drawn[ours.intent_id] = drawn.get(ours.intent_id, ZERO) + order.executed
    for intent_id, executed in drawn.items():
        wanted, contingency = case.journal.intents.get(intent_id, (ZERO, ""))
        # A list with an entry buys once and sells once what it bought.
        most = 2 * wanted if contingency else wanted
        if intent_id and executed > most:
            yield f"intent {intent_id}: {executed} of {wanted} executed"


def fill_booked_once(case: Case) -> Iterator[str]:
    """Every execution of the venue is in the journal once, word for word."""
    booked = Counter((fill.symbol, fill.exec_id) for fill in case.journal.fills)
    yield from (f"execution {key} is booked {n} times" for key, n in booked.items() if n > 1)
    ours = {(fill.symbol, fill.exec_id): fill for fill in case.journal.fills}
    theirs = {(fill.symbol, fill.exec_id): fill for fill in case.venue.fills}
    yield from (f"execution {key} is not booked" for key in theirs.keys() - ours.keys())
    yield from (f"execution {key} is invented" for key in ours.keys() - theirs.keys())
    for key in theirs.keys() & ours.keys():
        if theirs[key] != ours[key]:
            yield f"execution {key}: {theirs[key]} at the venue, {ours[key]} in the journal"


def balances(case: Case) -> Iterator[str]:
    """Both sides hold the same to the last digit, and only gifts are adjusted."""
    ours = {asset: amount for asset, amount in case.journal.cash.items() if amount}
    theirs = case.venue.cash
    for asset in sorted(ours.keys() | theirs.keys()):
        if ours.get(asset, ZERO) != theirs.get(asset, ZERO):
            yield f"{asset}: {theirs.get(asset)} at the venue, {ours.get(asset)} in the journal"
    for asset, amount in case.venue.opening.items():
        if case.journal.opened.get(asset, ZERO) != amount:
            yield f"{asset} opened with {case.journal.opened.get(asset)}, not {amount}"
    given = case.given if case.venue.product == "spot" else {}
    for asset in sorted(case.journal.adjusted.keys() | given.keys()):
        adjusted = case.journal.adjusted.get(asset, ZERO)
        if adjusted != given.get(asset, ZERO):
            yield f"{asset} was adjusted by {adjusted}, and {given.get(asset, ZERO)} came in"


def positions(case: Case) -> Iterator[str]:
    """Positions of contracts are equal."""
    ours = {key: amount for key, amount in case.journal.positions.items() if amount}
    theirs = case.venue.positions
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key, ZERO) != theirs.get(key, ZERO):
            yield f"{key}: {theirs.get(key)} at the venue, {ours.get(key)} in the journal"


def income_once(case: Case) -> Iterator[str]:
    """Every movement of a wallet that no execution made is booked once, with its amount."""
    theirs = Counter(one for one in case.venue.income if one[0] not in BY_EXECUTION)
    ours = Counter(case.journal.income)
    yield from (
        f"{one} is booked {ours[one]} of {n} times" for one, n in (theirs - ours).items()
    )
    yield from (f"{one} is booked {ours[one]} times" for one in ours - theirs)


def new_risk(case: Case) -> Iterator[str]:
    """No order that adds risk comes between a loss of the user stream and the questions.

    The trader cannot know of a loss before it hears of it: for a moment orders may still come,
    until it listens again or the moment is over.
    """
    resting, having = ASKED_FOR[case.venue.product]
    listens, asked, deaf_at_ns, changed_at_ns = False, set[str](), 0, 0
    for entry in case.log:
        if entry["product"] != case.venue.product:
            continue
        what = entry["what"]
        if what in ("deaf", "listened"):
            changed_at_ns = entry["at_ns"]
        if what == "deaf":
            listens, asked, deaf_at_ns = False, set(), entry["at_ns"]
        elif what == "listened":
            listens, asked = True, set()
        elif listens and what in resting | having:
            asked.add(what)
        is_clean = listens and bool(asked & resting) and bool(asked & having)
        is_early = not listens and 0 <= entry["at_ns"] - deaf_at_ns < KNOWN_WITHIN_NS
        if is_clean or is_early:
            continue
        for name in entry.get("ids", ()):
            order = case.journal.orders.get(name)
            if order is not None and _adds_risk(order, case.venue.product):
                since = (entry["at_ns"] - changed_at_ns) / 10**9
                state = "listened again" if listens else "was deaf"
                yield (
                    f"{name} ({order.strategy}, {order.side}) came {since:.3f} s after the "
                    f"trader {state}, having asked {sorted(asked)} (entry {entry['number']})"
                )


def _adds_risk(order: JournalOrder, product: str) -> bool:
    if product == "spot":
        return order.side == "buy"
    return order.purpose != "protective" and not order.reduces


def rests(case: Case) -> Iterator[str]:
    """At the end nothing rests but the stop of a position that is there."""
    for name in case.venue.open_ids:
        order = case.journal.orders.get(name)
        if order is None:
            if name[:6] in case.journal.marks:
                yield f"{name} rests, and the journal does not know it"
        elif order.purpose != "protective":
            yield f"{name} ({order.strategy}, {order.purpose}) rests"


CHECKERS: dict[str, Checker] = {
    checker.__name__: checker
    for checker in (
        order_lost, order_duplicated, fill_booked_once, balances, positions, income_once,
        new_risk, rests,
    )
}  # fmt: skip


def judge(case: Case) -> dict[str, list[str]]:
    """Ask every checker; gives what is wrong, by checker."""
    found = {}
    for name, checker in CHECKERS.items():
        said = list(checker(case))
        if said:
            more = [f"and {len(said) - MOST_SAID} more"] if len(said) > MOST_SAID else []
            found[name] = said[:MOST_SAID] + more
    return found
