"""The paper venue keeps the contract, on a synthetic market that a task of the loop plays."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from holdfast.domain.ids import AccountId, Symbol
from holdfast.runtime.clock import VirtualClock
from holdfast.simexchange.accounts import demonstration_account
from holdfast.simexchange.assumptions import load_assumptions
from holdfast.simexchange.source import open_market
from holdfast.venues.paper.adapter import PaperVenue
from tests.contract.venue_contract import Heard, Stage, VenueContract, closing

_IDS = itertools.count(1)


@asynccontextmanager
async def on_stage() -> AsyncIterator[Stage]:
    """Open a venue and keep its market moving."""
    assumptions = load_assumptions()
    market = open_market([], seed=5, assumptions=assumptions)
    account = demonstration_account(market.symbols)
    venue = PaperVenue(
        VirtualClock(market.start_ns),
        symbols=market.symbols,
        records=market.records(),
        account=account,
        assumptions=assumptions,
        seed=5,
    )
    heard = Heard()
    instruments = await venue.market_data.instruments([Symbol(name) for name in market.symbols])
    stage = Stage(
        venue.market_data,
        venue.account_view,
        venue.order_entry,
        instrument=instruments[0],
        account=AccountId(account.name),
        heard=heard,
        ask_snapshot=venue.market_data.request_snapshot,
        first_id=lambda: f"HPAPER00000{next(_IDS):07d}",
    )
    async with closing(stage):
        await venue.market_data.start(instruments, heard)
        await venue.account_view.start(instruments, heard)
        await venue.order_entry.start(instruments, heard)
        playing = asyncio.create_task(_play(venue))
        try:
            yield stage
        finally:
            playing.cancel()


async def _play(venue: PaperVenue) -> None:
    is_open = True
    while is_open:
        await asyncio.sleep(0)
        is_open = venue.market_data.play(limit=1)


class TestPaper(VenueContract):
    def stage(self) -> AbstractAsyncContextManager[Stage]:
        return on_stage()
