"""Take away what rests of a trader that is gone: entries and exits, never an open stop.

What an order is for stands in the journal. One with the journal's mark that the journal lacks
is taken for an entry, unless the venue shows that it can only close. Strangers' orders stay.
The venue is asked again after the cancels, until it shows nothing that should go.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from holdfast.domain.counted import counted
from holdfast.domain.ids import (
    Symbol,
    is_ours,
    journal_of,
)
from holdfast.domain.instrument import Product
from holdfast.domain.order import (
    PositionSide,
    Purpose,
)
from holdfast.errors import VenueRefused, VenueTimeout, VenueUnavailable
from holdfast.runtime.state import State
from holdfast.venues.binance.cancel_only import CancelOnly, RestingOrder

ROUNDS = 20
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
FAILURES = (VenueTimeout, VenueUnavailable, VenueRefused)


class Swept(msgspec.Struct, kw_only=True):
    """What was done; `is_clean` when the venue shows nothing more that should go.

    By the policy that reduces this means positions as well: `left` names those that should be
    closed and are not, `dust` what is less than the venue's smallest order.
    """

    canceled: list[str] = []
    kept: list[str] = []
    reduced: list[str] = []
    problems: list[str] = []
    left: list[str] = []
    dust: list[str] = []
    is_clean: bool = False

    @property
    def line(self) -> str:
        """Say it in one line."""
        parts = [
            f"{counted(len(self.canceled), 'order')} canceled",
            f"{counted(len(self.kept), 'stop')} kept",
        ]
        if self.reduced:
            parts.append(f"{counted(len(self.reduced), 'position')} reduced")
        if self.left:
            parts.append(f"{counted(len(self.left), 'position')} LEFT")
        if not self.is_clean:
            parts.append("not all is known to be gone")
        return ", ".join(parts)


class Sweep:
    """Cancels for one journal's account.

    `positions` are the journal's, and what is learned beside it changes them.
    """

    def __init__(
        self,
        venue: CancelOnly,
        state: State,
        *,
        tell: Callable[[str], None],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._venue = venue
        self._state = state
        self._tell = tell
        self._pause = pause
        self.swept = Swept()
        self.positions = {
            key: int(held.quantity) for key, held in state.account.positions.items()
        }

    async def cancel(self) -> Swept:
        """Cancel until the venue shows nothing that should go, at most twenty times.

        A venue that does not answer is asked again after ever longer pauses, for a minute and
        more in all: what ended the trader may keep this program from it, too.
        """
        pause_s = FIRST_PAUSE_S
        self.swept.is_clean = False
        for _ in range(ROUNDS):
            try:
                await self._venue.prepare()
                leaving = await self._sort()
                if not leaving:
                    self.swept.is_clean = True
                    break
                for order in leaving:
                    await self.take(order)
            except FAILURES as error:
                self.note(str(error))
                await self._pause(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return self.swept

    async def _sort(self) -> list[RestingOrder]:
        """Give what rests and should go, and note what stays."""
        held = {(one.symbol, one.position_side) for one in await self._venue.positions()}
        ours = [order for order in await self._venue.resting() if self._is_of_journal(order)]
        kept = [order for order in ours if self._is_stop(order, held)]
        self.swept.kept = [order.client_order_id for order in kept]
        return [order for order in ours if order not in kept]

    def _is_of_journal(self, order: RestingOrder) -> bool:
        known = order.client_order_id
        return is_ours(known) and journal_of(known) == self._state.journal_id

    def _is_stop(self, order: RestingOrder, held: set[tuple[Symbol, PositionSide]]) -> bool:
        """Tell whether an order guards a position that is open."""
        known = self._state.account.find(order.client_order_id)
        instrument = self._state.account.instruments.get(order.symbol)
        if known is None or instrument is None:
            return order.is_stop and (order.symbol, order.position_side) in held
        request = known.request
        key = (request.strategy, request.symbol, request.position_side)
        if instrument.product is Product.SPOT:
            is_open = self.positions.get(key, 0) >= instrument.smallest_order
        else:
            is_open = key[1:] in held
        return request.purpose is Purpose.PROTECTIVE and is_open

    async def take(self, order: RestingOrder) -> None:
        """Cancel one order; a failure is noted."""
        try:
            if await self._venue.cancel(order):
                self.swept.canceled.append(order.client_order_id)
        except FAILURES as error:
            self.note(str(error))

    def note(self, problem: str) -> None:
        """Say what went wrong, once."""
        if problem not in self.swept.problems:
            self.swept.problems.append(problem)
            self._tell(problem)
