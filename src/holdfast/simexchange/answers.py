"""What goes back to a client, and the way it goes."""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from holdfast.simexchange.refusals import Refusal


class Answer(msgspec.Struct, kw_only=True):
    """What goes back: a body, or a refusal; a new order's answer shows the order counts."""

    body: object = None
    refusal: Refusal | None = None
    order_counts: dict[str, str] = {}


Reply: TypeAlias = Callable[[Answer | None], None]
"""Called once with the answer; None instead of it means that none ever comes."""
