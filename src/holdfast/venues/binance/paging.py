"""Answers that come page by page, joined."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from holdfast.errors import VenueUnavailable
from holdfast.venues.binance.wire.unreadable import Unreadable

Answer = TypeVar("Answer")
Row = TypeVar("Row")


def readable(read: Answer | Unreadable, path: str) -> Answer:
    """Give what an answer says; VenueUnavailable when it says nothing that we understand."""
    if isinstance(read, Unreadable):
        raise VenueUnavailable(f"{path}: unreadable answer ({read.reason})")
    return read


async def rows_after(
    after: str | None,
    page: Callable[[int | None], Awaitable[list[Row]]],
    *,
    id_of: Callable[[Row], str],
    size: int,
) -> list[Row]:
    """Fetch every row beyond an id, in order; without an id the newest page alone.

    `page` is asked for rows from an id on. A venue that repeats a page does not go on for ever.
    """
    found: list[Row] = []
    if after is None:
        return await page(None)
    first = int(after) + 1
    while True:
        rows = await page(first)
        found += rows
        if len(rows) < size:
            return found
        last = int(id_of(rows[-1]))
        if last < first:
            raise VenueUnavailable(f"a page from {first} on ends at {last}")
        first = last + 1
