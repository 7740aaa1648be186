"""The crossed gate: a book whose bid is not below its ask is wrong, and so are its prices."""

from holdfast.domain.approval import Refusal
from holdfast.domain.market import BookTop
from holdfast.risk.view import Ask, View


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse on a book that is crossed, locked or one-sided."""
    top = ask.top
    if is_sound(top):
        return None
    if top is None or not top.bid or not top.ask:
        return Refusal("crossed", "a side of the book is missing")
    text = view.instrument.price_text
    return Refusal("crossed", "the book is crossed", text(top.bid), text(top.ask))


def is_sound(top: BookTop | None) -> bool:
    """Tell whether a book has two sides, with the bid below the ask."""
    return top is not None and 0 < top.bid < top.ask
