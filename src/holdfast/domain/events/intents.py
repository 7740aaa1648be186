"""What became of intents at the gates."""

from typing import ClassVar

from holdfast.domain.approval import Refusal
from holdfast.domain.events.event import Event
from holdfast.domain.market import MarketReference


class IntentAccepted(Event, frozen=True, array_like=True):
    """An intent passed the gates of the whole and holds a reservation.

    `reserved` is the amount of `reserved_asset` for the whole quantity at its worst. Of a list
    the first order is the intent; `contingency` says what depends on it.
    """

    TYPE: ClassVar[str] = "intent.accepted/1"
    intent_id: str
    strategy: str
    symbol: str
    side: str
    quantity: str
    price: str
    algorithm: str
    purpose: str
    reserved_asset: str
    reserved: str
    model_version: str
    policy_version: str
    reference: MarketReference
    position_side: str = "both"
    is_guarded: bool = False
    contingency: str = ""


class IntentRefused(Event, frozen=True, array_like=True):
    """Gates refused an intent or a child order; equal refusals of a second are one, counted.

    `count` is how many equal ones this record stands for since `first_at_ns`.
    """

    TYPE: ClassVar[str] = "intent.refused/1"
    strategy: str
    symbol: str
    side: str
    quantity: str
    price: str
    stage: str
    refusals: list[Refusal]
    count: int
    first_at_ns: int
    intent_id: str = ""


class IntentClosed(Event, frozen=True, array_like=True):
    """What an intent still held beyond its orders is released."""

    TYPE: ClassVar[str] = "intent.closed/1"
    intent_id: str
    strategy: str
    symbol: str
    reason: str
