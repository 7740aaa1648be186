"""Whose an order at the venue is, and what follows from that, as one table.

Everything that trades on the account has exactly one owner, is shown, and blocks what the table
says (`docs/reconciliation.md` gives the reasons).
"""

from enum import Enum

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.account import Taken
from holdfast.domain.contracts import CLOSED_BY_HAND
from holdfast.domain.ids import ClientOrderId, JournalId, is_ours, journal_of
from holdfast.domain.instrument import Instrument
from holdfast.domain.order import Origin
from holdfast.domain.venue import OrderReport

ACCOUNT = "account"
ANOTHER = "another instance"
UNEXPLAINED = "unexplained amount"
OUTSIDE = "position outside of this run"
DISAGREEMENT = "no agreement"
VENUE = "venue"
STRANGER = "somebody else"


class Claim(Enum):
    """Who sent an order, as its id and the venue say."""

    OURS = "this journal"
    LOST = "this journal, unrecorded"
    ANOTHER = "another journal of ours"
    MANUAL = "somebody else"
    LIQUIDATION = "the venue: liquidation"
    ADL = "the venue: deleveraging"
    SETTLEMENT = "the venue: settlement"


class Rule(msgspec.Struct, frozen=True):
    """What becomes of an order and of its executions.

    `owner` is the sub-position that its executions move. `incident` is opened and stays until
    a person closes it. `blocks` says what takes no new risk, and until when.
    """

    owner: str
    incident: str
    blocks: str


RULES: dict[Claim, Rule] = {
    Claim.OURS: Rule("its strategy", "", "nothing"),
    Claim.LOST: Rule("unattributed", "", "nothing once it is adopted"),
    Claim.ANOTHER: Rule(
        "unattributed", ANOTHER, "the account until 60 s after its last sign, or a release"
    ),
    Claim.MANUAL: Rule(
        "unattributed; what it takes from strategies' contracts is theirs",
        "",
        "nothing; it counts in the account's limits; the symbol until resumed where it took",
    ),
    Claim.LIQUIDATION: Rule(
        "the strategies that held the position", "liquidation", "the symbol until resumed"
    ),
    Claim.ADL: Rule(
        "the strategies that held the position", "deleveraging", "the symbol until resumed"
    ),
    Claim.SETTLEMENT: Rule(
        "the strategies that held the position", "settlement", "the symbol until resumed"
    ),
}
_BY_ORIGIN = {
    Origin.LIQUIDATION: Claim.LIQUIDATION,
    Origin.ADL: Claim.ADL,
    Origin.SETTLEMENT: Claim.SETTLEMENT,
}


def claim_of(
    client_order_id: ClientOrderId, origin: Origin, *, journal_id: JournalId, is_known: bool
) -> Claim:
    """Tell whose an order is; what the venue itself made is the venue's, whatever its id."""
    if origin in _BY_ORIGIN:
        return _BY_ORIGIN[origin]
    if is_known:
        return Claim.OURS
    if not is_ours(client_order_id):
        return Claim.MANUAL
    return Claim.LOST if journal_of(client_order_id) == journal_id else Claim.ANOTHER


def foreign_order(
    report: OrderReport, claim: Claim, *, instrument: Instrument
) -> ev.ForeignOrderSeen:
    """Make the event that shows an order of somebody else."""
    return ev.ForeignOrderSeen(
        report.client_order_id,
        report.venue_order_id,
        report.symbol,
        report.side.value,
        instrument.quantity_text(report.quantity),
        report.status_text,
        claim is Claim.ANOTHER,
        report.origin.value,
        report.position_side.value,
    )


def sign_of(report: OrderReport) -> str:
    """Name an order with how far it is; what changes of it makes another sign."""
    parts = (report.client_order_id, report.quantity, report.price, report.cum_quantity)
    return " ".join(str(part) for part in parts)


def detail_of(report: OrderReport) -> str:
    """Say which order is of another journal of ours, and of which."""
    journal_id = journal_of(report.client_order_id)
    return f"order {report.client_order_id} of {report.symbol}, of journal {journal_id}"


def consequences(report: OrderReport, claim: Claim) -> list[ev.Event]:
    """Give the incident of an order that is not ours, and the pause where the venue closed.

    A strategy that still wants what was taken from it would only open it again.
    """
    incident = RULES[claim].incident
    if not incident:
        return []
    about = f"order {report.client_order_id} of {report.symbol}"
    if claim is Claim.ANOTHER:
        return [ev.IncidentOpened(incident, ACCOUNT, detail_of(report))]
    return [
        ev.IncidentOpened(incident, report.symbol, f"{about} was made by the venue"),
        ev.TradingPaused(report.symbol, VENUE, incident),
    ]


def closed_by_hand(taken: Taken, *, instrument: Instrument) -> list[ev.Event]:
    """Give the incident of a stranger's trade that closed positions of strategies, and a pause.

    A person who closes in an emergency must not have it opened again, or sold a second time.
    """
    event = taken.event
    if event.origin != Origin.REQUEST.value:
        return []
    parts = ", ".join(
        f"{name} {instrument.quantity_text(abs(part))}" for name, part in taken.parts
    )
    about = (
        f"order {event.venue_order_id}, which is not ours: {event.side} {event.last_quantity} "
        f"took from the positions of {parts}"
    )
    return [
        ev.IncidentOpened(CLOSED_BY_HAND, event.symbol, about),
        ev.TradingPaused(event.symbol, STRANGER, CLOSED_BY_HAND),
    ]
