"""What the watchdog stands on: the trader's journal and socket, and a way of its own."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Product
from holdfast.errors import NotFound, UsageError
from holdfast.journal.sqlite import SqliteStore
from holdfast.runtime.clock import RunningClock
from holdfast.runtime.config import Config, load_config
from holdfast.runtime.credentials import credentials_of, live_credentials
from holdfast.runtime.live import endpoints_of
from holdfast.runtime.network import SocketNetwork
from holdfast.runtime.places import SOCKET
from holdfast.runtime.state import fold_records
from holdfast.runtime.watchdog import Outcome, Policy, Watchdog, WatchdogRule
from holdfast.venues.binance.cancel_only import CancelOnly
from holdfast.venues.binance.dialect import SPOT, USDM
from holdfast.venues.binance.options import Credentials, Options
from holdfast.venues.binance.profiles import hosts
from holdfast.venues.binance.rest import Rest

TIMEOUT_S = 5.0


class WatchOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The command line of `holdfast watchdog`; empty means not given."""

    journal: Path
    socket: Path | None = None
    config: Path | None = None
    network: str = ""
    url: str = ""
    product: str = ""
    frozen_ns: int = 2 * NS_PER_S
    lost_ns: int = 60 * NS_PER_S
    reduces: bool = False


async def watch(options: WatchOptions, *, tell: Callable[[str], None]) -> Outcome:
    """Watch until there is no trader left; UsageError when it is not clear what to watch."""
    config = load_config(options.config) if options.config else Config()
    mode, product = _told_by(options.journal)
    if options.product:
        product = Product.SPOT if options.product == "spot" else Product.LINEAR
    rest_origin, credentials, may_connect = _way(options, config, mode)
    async with AsyncExitStack() as stack:
        network = SocketNetwork(hosts=may_connect)

        def rest(clock: RunningClock) -> Rest:
            return Rest(
                network,
                clock,
                origin=rest_origin,
                credentials=credentials,
                options=Options(query_timeout_s=TIMEOUT_S),
                dialect=SPOT if product is Product.SPOT else USDM,
            )

        async def venue() -> CancelOnly:
            return CancelOnly(rest(clock), timeout_s=TIMEOUT_S)

        first = rest(RunningClock())
        stack.push_async_callback(first.close)
        now_ns = await first.server_time_ns()
        trial = CancelOnly(first, timeout_s=TIMEOUT_S)
        await trial.prepare()
        await trial.resting()  # a key that is refused is refused now, not when it is needed
        # In paper mode the journal's time is the exchange's.
        clock = RunningClock() if mode == "live" else RunningClock(now_ns)
        return await Watchdog(
            options.journal,
            [options.socket] if options.socket else _sockets_of(options.journal),
            venue=venue,
            clock=clock,
            tell=tell,
            rule=WatchdogRule(
                frozen_s=options.frozen_ns / NS_PER_S,
                unreachable_ns=options.lost_ns,
                policy=Policy.REDUCE if options.reduces else Policy.CANCEL,
            ),
        ).watch()


def _told_by(journal: Path) -> tuple[str, Product]:
    """Read mode and product of a journal; NotFound without one that has begun."""
    if not journal.is_file():
        raise NotFound(
            f"there is no journal {journal}; start the trader first, or name its journal "
            "with --journal"
        )
    store = SqliteStore.open(journal, read_only=True)
    try:
        state = fold_records(store.read())
    finally:
        store.close()
    instruments = list(state.account.instruments.values()) if state else []
    if state is None or not instruments:
        raise NotFound(
            f"journal {journal} names no instrument yet; start the watchdog again once the "
            "trader trades"
        )
    return state.mode, instruments[0].product


def _way(
    options: WatchOptions, config: Config, mode: str
) -> tuple[str, Credentials, frozenset[str]]:
    """Give the address to ask, as whom, and the hosts that may be connected to."""
    url = options.url or config.venue.url
    if mode != "live":
        if not url:
            raise UsageError(
                "a trader in paper mode that started its exchange itself takes it along when "
                "it ends; name an exchange that stays with --venue-url"
            )
        return url.rstrip("/"), credentials_of(config.venue), frozenset()
    if options.network:
        config.venue.network = options.network  # type: ignore[assignment]
    _, endpoints = endpoints_of(config)
    return endpoints.rest, live_credentials(config.venue), hosts(endpoints)


def _sockets_of(journal: Path) -> list[Path]:
    """Name the sockets of a trader of this journal; one that is there may be a left one."""
    return [journal.with_name(SOCKET), journal.with_suffix(".sock")]
