"""Take away what rests of a trader that is gone: entries and exits, never an open stop.

What an order is for stands in the journal. One with the journal's mark that the journal lacks
is taken for an entry, unless the venue shows that it can only close. Strangers' orders stay.
The venue is asked again after the cancels, until it shows nothing that should go.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.contracts import owners
from holdfast.domain.ids import (
    UNATTRIBUTED,
    ClientOrderId,
    ClientOrderIds,
    Epoch,
    Shard,
    StrategyId,
    Symbol,
    is_ours,
    journal_of,
    shard_of,
)
from holdfast.domain.instrument import Product
from holdfast.domain.market import MarketReference
from holdfast.domain.money import QuantityUnits
from holdfast.domain.order import (
    OrderType,
    PositionSide,
    Purpose,
    Side,
    StpMode,
    TimeInForce,
)
from holdfast.errors import VenueRefused, VenueTimeout, VenueUnavailable
from holdfast.risk.view import APPROVAL_LIFE_NS
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

    async def reduce(
        self, epoch: Epoch, *, write: Callable[[ev.OrderApproved], None], now_ns: int
    ) -> Swept:
        """Close the journal's positions at the market, each by one order, written first.

        Each is an order of the strategy whose position it closes, so that a trader that goes on
        from the journal finds its fill and knows that it holds nothing. What guards a position
        goes with it: on spot before, because it holds what is sold, on contracts after.
        """
        ids: dict[Shard, ClientOrderIds] = {}
        try:
            held = await self._venue.positions()
        except _FAILURES as error:
            self._note(f"no position was reduced: {error}")
            return self.swept
        for strategy, symbol, side, quantity in self._closings(held):
            shard = shard_of(symbol)
            if shard not in ids:
                ids[shard] = ClientOrderIds(self._state.journal_id, shard, epoch)
            order = self._order(ids[shard].next(), strategy, symbol, side=side, units=quantity)
            write(msgspec.structs.replace(order, expires_at_ns=now_ns + APPROVAL_LIFE_NS))
            await self._close(order)
        if held:
            await self.cancel()
        return self.swept

    async def _close(self, order: ev.OrderApproved) -> None:
        symbol = Symbol(order.symbol)
        sells = order.side == Side.SELL.value
        try:
            if order.product == Product.SPOT.value:
                await self._drop_stops(StrategyId(order.strategy), symbol)
            await self._venue.reduce(
                symbol,
                client_order_id=ClientOrderId(order.client_order_id),
                quantity=order.quantity,
                sells=sells,
                position_side=PositionSide(order.position_side),
            )
        except _FAILURES as error:
            self._note(f"{symbol}: {error}")
        else:
            sign = "" if sells else "-"
            told = f"{symbol} {sign}{order.quantity} by {order.client_order_id}"
            self.swept.reduced.append(told)

    async def _drop_stops(self, strategy: StrategyId, symbol: Symbol) -> None:
        """Cancel what guards a position of spot, and holds the asset that is to be sold."""
        for order in await self._venue.resting():
            known = self._state.account.find(order.client_order_id)
            request = known.request if known is not None else None
            if request is None or (request.strategy, request.symbol) != (strategy, symbol):
                continue
            await self._cancel(order)
            if order.client_order_id in self.swept.kept:
                self.swept.kept.remove(order.client_order_id)

    def _order(
        self,
        client_order_id: ClientOrderId,
        strategy: StrategyId,
        symbol: Symbol,
        *,
        side: PositionSide,
        units: int,
    ) -> ev.OrderApproved:
        """Give the record of an order that takes so much of a position away."""
        instrument = self._state.account.instruments[symbol]
        is_spot = instrument.product is Product.SPOT
        quantity = instrument.quantity_text(abs(units))
        return ev.OrderApproved(
            client_order_id=client_order_id,
            strategy=strategy,
            intent_id="",
            symbol=symbol,
            product=instrument.product.value,
            side=(Side.SELL if units < 0 else Side.BUY).value,
            order_type=OrderType.MARKET.value,
            time_in_force=TimeInForce.IOC.value,
            quantity=quantity,
            price="0",
            worst_price="0",
            trigger_price="0",
            position_side=side.value,
            reduce_only=not is_spot and side is PositionSide.BOTH,
            purpose=Purpose.EXIT.value,
            stp_mode=StpMode.NONE.value,
            order_list_id="",
            contingency="",
            reference=MarketReference(),
            model_version="",
            policy_version="",
            reserved_asset=instrument.base if is_spot else instrument.settle,
            reserved=quantity if is_spot else "0",
            expires_at_ns=0,
        )

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

    def _closings(
        self, held: list[HeldPosition]
    ) -> Iterator[tuple[StrategyId, Symbol, PositionSide, int]]:
        """Give what is to be traded: against the venue's contracts, and what was bought.

        A contract is divided among those whose positions it is; the rest is nobody's.
        """
        account = self._state.account
        for position in held:
            symbol, side = position.symbol, position.position_side
            if symbol not in account.instruments:
                continue
            known = [
                (key[0], one.quantity)
                for key, one in account.positions.items()
                if key[1:] == (symbol, side)
            ]
            quantity = account.instruments[symbol].quantity(position.amount)
            for strategy, part in owners(known, -quantity):
                yield strategy, symbol, side, part
        for (strategy, symbol, side), one in sorted(account.positions.items(), key=str):
            instrument = account.instruments[symbol]
            if instrument.product is not Product.SPOT or strategy == UNATTRIBUTED:
                continue
            step = instrument.market_step or instrument.step
            quantity = QuantityUnits(one.quantity - one.quantity % step)
            if quantity >= instrument.smallest_order:
                yield strategy, symbol, side, -quantity

    def _note(self, problem: str) -> None:
        if problem not in self.swept.problems:
            self.swept.problems.append(problem)
            self._tell(problem)
