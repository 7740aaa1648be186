"""Close the positions of a journal whose trader is gone, and tell what is left of them.

Each order is one of the strategy whose position it closes, and is written first, so that a
trader that goes on from the journal finds its fill and knows that it holds nothing. The journal
may be older than the venue: what its open orders have filled is asked for before anything is
sold, so that nothing is sold twice and nothing that no strategy bought. A stop goes with its
position: on spot before, because it holds what is sold, on contracts after.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.account import PositionKey
from holdfast.domain.contracts import is_contract, owners
from holdfast.domain.fold import new_order
from holdfast.domain.ids import (
    UNATTRIBUTED,
    ClientOrderId,
    ClientOrderIds,
    Epoch,
    ExecId,
    Shard,
    Symbol,
    shard_of,
)
from holdfast.domain.instrument import Instrument
from holdfast.domain.market import MarketReference
from holdfast.domain.money import Asset, amount_units
from holdfast.domain.order import (
    NewOrder,
    OrderType,
    PositionSide,
    Purpose,
    Side,
    StpMode,
    TimeInForce,
)
from holdfast.risk.view import APPROVAL_LIFE_NS
from holdfast.runtime.state import State
from holdfast.runtime.sweep import FAILURES, Sweep
from holdfast.venues.binance.cancel_only import CancelOnly, HeldPosition, RestingOrder

LOOKS = 5
LOOK_AGAIN_S = 0.5
"""A fill may be shown a moment after its order; so often and so long it is waited for."""


class Reduction:
    """Closes by the policy that reduces, and looks afterwards what is left."""

    def __init__(
        self,
        venue: CancelOnly,
        state: State,
        *,
        sweep: Sweep,
        tell: Callable[[str], None],
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        self._venue = venue
        self._account = state.account
        self._journal_id = state.journal_id
        self._sweep = sweep
        self._tell = tell
        self._pause = pause
        self._positions = sweep.positions
        self._booked: dict[ClientOrderId, set[ExecId]] = {}
        self._sent: list[NewOrder] = []
        self._ids: dict[Shard, ClientOrderIds] = {}

    async def close_all(
        self, epoch: Epoch, *, write: Callable[[ev.OrderApproved], None], now_ns: int
    ) -> None:
        """Close every position at the market, once, and say what is left."""
        try:
            await self._learn()
            held = await self._venue.positions()
        except FAILURES as error:
            self._sweep.note(f"no position was reduced: {error}")
            self._sweep.swept.is_clean = False
            return

        def record(order: ev.OrderApproved) -> None:
            write(msgspec.structs.replace(order, expires_at_ns=now_ns + APPROVAL_LIFE_NS))

        for key, units in list(self._contracts(held)):
            await self._trade(key, units, epoch=epoch, write=record)
        for key in self._coins():
            quantity = await self._sellable(key)
            if quantity:
                await self._trade(key, -quantity, epoch=epoch, write=record)
        await self.look()

    async def look(self) -> None:
        """Say what is left of the journal's positions, and take their stops along."""
        swept = self._sweep.swept
        try:
            for number in range(LOOKS):
                if number:
                    await self._pause(LOOK_AGAIN_S)
                await self._learn()
                swept.left = self._left(await self._venue.positions())
                if not swept.left:
                    break
        except FAILURES as error:
            swept.left = [f"it is not known what is left: {error}"]
        await self._sweep.cancel()
        for line in swept.left:
            self._sweep.note(line)
        swept.is_clean = swept.is_clean and not swept.left
        for line in swept.dust:
            self._tell(line)

    async def _learn(self) -> None:
        """Book in `positions` what the open orders have filled beside the journal.

        What was canceled is asked for once; stops may yet fill, and so may what was sent.
        """
        for held in list(self._account.orders.values()):
            request = held.order.request
            is_stop = request.purpose is Purpose.PROTECTIVE
            if is_stop or request.client_order_id not in self._booked:
                await self._book(request, held.order.executions)
        for request in self._sent:
            await self._book(request, ())

    async def _book(self, request: NewOrder, known: Collection[ExecId]) -> None:
        booked = self._booked.setdefault(request.client_order_id, set(known))
        instrument = self._account.instruments[request.symbol]
        key = (request.strategy, request.symbol, request.position_side)
        for one in await self._venue.executions(request.symbol, request.client_order_id):
            if one.exec_id in booked:
                continue
            booked.add(one.exec_id)
            moved = request.side.sign * instrument.quantity(one.quantity)
            if not is_contract(instrument) and Asset(one.fee_asset) == instrument.base:
                moved -= instrument.quantity_of(amount_units(one.fee))
            self._positions[key] = self._positions.get(key, 0) + moved

    def _contracts(self, held: list[HeldPosition]) -> Iterator[tuple[PositionKey, int]]:
        """Give what is to be traded against the venue's contracts, never more than there is.

        Each is divided among those whose positions it is; the rest is nobody's.
        """
        for position in held:
            instrument = self._account.instruments.get(position.symbol)
            if instrument is None:
                continue
            where = (position.symbol, position.position_side)
            known = [(k[0], size) for k, size in self._positions.items() if k[1:] == where]
            for strategy, part in owners(known, -instrument.quantity(position.amount)):
                if abs(part) >= instrument.smallest_order:
                    yield (strategy, *where), part

    def _coins(self) -> list[PositionKey]:
        """Give the positions of spot that strategies bought and that can be sold."""
        return [
            key
            for key, size in sorted(self._positions.items(), key=str)
            if not is_contract(self._account.instruments[key[1]])
            and key[0] != UNATTRIBUTED
            and size >= self._account.instruments[key[1]].smallest_order
        ]

    async def _sellable(self, key: PositionKey) -> int:
        """Give up the stops of a position of spot, and tell how much is to be sold then.

        Nothing while a stop may rest: both could sell, and one of them what was never bought.
        """
        instrument = self._account.instruments[key[1]]
        try:
            for order in await self._stops_of(key):
                await self._sweep.take(order)
            if await self._stops_of(key):
                self._sweep.note(f"{key[1]}: a stop of {key[0]} stays, so nothing is sold")
                return 0
            await self._learn()
            free = amount_units(await self._venue.free(instrument.base))
        except FAILURES as error:
            self._sweep.note(f"{key[1]}: nothing of {key[0]} is sold: {error}")
            return 0
        quantity = min(self._positions[key], free // instrument.base_amount(1))
        quantity -= quantity % (instrument.market_step or instrument.step)
        return quantity if quantity >= instrument.smallest_order else 0

    async def _stops_of(self, key: PositionKey) -> list[RestingOrder]:
        """Give what rests of a strategy on a symbol; what else rested is canceled by now."""
        found = []
        for order in await self._venue.resting():
            known = self._account.find(order.client_order_id)
            if known is not None and (known.request.strategy, known.request.symbol) == key[:2]:
                found.append(order)
        return found

    async def _trade(
        self,
        key: PositionKey,
        units: int,
        *,
        epoch: Epoch,
        write: Callable[[ev.OrderApproved], None],
    ) -> None:
        """Send orders of at most the venue's greatest size, each written before it leaves."""
        _, symbol, side = key
        instrument = self._account.instruments[symbol]
        shard = shard_of(symbol)
        ids = self._ids.setdefault(shard, ClientOrderIds(self._journal_id, shard, epoch))
        for part in _parts(units, instrument):
            order = _order(ids.next(), key, instrument=instrument, units=part)
            write(order)
            self._sent.append(new_order(order, self._account.account, instrument=instrument))
            try:
                await self._venue.reduce(
                    symbol,
                    client_order_id=ClientOrderId(order.client_order_id),
                    quantity=order.quantity,
                    sells=part < 0,
                    position_side=side,
                )
            except FAILURES as error:
                self._sweep.note(f"{symbol}: {error}")
                return
            sign = "" if part < 0 else "-"
            told = f"{symbol} {sign}{order.quantity} by {order.client_order_id}"
            self._sweep.swept.reduced.append(told)

    def _left(self, held: list[HeldPosition]) -> list[str]:
        """Say which positions are open; dust is noted on its own, and is not left."""
        left: list[str] = []
        dust: list[str] = []
        there: dict[tuple[Symbol, PositionSide], int] = {}
        for one in held:
            instrument = self._account.instruments.get(one.symbol)
            if instrument is not None:
                units = there[one.symbol, one.position_side] = instrument.quantity(one.amount)
                small = abs(units) < instrument.smallest_order
                (dust if small else left).append(f"{one.symbol}: {one.amount} is held")
        for key, size in sorted(self._positions.items(), key=str):
            strategy, symbol, _ = key
            if not size or strategy == UNATTRIBUTED or key[1:] in there:
                continue
            instrument = self._account.instruments[symbol]
            text = f"{symbol}: {instrument.quantity_text(size)} of {strategy}"
            if is_contract(instrument):
                left.append(f"{text} is in the journal, and nothing at the venue")
            elif size >= instrument.smallest_order:
                left.append(f"{text} is held")
            elif size > 0:
                dust.append(f"{text} stays: less than the venue's smallest order")
        self._sweep.swept.dust = dust
        return left


def _parts(units: int, instrument: Instrument) -> Iterator[int]:
    """Divide a trade by the greatest order that the venue takes at the market."""
    sign, rest = (1 if units > 0 else -1), abs(units)
    step = instrument.market_step or instrument.step
    most = instrument.market_max_quantity or instrument.max_quantity or rest
    most = max(most - most % step, step)
    while rest >= instrument.smallest_order:
        part = min(rest, most)
        yield sign * part
        rest -= part


def _order(
    client_order_id: ClientOrderId, key: PositionKey, *, instrument: Instrument, units: int
) -> ev.OrderApproved:
    """Give the record of an order that takes so much of a position away."""
    strategy, symbol, side = key
    is_spot = not is_contract(instrument)
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
