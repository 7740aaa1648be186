"""The three answers to a submission; a lost answer is neither of the other two (promise 4)."""

from enum import Enum
from typing import TypeAlias

import msgspec

from holdfast.domain.ids import VenueOrderId


class Acked(msgspec.Struct, frozen=True, tag=True):
    """The venue has the order."""

    venue_order_id: VenueOrderId


class Rejected(msgspec.Struct, frozen=True, tag=True):
    """The venue has refused the order, and it is certain that it was not done.

    `is_key_refused` when it refused the key, so that no further order can be done either.
    """

    code: int
    message: str
    is_key_refused: bool = False


class Unknown(msgspec.Struct, frozen=True, tag=True):
    """Nobody knows yet; it counts as risk until the venue says what became of it."""

    reason: str


Submission: TypeAlias = Acked | Rejected | Unknown


class WithheldReason(Enum):
    """Why the gateway did not write an order to the venue; it is certain that nothing left."""

    STALE_EPOCH = "stale_epoch"
    CANCELED = "canceled"
    DUPLICATE = "duplicate"
    EXPIRED = "expired"
    HALTED = "halted"
    BUDGET = "budget"
    BREAKER = "breaker"
    BOOK_INVALID = "book_invalid"
    NOT_CONNECTED = "not_connected"
    NOT_DURABLE = "not_durable"
    NOT_RECONCILED = "not_reconciled"


class Withheld(msgspec.Struct, frozen=True, tag=True):
    """The gateway did not send the order."""

    reason: WithheldReason
    detail: str = ""
