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


class Gathered:
    """The answers of a batch; when the last is there they go back as one."""

    def __init__(self, count: int, reply: Reply) -> None:
        self._reply = reply
        self._answers: list[Answer | None] = [None] * count
        self._left = count

    def take(self, number: int, answer: Answer | None) -> None:
        """Take one answer; None never comes, and then the whole never does."""
        self._answers[number] = answer
        self._left -= 1
        if self._left:
            return
        there = [answer for answer in self._answers if answer is not None]
        if len(there) < len(self._answers):
            self._reply(None)
            return
        bodies = [
            answer.body if answer.refusal is None else answer.refusal.body() for answer in there
        ]
        counts = [answer.order_counts for answer in there if answer.order_counts]
        self._reply(Answer(body=bodies, order_counts=counts[-1] if counts else {}))
