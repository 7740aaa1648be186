"""Paper mode: what a run stands on against the simulated exchange, spot or USD-M.

The exchange is started as a process of its own unless one is named, on this machine or at a
private address. Which product is traded
follows from the symbols, because a name belongs to one product there.
"""

import asyncio
import contextlib
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec

from holdfast.domain.events import Event
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Product
from holdfast.errors import ConfigError, JournalError, NotFound, UsageError, VenueUnavailable
from holdfast.journal.chain import Head
from holdfast.runtime.clock import PingedClock, RunningClock
from holdfast.runtime.config import Config
from holdfast.runtime.credentials import credentials_of
from holdfast.runtime.network import SocketNetwork
from holdfast.runtime.options import RunOptions
from holdfast.runtime.session import AnyClock, Ground, Session
from holdfast.runtime.spawn import start_simulator
from holdfast.runtime.venues import PRODUCTS, Way, make_venue, settings_of, status_of
from holdfast.venues.binance.options import Endpoints, Options

if TYPE_CHECKING:
    from holdfast.domain.ports import HttpAnswer

ANSWERED_WITHIN_S = 10.0
_Kind = TypeVar("_Kind")


class SimStatus(msgspec.Struct):
    """What the simulated exchange says of itself; the USD-M doors are empty without any."""

    market_time_ns: int
    moving: bool
    symbols: list[str]
    products: dict[str, Product]
    speed: float | str
    usdm_rest: str = ""
    usdm_ws: str = ""
    usdm_ws_api: str = ""


class SimNotes(msgspec.Struct):
    """What the simulated exchange assumes."""

    notes: list[str]


class PaperGround:
    """Makes the ground of a run in paper mode; `speed` 0 is as fast as it goes."""

    def __init__(self, config: Config, options: RunOptions, *, speed: float) -> None:
        self._config = config
        self._options = options
        self._speed = speed

    async def prepare(
        self, session: Session, stack: contextlib.AsyncExitStack, *, network: SocketNetwork
    ) -> Ground:
        """Find or start the exchange, and choose product and symbols."""
        spot = await self._doors(session, stack)
        network.trust(urlsplit(spot.rest).hostname or "")
        status = await _ask(network, spot.rest, "/sim/status", SimStatus)
        notes = await _ask(network, spot.rest, "/sim/assumptions", SimNotes)
        symbols = self._symbols(status)
        product = self._product(status, symbols)
        clock = _clock(status)
        endpoints = spot
        if product is not Product.SPOT:
            if not status.usdm_rest:
                raise VenueUnavailable(f"{spot.rest} serves no USD-M; start a newer one")
            endpoints = Endpoints(
                rest=status.usdm_rest, ws=status.usdm_ws, ws_api=status.usdm_ws_api
            )
        options = Options(
            paper_pings=True,
            recv_window_ms=self._config.venue.recv_window_ms,
            each_trade=True,
        )
        way = Way(endpoints, credentials_of(self._config.venue), options)
        venue = make_venue(product, network, clock=clock, config=self._config, way=way)
        return Ground(
            venue=venue,
            clock=clock,
            name="simulated",
            symbols=symbols,
            notes=notes.notes,
            check=partial(_check, status.market_time_ns),
            first_words=_nothing,
            settings=settings_of(
                product, network, clock=clock, way=way, governor=venue.governor
            ),
            ask_status=status_of(network, spot.rest, clock=clock, stack=stack),
        )

    async def _doors(self, session: Session, stack: contextlib.AsyncExitStack) -> Endpoints:
        """Give the addresses of the exchange that was named, or start one."""
        url = self._config.venue.url.rstrip("/")
        if url:
            host = url.partition("://")[2]
            return Endpoints(rest=url, ws=f"ws://{host}", ws_api=f"ws://{host}/ws-api/v3")
        child, ready = await start_simulator(
            self._options, seed=self._config.seed, speed=self._speed
        )
        stack.push_async_callback(child.end)
        child.watch(session.lose_exchange)
        return Endpoints(rest=ready.rest, ws=ready.ws, ws_api=ready.ws_api)

    def _symbols(self, status: SimStatus) -> list[str]:
        wanted = [self._options.symbol] if self._options.symbol else self._config.symbols
        wanted = [name.rpartition(":")[2] for name in wanted]  # a prefix names the product
        for symbol in wanted:
            if symbol not in status.symbols:
                known = ", ".join(status.symbols)
                raise NotFound(f"symbol '{symbol}' is not at this venue; it has {known}")
        return list(wanted) or status.symbols

    def _product(self, status: SimStatus, symbols: list[str]) -> Product:
        """Choose the product of all symbols; a run trades one."""
        found = {status.products.get(symbol, Product.SPOT) for symbol in symbols}
        named = PRODUCTS.get(self._config.venue.product)
        if len(found) > 1:
            raise UsageError(
                "a run trades one product, and these symbols are of two; name some with "
                "--symbol or symbols in the configuration"
            )
        product = found.pop() if found else Product.SPOT
        if named is not None and named is not product:
            raise ConfigError(
                f"venue.product is {self._config.venue.product}, and {symbols[0]} is "
                f"{product.value} at this exchange"
            )
        return product


async def _nothing() -> list[Event]:
    """Give no words: a simulator's key opens nothing."""
    return []


def _check(market_time_ns: int, head: Head, mode: str) -> None:
    check_time(head, market_time_ns, mode=mode)


def _clock(status: SimStatus) -> AnyClock:
    if status.speed == "max":
        return PingedClock(status.market_time_ns)
    return RunningClock(
        status.market_time_ns, speed=float(status.speed), is_moving=status.moving
    )


def check_time(head: Head, market_time_ns: int, *, mode: str) -> None:
    """Refuse to go on where the market's time is before what a paper journal has recorded."""
    if mode == "paper" and market_time_ns < head.recorded_at_ns:
        raise JournalError(
            f"--resume: at this exchange it is {_text(market_time_ns)}, before the "
            f"journal's last record of {_text(head.recorded_at_ns)}, so it is not the "
            "one that the journal traded on; name that one (--venue-url) or begin a new journal"
        )


def _text(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, UTC):%Y-%m-%dT%H:%M:%SZ}"


async def _ask(network: SocketNetwork, origin: str, path: str, kind: type[_Kind]) -> _Kind:
    """Ask the simulator something that only a simulator knows."""
    answered: asyncio.Future[HttpAnswer | None] = asyncio.get_running_loop().create_future()
    try:
        connection = await network.http(origin)
        connection.send("GET", path, headers={}, body=b"", on_answer=answered.set_result)
        answer = await asyncio.wait_for(answered, ANSWERED_WITHIN_S)
        connection.close()
    except (OSError, TimeoutError) as error:
        raise VenueUnavailable(f"no simulated exchange answers at {origin} ({error})") from None
    if answer is None or answer.status != HTTPStatus.OK:
        raise VenueUnavailable(
            f"{origin} is no simulated exchange; paper mode needs `holdfast sim serve`"
        )
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.DecodeError as error:
        raise VenueUnavailable(
            f"{origin}{path} cannot be read ({error}); paper mode needs a `holdfast sim serve` "
            "of the same version"
        ) from None
