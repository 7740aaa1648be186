"""Take away what rests of a trader that is gone: entries and exits, never an open stop.

What an order is for stands in the journal. One with the journal's mark that the journal lacks
is taken for an entry, unless the venue shows that it can only close. Strangers' orders stay.
The venue is asked again after the cancels, until it shows nothing that should go.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import msgspec

from holdfast.domain.ids import (
    UNATTRIBUTED,
    ClientOrderIds,
    Epoch,
    Shard,
    Symbol,
    is_ours,
    journal_of,
    shard_of,
)
from holdfast.domain.instrument import Product
from holdfast.domain.order import PositionSide, Purpose
from holdfast.errors import VenueRefused, VenueTimeout, VenueUnavailable
from holdfast.runtime.state import State
from holdfast.venues.binance.cancel_only import CancelOnly, HeldPosition, RestingOrder

ROUNDS = 20
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
_FAILURES = (VenueTimeout, VenueUnavailable, VenueRefused)


class Swept(msgspec.Struct, kw_only=True):
    """What was done; `is_clean` when the venue shows nothing more that should go."""

    canceled: list[str] = []
    kept: list[str] = []
    reduced: list[str] = []
    problems: list[str] = []
    is_clean: bool = False

    @property
    def line(self) -> str:
        """Say it in one line."""
        parts = [f"{len(self.canceled)} orders canceled", f"{len(self.kept)} stops kept"]
        if self.reduced:
            parts.append(f"{len(self.reduced)} positions reduced")
        if not self.is_clean:
            parts.append("not all is known to be gone")
        return ", ".join(parts)


class Sweep:
    """Cancels, and by policy reduces, for one journal's account."""

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

    async def cancel(self) -> Swept:
        """Cancel until the venue shows nothing that should go, at most twenty times.

        A venue that does not answer is asked again after ever longer pauses, for a minute and
        more in all: what ended the trader may keep this program from it, too.
        """
        pause_s = FIRST_PAUSE_S
        for _ in range(ROUNDS):
            try:
                await self._venue.prepare()
                leaving = await self._sort()
                if not leaving:
                    self.swept.is_clean = True
                    break
                for order in leaving:
                    await self._cancel(order)
            except _FAILURES as error:
                self._note(str(error))
                await self._pause(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return self.swept

    async def reduce(self, epoch: Epoch) -> Swept:
        """Close the journal's positions at the market, each by one order, written once."""
        ids: dict[Shard, ClientOrderIds] = {}
        try:
            held = await self._venue.positions()
        except _FAILURES as error:
            self._note(f"no position was reduced: {error}")
            return self.swept
        for symbol, side, quantity in self._positions(held):
            shard = shard_of(symbol)
            if shard not in ids:
                ids[shard] = ClientOrderIds(self._state.journal_id, shard, epoch)
            client_order_id = ids[shard].next()
            try:
                await self._venue.reduce(
                    symbol,
                    client_order_id=client_order_id,
                    quantity=quantity.removeprefix("-"),
                    sells=not quantity.startswith("-"),
                    position_side=side,
                )
            except _FAILURES as error:
                self._note(f"{symbol}: {error}")
            else:
                self.swept.reduced.append(f"{symbol} {quantity} by {client_order_id}")
        return self.swept

    async def _sort(self) -> list[RestingOrder]:
        """Give what rests and should go, and note what stays."""
        held = {position.symbol for position in await self._venue.positions()}
        ours = [order for order in await self._venue.resting() if self._is_of_journal(order)]
        kept = [order for order in ours if self._is_stop(order, held)]
        self.swept.kept = [order.client_order_id for order in kept]
        return [order for order in ours if order not in kept]

    def _is_of_journal(self, order: RestingOrder) -> bool:
        known = order.client_order_id
        return is_ours(known) and journal_of(known) == self._state.journal_id

    def _is_stop(self, order: RestingOrder, held: set[Symbol]) -> bool:
        """Tell whether an order guards a position that is open."""
        account = self._state.account
        known = account.find(order.client_order_id)
        guards = known.request.purpose is Purpose.PROTECTIVE if known else order.is_stop
        instrument = account.instruments.get(order.symbol)
        is_spot = instrument is not None and instrument.product is Product.SPOT
        is_open = (
            bool(account.symbol_position(order.symbol)) if is_spot else order.symbol in held
        )
        return guards and is_open

    async def _cancel(self, order: RestingOrder) -> None:
        try:
            if await self._venue.cancel(order):
                self.swept.canceled.append(order.client_order_id)
        except _FAILURES as error:
            self._note(str(error))

    def _positions(
        self, held: list[HeldPosition]
    ) -> Iterator[tuple[Symbol, PositionSide, str]]:
        """Give what is to be closed: the venue's contracts, and what the journal bought."""
        account = self._state.account
        for position in held:
            if position.symbol in account.instruments:
                yield position.symbol, position.position_side, position.amount
        for (strategy, symbol, side), one in sorted(account.positions.items(), key=str):
            instrument = account.instruments[symbol]
            if instrument.product is not Product.SPOT or strategy == UNATTRIBUTED:
                continue
            step = instrument.market_step or instrument.step
            quantity = one.quantity - one.quantity % step
            if quantity >= instrument.smallest_order:
                yield symbol, side, instrument.quantity_text(quantity)

    def _note(self, problem: str) -> None:
        if problem not in self.swept.problems:
            self.swept.problems.append(problem)
            self._tell(problem)
