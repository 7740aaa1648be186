"""The verdicts of the gates. `risk/gate.py` alone makes `Accepted` and `Approved`."""

import msgspec

from holdfast.domain.ids import IntentId, StrategyId
from holdfast.domain.instant import UtcNs
from holdfast.domain.intent import SizedIntent
from holdfast.domain.money import AmountUnits, Asset
from holdfast.domain.order import NewOrder


class Refusal(msgspec.Struct, frozen=True, array_like=True):
    """One gate's reason: what was asked, what the limit is, as text."""

    gate: str
    reason: str
    asked: str = ""
    limit: str = ""


class Refused(msgspec.Struct, frozen=True):
    """Every gate that said no, with its reason."""

    refusals: tuple[Refusal, ...]


class Reservation(msgspec.Struct, frozen=True):
    """What an accepted intent holds until its orders end or their fills are booked.

    `amount` is in units of 10^-18 of `asset` for the whole quantity at its worst price and fee.
    """

    asset: Asset
    amount: AmountUnits


class Accepted(msgspec.Struct, frozen=True):
    """An intent that passed every gate of the whole, with its reservation."""

    intent_id: IntentId
    strategy: StrategyId
    intent: SizedIntent
    reservation: Reservation


class Approved(msgspec.Struct, frozen=True):
    """The only thing that can be sent: one order, exactly, once, before its deadline."""

    order: NewOrder
    approved_at_ns: UtcNs
    expires_at_ns: UtcNs
