"""`holdfast venue probe`: put what this program believes of the venue to the venue itself.

It writes dated evidence: every case with its verdict and what was seen. It reads, or on a test
network (or a simulator) trades the smallest orders; production is never traded on. A case that
fails is a finding and ends nothing.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instrument import Instrument, Product
from holdfast.errors import DataError, HoldfastError, UsageError
from holdfast.runtime import random
from holdfast.runtime.clock import RunningClock, utc_text, wall_ns
from holdfast.runtime.config import Config, load_config
from holdfast.runtime.credentials import DEMO, live_credentials
from holdfast.runtime.network import SocketNetwork
from holdfast.runtime.probe_cases import CASES, Case, Finding, Needs, Verdict
from holdfast.runtime.probe_desk import ACCOUNT, Desk
from holdfast.runtime.session import AnyVenue
from holdfast.runtime.version import program_version
from holdfast.venues.binance.adapter import BinanceSpot, BinanceUsdm
from holdfast.venues.binance.dialect import SPOT, USDM
from holdfast.venues.binance.options import Credentials, Endpoints, Options
from holdfast.venues.binance.profiles import hosts, profile
from holdfast.venues.binance.rest import Rest

CASE_WITHIN_S = 120.0
TOO_WIDE_MS = 60_001


class ProbeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to probe: a network by its product, or a simulator by its address."""

    product: str = "spot"
    is_testnet: bool = False
    url: str = ""
    symbol: str = "BTCUSDT"
    config: Path | None = None
    out: Path | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One case of the evidence."""

    name: str
    claim: str
    verdict: Verdict
    observed: str
    open_question: bool


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe found, dated."""

    schema: str = "venue-probe/1"
    at: str
    where: str
    product: str
    symbol: str
    version: str
    cases: list[Shown]

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing differed and nothing failed."""
        return all(one.verdict in (Verdict.HOLDS, Verdict.UNPROVED) for one in self.cases)


async def probe(options: ProbeOptions, *, tell: Callable[[str], None]) -> Evidence:
    """Run every case that this probe may, give the evidence, and write it to `out`."""
    config = load_config(options.config) if options.config else Config()
    endpoints, where, may_trade = _where(options)
    credentials = _credentials(options, config)
    product = Product.SPOT if options.product == "spot" else Product.LINEAR
    async with AsyncExitStack() as stack:
        network = SocketNetwork(hosts=hosts(endpoints))
        clock = RunningClock()
        kind = BinanceSpot if product is Product.SPOT else BinanceUsdm
        venue = kind(
            network,
            clock,
            endpoints=endpoints,
            credentials=credentials,
            account=ACCOUNT,
            jitter=random.seeded(wall_ns() % (1 << 31), "probe").random,
            options=Options(),
        )
        stack.push_async_callback(venue.close)

        def rest(options: Options) -> Rest:
            made = Rest(
                network,
                clock,
                origin=endpoints.rest,
                credentials=credentials,
                options=options,
                dialect=SPOT if product is Product.SPOT else USDM,
            )
            stack.push_async_callback(made.close)
            return made

        plain, wide = rest(Options()), rest(Options(recv_window_ms=TOO_WIDE_MS))
        (instrument,) = await venue.market_data.instruments([Symbol(options.symbol)])
        desk = Desk(venue, instrument, rest=plain, wide=wide, may_trade=may_trade)
        await _connect(desk, venue, instrument, has_key=credentials is not None)
        cases = _cases(product, may_trade=may_trade, has_key=credentials is not None)
        shown = [await _show(case, desk, tell=tell) for case in cases]
    evidence = Evidence(
        at=utc_text(wall_ns()),
        where=where,
        product=options.product,
        symbol=options.symbol,
        version=program_version(),
        cases=shown,
    )
    if options.out is not None:
        await asyncio.to_thread(_write, options.out, evidence)
    return evidence


def _cases(product: Product, *, may_trade: bool, has_key: bool) -> list[Case]:
    """Give the cases of a product for which this probe has what they need."""
    allowed = {Needs.NOTHING}
    if has_key:
        allowed |= {Needs.KEY, Needs.TESTNET} if may_trade else {Needs.KEY}
    return [case for case in CASES if product in case.products and case.needs in allowed]


async def _connect(
    desk: Desk, venue: AnyVenue, instrument: Instrument, *, has_key: bool
) -> None:
    if has_key:
        await venue.account_view.start([instrument], desk.account)
        await venue.order_entry.start([instrument], desk.account)
    await venue.market_data.start([instrument], desk.market)
    await desk.rest.measure_offset()


async def _show(case: Case, desk: Desk, *, tell: Callable[[str], None]) -> Shown:
    """Run one case; what goes wrong in it is its finding."""
    try:
        async with asyncio.timeout(CASE_WITHIN_S):
            found = await case.run(desk)
    except HoldfastError as error:
        found = Finding(Verdict.FAILED, str(error))
    except TimeoutError:
        found = Finding(Verdict.FAILED, f"no end in {CASE_WITHIN_S:g} s")
    tell(f"{found.verdict.value:9} {case.name}: {case.claim} ({found.observed})")
    return Shown(
        name=case.name,
        claim=case.claim,
        verdict=found.verdict,
        observed=found.observed,
        open_question=case.open_question,
    )


def _where(options: ProbeOptions) -> tuple[Endpoints, str, bool]:
    """Give the addresses, their name, and whether orders may be sent there."""
    if options.url:
        host = options.url.rstrip("/").partition("://")[2]
        api = "ws-api/v3" if options.product == "spot" else "ws-fapi/v1"
        simulated = Endpoints(
            rest=options.url.rstrip("/"), ws=f"ws://{host}", ws_api=f"ws://{host}/{api}"
        )
        if not options.url.startswith(("http://127.0.0.1:", "http://localhost:")):
            raise UsageError(f"--venue-url {options.url}: a simulator is on this machine")
        return simulated, f"simulator at {host}", True
    name = f"{options.product}-testnet" if options.is_testnet else options.product
    return profile(name).endpoints, f"binance {name}", options.is_testnet


def _credentials(options: ProbeOptions, config: Config) -> Credentials | None:
    """Give the key: the simulator's published one, the configured one, or none to only read."""
    if options.url:
        return DEMO
    try:
        return live_credentials(config.venue)
    except HoldfastError:
        if options.is_testnet:
            raise
        return None


def _write(path: Path, evidence: Evidence) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(evidence), indent=2) + b"\n")
    except OSError as error:
        raise DataError(f"--out {path}: the evidence cannot be written ({error})") from None
