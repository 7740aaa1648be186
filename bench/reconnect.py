"""From a lost user stream to an account that agrees with the venue again, and may take risk.

A trader as it runs live, in this process, at a simulated exchange that is a process of its own;
strategies quote and trade there, so that orders rest and executions go on. The exchange cuts
user stream and order session again and again. Counted is from the loss to the end of the
comparison that lets new risk pass; the pause before a new connection is drawn as 0, because it
is chance and not work. The baseline is one question of REST in the same run.
"""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from bench.intake import percentile
from bench.rows import Row
from bench.trader import ACCOUNT, make_writer
from holdfast.domain.ids import JournalId
from holdfast.journal.sqlite import SqliteStore
from holdfast.risk.halt import UNRECONCILED
from holdfast.runtime.clock import RunningClock
from holdfast.runtime.config import Config, StrategyEntry
from holdfast.runtime.network import SocketNetwork
from holdfast.runtime.node import Node, choose
from holdfast.runtime.opening import open_trading
from holdfast.simexchange.accounts import DEMO_ED25519_API_KEY, DEMO_ED25519_PRIVATE_KEY
from holdfast.venues.binance.adapter import BinanceSpot, Credentials, Endpoints

CUTS = 40
CALM_S = 1.0
LOOK_S = 0.0005
WITHIN_S = 30.0
WARM_S = 5.0
STRATEGIES = ("holdfast.examples.quotes:Quotes", "holdfast.examples.trend:Trend")


def rows(*, cuts: int = CUTS, warm_s: float = WARM_S) -> Iterator[Row]:
    """Give p50 and p99 of reconnects."""
    with (
        TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as name,
        _exchange() as told,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        cutting = _cut_often(told, Path(name), cuts=cuts, warm_s=warm_s)
        taken, asked, seen = runner.run(cutting)
    for label, percent in (("p50", 50), ("p99", 99)):
        value, baseline = percentile(taken, percent), percentile(asked, percent)
        yield {
            "name": f"reconnect.to_reconciled.{label}",
            "value": round(value, 2),
            "unit": "ms",
            "baseline": f"one_rest_question.{label}",
            "baseline_value": round(baseline, 2),
            "ratio": round(value / baseline, 2),
            "n": len(taken),
            "mode": f"reconnect: with-send, gateway in process, {seen} events were journaled",
        }


@contextlib.contextmanager
def _exchange() -> Iterator[dict[str, Any]]:
    """Serve the simulated exchange."""
    process = subprocess.Popen(
        [sys.executable, "-m", "holdfast", "sim", "serve", "--speed", "1"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)


async def _cut_often(
    told: dict[str, Any], folder: Path, *, cuts: int, warm_s: float
) -> tuple[list[float], list[float], int]:
    """Cut, wait for agreement, and again; gives milliseconds."""
    taken: list[float] = []
    asked: list[float] = []
    async with _trading(told, folder) as (node, venue):
        await asyncio.sleep(warm_s)
        for _ in range(cuts):
            began = time.perf_counter()
            await venue.server_time_ns()
            asked.append((time.perf_counter() - began) * 1e3)
            await asyncio.to_thread(_cut, told["rest"])
            taken.append(await _agreed_again(node))
            await asyncio.sleep(CALM_S)
        return taken, asked, node.journal.seq


async def _agreed_again(node: Node) -> float:
    blocks = node.state.halts.blocks
    end = time.perf_counter() + WITHIN_S
    while UNRECONCILED not in blocks and time.perf_counter() < end:
        await asyncio.sleep(LOOK_S)
        blocks = node.state.halts.blocks
    began = time.perf_counter()
    while UNRECONCILED in blocks and time.perf_counter() < end:
        await asyncio.sleep(LOOK_S)
        blocks = node.state.halts.blocks
    ended = time.perf_counter()
    if ended >= end:
        raise RuntimeError(f"after {WITHIN_S:g} s no agreement: {blocks}")
    return (ended - began) * 1e3


@contextlib.asynccontextmanager
async def _trading(
    told: dict[str, Any], folder: Path
) -> AsyncIterator[tuple[Node, BinanceSpot]]:
    """Trade as `bench.trader` does, at this exchange."""
    clock = RunningClock(0)
    settings = Config(
        account=ACCOUNT,
        strategies=[StrategyEntry(path=path) for path in STRATEGIES],
    )
    settings.journal.intent_durability = "with-send"
    settings.mode = "live"
    venue = BinanceSpot(
        SocketNetwork(),
        clock,
        endpoints=Endpoints(rest=told["rest"], ws=told["ws"], ws_api=told["ws_api"]),
        credentials=Credentials(DEMO_ED25519_API_KEY, DEMO_ED25519_PRIVATE_KEY),
        account=ACCOUNT,
        jitter=lambda: 0.0,
    )
    clock.synchronise(await venue.server_time_ns())
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    path = folder / "reconnect.journal"
    async with contextlib.AsyncExitStack() as stack:
        node = Node(
            settings,
            path=path,
            strategies=choose(settings),
            clock=clock,
            store=SqliteStore.create(path),
            make_journal=partial(make_writer, clock=clock, ended=ended, poll=None),
        )
        stack.callback(node.journal.close)
        node.open(journal=JournalId("BENCH"), venue="sim", symbols=["BTCUSDT"], notes=[])
        stack.push_async_callback(venue.close)
        await open_trading(
            node, venue, settings=None, clock=clock, stack=stack, on_end=lambda: None
        )
        yield node, venue


def _cut(rest: str) -> None:
    asked = {"kind": "socket_cut", "stream": "api"}
    request = urllib.request.Request(
        f"{rest}/sim/do", data=json.dumps(asked).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
