"""Connect a trader to its venue, and let it trade once balances, orders and books agree.

The account and the way out are connected before the market, because in paper mode it is the
market's subscription that sets time going. Time waits while questions are out.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_MS
from holdfast.domain.instrument import Product
from holdfast.errors import VenueUnavailable
from holdfast.runtime.clock import PingedClock, RunningClock
from holdfast.runtime.linear import with_positions, with_products
from holdfast.runtime.node import Node
from holdfast.runtime.pacing import Pacer
from holdfast.runtime.reconciler import CHECK_EVERY_NS, Reconciler
from holdfast.runtime.trader import Trader
from holdfast.runtime.warming import warm
from holdfast.venues.binance.adapter import BinanceSpot

PRICED_WITHIN_S = 30.0


async def open_trading(
    node: Node,
    venue: BinanceSpot,
    *,
    products: Mapping[str, Product],
    clock: PingedClock | RunningClock,
    stack: AsyncExitStack,
    on_end: Callable[[], None],
) -> Reconciler:
    """Connect, open the books, reconcile, start the strategies; `on_end` runs at data's end."""
    symbols = [Symbol(symbol) for symbol in node.state.symbols]
    instruments = with_products(await venue.market_data.instruments(symbols), products)
    view = with_positions(venue.account_view, instruments)
    node.register(instruments)
    trader = node.wire(venue.order_entry, snapshot=venue.market_data.request_snapshot)
    reconciler = Reconciler(
        trader,
        view,
        recorder=node.recorder,
        gateway=node.gateway,
        clock=clock,
        recv_window_ns=node.config.venue.recv_window_ms * NS_PER_MS,
    )
    trader.sinks.tell = node.tell
    stack.callback(trader.sinks.fall_silent)
    reconciler.on_failure = _end_the_run
    stack.push_async_callback(reconciler.close)
    priced: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    pacer = _pacer(node, reconciler, clock=clock, trader=trader, priced=priced, on_end=on_end)
    venue.order_entry.hand_pings_to(trader.sinks.on_ping)
    await node.gateway.start(instruments, trader.sinks)
    await view.start(instruments, trader.sinks)
    await venue.market_data.start(instruments, trader.sinks)
    if isinstance(clock, RunningClock):
        clock.synchronise(await venue.server_time_ns())
    await _until_priced(priced)
    if node.state.account.balances:
        trader.resume()
    else:
        trader.open_balances(await view.balances(), source="venue")
    trader.cast.on_doubt = reconciler.request_for
    trader.sinks.on_connected = partial(reconciler.request, "the user stream connected")
    trader.sinks.on_market_connected = partial(reconciler.request, "the market connected")
    trader.sinks.on_moved = partial(_compare_moved, reconciler)
    reconciler.request("start")
    await reconciler.finish()
    await warm(trader.cast, venue.market_data, clock=clock)
    trader.cast.start()
    trader.keep_passing_barriers()
    trader.rounds.keep(reconciler.check, every_ns=CHECK_EVERY_NS, at_once=False)
    pacer.release()
    return reconciler


def _compare_moved(reconciler: Reconciler, reason: str) -> None:
    reconciler.request(f"the account moved: {reason}")


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
            and not reconciler.is_asking
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
