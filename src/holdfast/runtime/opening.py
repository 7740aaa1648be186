"""Connect a trader to its venue, and let it trade once balances, orders and books agree.

The account and the way out are connected before the market, because in paper mode it is the
market's subscription that sets time going. Time waits while questions are out.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_MS
from holdfast.domain.instrument import Instrument
from holdfast.domain.venue import AccountView
from holdfast.errors import VenueUnavailable
from holdfast.runtime.clock import PingedClock, RunningClock
from holdfast.runtime.config import Config
from holdfast.runtime.contract_settings import HEDGE, agree_on_settings
from holdfast.runtime.node import Node
from holdfast.runtime.pacing import Pacer
from holdfast.runtime.reconciler import CHECK_EVERY_NS, Reconciler
from holdfast.runtime.trader import Trader
from holdfast.runtime.warming import warm
from holdfast.venues.binance.adapter import BinanceSpot, BinanceUsdm
from holdfast.venues.binance.contract_settings import BinanceSettings

PRICED_WITHIN_S = 30.0


async def open_trading(
    node: Node,
    venue: BinanceSpot | BinanceUsdm,
    *,
    settings: BinanceSettings | None,
    clock: PingedClock | RunningClock,
    stack: AsyncExitStack,
    on_end: Callable[[], None],
) -> Reconciler:
    """Connect, open the books, reconcile, start the strategies; `on_end` runs at data's end."""
    if settings is not None:
        stack.push_async_callback(settings.close)
    instruments = await _instruments(node, venue, settings=settings)
    view = venue.account_view
    trader = node.wire(
        venue.order_entry,
        snapshot=venue.market_data.request_snapshot,
        governor=venue.governor,
    )
    trader.sinks.tell = node.tell
    stack.callback(trader.sinks.fall_silent)
    reconciler = _reconciler(node, trader, view=view)
    stack.push_async_callback(reconciler.close)
    priced: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    pacer = _pacer(node, reconciler, clock=clock, trader=trader, priced=priced, on_end=on_end)
    pacer.mind(venue.governor)
    venue.order_entry.hand_pings_to(trader.sinks.on_ping)
    await node.gateway.start(instruments, trader.sinks)
    await view.start(instruments, trader.sinks)
    venue.market_data.hand_offset_to(partial(_take_offset, trader))
    await venue.market_data.start(instruments, trader.sinks)
    if isinstance(clock, RunningClock) and node.config.mode != "live":
        clock.synchronise(await venue.server_time_ns())
    await _until_priced(priced)
    if node.state.account.balances:
        trader.resume()
    else:
        trader.open_balances(await view.balances(), source="venue")
    _compare_when_needed(trader, reconciler)
    reconciler.request("start")
    await reconciler.finish()
    await warm(trader.cast, venue.market_data, clock=clock)
    _begin(trader, reconciler, config=node.config)
    pacer.release()
    return reconciler


def _reconciler(node: Node, trader: Trader, *, view: AccountView) -> Reconciler:
    reconciler = Reconciler(
        trader,
        view,
        recorder=node.recorder,
        gateway=node.gateway,
        clock=node.clock,
        recv_window_ns=node.config.venue.recv_window_ms * NS_PER_MS,
    )
    reconciler.on_failure = _end_the_run
    return reconciler


async def _instruments(
    node: Node, venue: BinanceSpot | BinanceUsdm, *, settings: BinanceSettings | None
) -> list[Instrument]:
    """Register what is traded, once the account trades contracts as it was wanted."""
    symbols = [Symbol(symbol) for symbol in node.state.symbols]
    instruments = await venue.market_data.instruments(symbols)
    if settings is not None:
        await agree_on_settings(settings, node.config.venue, symbols=symbols)
    node.register(instruments)
    return instruments


def _begin(trader: Trader, reconciler: Reconciler, *, config: Config) -> None:
    """Let the strategies start, and what comes round come round."""
    trader.pipeline.desk.is_hedged = config.venue.position_mode == HEDGE
    trader.cast.start()
    trader.rounds.by_market = config.mode != "live"
    trader.keep_passing_barriers()
    trader.rounds.keep(reconciler.check, every_ns=CHECK_EVERY_NS, at_once=False)


def _take_offset(trader: Trader, offset_ns: int) -> None:
    """Let lag be judged by the venue's clock."""
    for feed in trader.marks.feeds.values():
        feed.offset_ns = offset_ns


def _compare_when_needed(trader: Trader, reconciler: Reconciler) -> None:
    """Have both sides compared whenever something may have hidden a change."""
    sinks = trader.sinks
    trader.cast.on_doubt = reconciler.request_for
    sinks.on_connected = partial(reconciler.request, "the user stream connected")
    sinks.on_market_connected = partial(reconciler.request, "the market connected")
    sinks.on_moved = lambda reason: reconciler.request(f"the account moved: {reason}")


async def _until_priced(priced: "asyncio.Future[None]") -> None:
    """Wait for the first price of every symbol, but not for ever."""
    try:
        await asyncio.wait_for(asyncio.shield(priced), PRICED_WITHIN_S)
    except TimeoutError:
        raise VenueUnavailable(
            f"the venue sent no price of every symbol in {PRICED_WITHIN_S:g} s"
        ) from None


def _end_the_run(error: BaseException) -> None:
    """Let the loop's handler of stray errors decide what becomes of the run."""
    asyncio.get_running_loop().call_exception_handler(
        {"message": "the comparison with the venue failed", "exception": error}
    )


def _pacer(
    node: Node,
    reconciler: Reconciler,
    *,
    clock: PingedClock | RunningClock,
    trader: Trader,
    priced: "asyncio.Future[None]",
    on_end: Callable[[], None],
) -> Pacer:
    """Make what answers pings once nothing waits for disk, answers or opening."""

    def is_idle() -> bool:
        return (
            node.recorder.is_idle
            and not (reconciler.is_asking and not pacer.must_go_on)
            and not trader.cast.is_warming
            and (trader.is_opened or not priced.done())
        )

    def open_at_prices() -> None:
        if trader.marks.are_known and not priced.done():
            trader.sinks.on_frame = None
            priced.set_result(None)

    pacer = Pacer(
        clock if isinstance(clock, PingedClock) else None,
        is_idle=is_idle,
        flush=node.flush,
        on_end=on_end,
    )
    trader.sinks.pacer = pacer
    trader.sinks.on_frame = open_at_prices
    node.after_durable = pacer.release
    reconciler.on_done = pacer.release
    return pacer
