"""The Binance adapter keeps the contract, on sockets before the simulated exchange (XCH-1)."""

import asyncio
import itertools
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from holdfast.domain.ids import AccountId, Symbol
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.market import DepthDiff
from holdfast.domain.order import NewOrder
from holdfast.domain.submission import Acked, Unknown
from holdfast.domain.venue import ReportKind
from holdfast.errors import CredentialsRefused
from holdfast.runtime.clock import RunningClock
from holdfast.runtime.network import SocketNetwork
from holdfast.simexchange.accounts import (
    DEMO_API_KEY,
    DEMO_ED25519_API_KEY,
    DEMO_ED25519_PRIVATE_KEY,
    DEMO_SECRET,
)
from holdfast.venues.binance.adapter import (
    BinanceSpot,
    BinanceUsdm,
    Credentials,
    Endpoints,
    Options,
)
from holdfast.venues.binance.options import LIVE
from tests.contract.venue_contract import Heard, Stage, VenueContract, closing

BTC = Symbol("BTCUSDT")
HMAC = Credentials(DEMO_API_KEY, DEMO_SECRET)
ED25519 = Credentials(DEMO_ED25519_API_KEY, DEMO_ED25519_PRIVATE_KEY)
_IDS = itertools.count(1)


def next_id() -> str:
    """Make an id that no case used before."""
    return f"HCNTRA00000{next(_IDS):07d}"


@contextmanager
def exchange_process(*arguments: str) -> Iterator[Endpoints]:
    """Run the simulated exchange as a process of its own."""
    command = [sys.executable, "-m", "holdfast.simexchange", "--seed", "5", *arguments]
    with subprocess.Popen(
        [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        ready = json.loads(child.stdout.readline())
        product = "usdm_" if any(text.startswith("usdm:") for text in arguments) else ""
        yield Endpoints(*(ready[product + end] for end in ("rest", "ws", "ws_api")))
        child.stdin.close()
        assert child.wait(10) is not None


@pytest.fixture(scope="module")
def exchange() -> Iterator[Endpoints]:
    """Share one exchange among the cases."""
    with exchange_process() as endpoints:
        yield endpoints


@asynccontextmanager
async def on_stage(
    endpoints: Endpoints,
    credentials: Credentials,
    options: Options = LIVE,
    *,
    venue_type: type[BinanceSpot] | type[BinanceUsdm] = BinanceSpot,
    network: SocketNetwork | None = None,
) -> AsyncIterator[Stage]:
    """Connect an adapter to the exchange."""
    clock = RunningClock(0)
    account = AccountId("demo")
    venue = venue_type(
        network or SocketNetwork(),
        clock,
        endpoints=endpoints,
        credentials=credentials,
        account=account,
        jitter=lambda: 0.5,
        options=options,
    )
    clock.synchronise(await venue.server_time_ns())
    heard = Heard()
    instruments = await venue.market_data.instruments([BTC])
    stage = Stage(
        venue.market_data,
        venue.account_view,
        venue.order_entry,
        instrument=instruments[0],
        account=account,
        heard=heard,
        ask_snapshot=venue.market_data.request_snapshot,
        first_id=next_id,
    )
    async with closing(stage):
        await venue.market_data.start(instruments, heard)
        await venue.account_view.start(instruments, heard)
        await venue.order_entry.start(instruments, heard)
        assert heard.connected == 1
        yield stage


class TestBinanceWithHmac(VenueContract):
    @pytest.fixture(autouse=True)
    def _exchange(self, exchange: Endpoints) -> None:
        self.endpoints = exchange

    def stage(self) -> AbstractAsyncContextManager[Stage]:
        return on_stage(self.endpoints, HMAC)


class TestBinanceWithEd25519(TestBinanceWithHmac):
    def stage(self) -> AbstractAsyncContextManager[Stage]:
        return on_stage(self.endpoints, ED25519)


FAST = Options(answer_timeout_ns=NS_PER_S)
Case = Callable[[Stage], Awaitable[None]]


def with_fault(tmp_path: Path, case: Case, **fault: object) -> None:
    """Play a case before an exchange with one fault."""
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps({"fault": [fault]}))

    async def whole(endpoints: Endpoints) -> None:
        async with on_stage(endpoints, HMAC, FAST) as stage:
            await stage.until(lambda: BTC in stage.heard.tops)
            await case(stage)

    with exchange_process("--faults", str(faults)) as endpoints:
        asyncio.run(whole(endpoints))


async def is_at_the_venue(stage: Stage, order: NewOrder) -> bool:
    """Ask for an order until the venue knows it, or twice in vain."""
    for _ in range(2):
        if await stage.account_view.order(BTC, order.client_order_id) is not None:
            return True
        await asyncio.sleep(0.1)
    return False


@pytest.mark.parametrize("kind", ["order_answer_lost", "order_unknown_1007"])
def test_an_order_whose_answer_is_lost_is_unknown_and_found_by_its_id(
    tmp_path: Path, kind: str
) -> None:
    async def case(stage: Stage) -> None:
        order = stage.resting()
        assert isinstance(await stage.submit(order), Unknown)
        assert await is_at_the_venue(stage, order)
        await stage.until(lambda: bool(stage.heard.kinds(order.client_order_id)))
        resting = await stage.account_view.open_orders(BTC)
        assert [o.client_order_id for o in resting] == [order.client_order_id]
        await stage.end(order)

    with_fault(tmp_path, case, kind=kind)


def test_a_503_leaves_every_order_unknown_whether_it_lives_or_not(tmp_path: Path) -> None:
    async def case(stage: Stage) -> None:
        orders = [stage.resting() for _ in range(6)]
        for order in orders:
            assert isinstance(await stage.submit(order), Unknown)
        lives = [await is_at_the_venue(stage, order) for order in orders]
        assert set(lives) == {True, False}
        assert isinstance(await stage.submit(stage.resting()), Acked)

    with_fault(tmp_path, case, kind="order_503", count=6)


def test_a_cut_user_stream_is_told_and_what_it_lost_is_found_by_query(tmp_path: Path) -> None:
    async def case(stage: Stage) -> None:
        order = stage.resting()
        assert isinstance(await stage.submit(order), Acked)
        await stage.until(lambda: stage.heard.connected == 2)
        assert len(stage.heard.lost) == 1
        assert stage.heard.kinds(order.client_order_id) == []
        assert await is_at_the_venue(stage, order)
        await stage.end(order)
        await stage.until(
            lambda: stage.heard.kinds(order.client_order_id) == [ReportKind.CANCELED]
        )

    with_fault(tmp_path, case, kind="disconnect_user")


def test_a_cut_market_stream_makes_the_book_invalid_and_comes_back(tmp_path: Path) -> None:
    async def case(stage: Stage) -> None:
        await stage.until(lambda: bool(stage.heard.invalid))
        count = len(stage.heard.market)
        await stage.until(lambda: len(stage.heard.market) > count + 5)
        assert stage.heard.lost == []

    with_fault(tmp_path, case, kind="disconnect_market", after=20)


def test_a_lost_depth_update_shows_as_a_gap_in_the_ids(tmp_path: Path) -> None:
    async def case(stage: Stage) -> None:
        def gaps() -> int:
            diffs = [e for e in stage.heard.market if isinstance(e, DepthDiff)]
            pairs = itertools.pairwise(diffs)
            return sum(after.first_id != before.last_id + 1 for before, after in pairs)

        await stage.until(lambda: gaps() > 0)
        assert gaps() == 1

    with_fault(tmp_path, case, kind="depth_gap", after=5)


def test_repeated_and_early_events_are_handed_over_as_they_come(tmp_path: Path) -> None:
    async def repeated(stage: Stage) -> None:
        order = stage.resting()
        await stage.submit(order)
        await stage.until(lambda: len(stage.heard.kinds(order.client_order_id)) == 2)
        assert stage.heard.answers[order.client_order_id] != []

    async def early(stage: Stage) -> None:
        order = stage.resting()
        stage.order_entry.submit(order)
        await stage.until(lambda: bool(stage.heard.kinds(order.client_order_id)))
        await stage.until(lambda: order.client_order_id in stage.heard.answers)
        assert isinstance(stage.heard.answers[order.client_order_id][0], Acked)

    with_fault(tmp_path, repeated, kind="duplicate_user_event")
    with_fault(tmp_path, early, kind="event_before_ack")


def test_a_wrong_secret_is_one_line_and_leaves_nothing_connected(exchange: Endpoints) -> None:
    async def case() -> None:
        with pytest.raises(CredentialsRefused, match="check API key, secret") as raised:
            async with on_stage(exchange, Credentials(DEMO_API_KEY, "wrong")):
                pass
        assert "\n" not in str(raised.value)

    asyncio.run(case())
