"""Aggregated trades: prints of one taker side at one price within 100 ms are one group.

A row of a recording that is an aggregate already keeps its own id; other groups are numbered
from 1 in their order.
"""

from collections import deque
from collections.abc import Callable

import msgspec

from holdfast.simexchange.model import Trade

GROUP_NS = 10**8
GROUPS_KEPT = 5_000
NEWEST = 1 << 62


class Group(msgspec.Struct, kw_only=True, gc=False):
    """One aggregated trade; it grows until another price, side or 100 ms ends it."""

    agg_id: int
    symbol: str
    at_ns: int
    price: int
    quantity: int
    buyer_is_maker: bool
    first_id: int
    last_id: int


class AggTape:
    """The aggregated trades of one symbol, the newest still open.

    `recent` lists the prints that the exchange remembers: what happened while nobody listened
    is read there.
    """

    def __init__(self, recent: Callable[[], list[Trade]]) -> None:
        self._recent = recent
        self._groups: deque[Group] = deque(maxlen=GROUPS_KEPT)
        self._open: Group | None = None
        self._count = 0
        self._last_id = -1

    @property
    def is_open(self) -> bool:
        """Tell whether a group still grows."""
        return self._open is not None

    def groups(self) -> list[Group]:
        """Return the groups so far, oldest first."""
        self._catch_up(NEWEST)
        return list(self._groups)

    def follow(self, trade: Trade) -> Group | None:
        """Take the newest print in; return the group that it ended."""
        if trade.trade_id != self._last_id + 1:
            self._catch_up(trade.trade_id)
        return self._add(trade)

    def close(self, at_ns: int) -> Group | None:
        """End the open group when its time is over, and return it."""
        group = self._open
        if group is None or at_ns < group.at_ns + GROUP_NS:
            return None
        self._open = None
        return group

    def _catch_up(self, before_id: int) -> None:
        for trade in self._recent():
            if self._last_id < trade.trade_id < before_id:
                self._add(trade)

    def _add(self, trade: Trade) -> Group | None:
        if trade.trade_id <= self._last_id:
            return None
        self._last_id = trade.trade_id
        group = self._open
        if group is not None and _belongs(group, trade):
            group.quantity += trade.quantity
            group.last_id = trade.last_id
            return None
        self._count += 1
        is_aggregate = (trade.first_id, trade.last_id) != (trade.trade_id, trade.trade_id)
        self._open = Group(
            agg_id=trade.trade_id if is_aggregate else self._count,
            symbol=trade.symbol,
            at_ns=trade.at_ns,
            price=trade.price,
            quantity=trade.quantity,
            buyer_is_maker=trade.buyer_is_maker,
            first_id=trade.first_id,
            last_id=trade.last_id,
        )
        self._groups.append(self._open)
        return group


def _belongs(group: Group, trade: Trade) -> bool:
    if (trade.first_id, trade.last_id) != (trade.trade_id, trade.trade_id):
        return False
    same = (group.price, group.buyer_is_maker) == (trade.price, trade.buyer_is_maker)
    return same and trade.at_ns < group.at_ns + GROUP_NS
