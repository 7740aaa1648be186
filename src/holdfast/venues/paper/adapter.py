"""The simulated exchange in the same process as the three protocols of a venue.

It needs no sockets: the matching core, the recorded market and one clock that only `play`
moves. One seed gives one run.
"""

from collections.abc import Iterable

from holdfast.simexchange.accounts import AccountSpec
from holdfast.simexchange.assumptions import Assumptions
from holdfast.simexchange.exchange import Exchange, Schedules
from holdfast.simexchange.model import Record, SymbolRules
from holdfast.venues.paper.account_view import PaperAccountView
from holdfast.venues.paper.floor import Floor
from holdfast.venues.paper.market_data import PaperMarketData, PlayedClock
from holdfast.venues.paper.order_entry import PaperOrderEntry

__all__ = ["PaperVenue"]


class PaperVenue:
    """One account at a simulated exchange, and the market that it is played."""

    def __init__(
        self,
        clock: PlayedClock,
        *,
        symbols: dict[str, SymbolRules],
        records: Iterable[Record],
        account: AccountSpec,
        assumptions: Assumptions,
        seed: int,
        funding: Schedules | None = None,
    ) -> None:
        self.exchange = Exchange(
            symbols, [account], assumptions=assumptions, seed=seed, funding=funding
        )
        floor = Floor(self.exchange, clock, account=account.name)
        self.market_data = PaperMarketData(floor, clock, records)
        self.order_entry = PaperOrderEntry(floor)
        self.account_view = PaperAccountView(floor)

    async def close(self) -> None:
        """Close the three; idempotent."""
        await self.market_data.close()
        await self.order_entry.close()
        await self.account_view.close()
