"""What the journal costs: appends against a raw file, and how long an event waits for the disk.

The floor is the least that could be called a journal: encode, chain, one `pwrite` and one
`fdatasync` into a file whose space was taken before. Rounds of both alternate, because a disk
is not the same disk a second later. Every event is durable before it counts.
"""

import asyncio
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from holdfast.domain.events import OrderFilled
from holdfast.domain.ids import AccountId
from holdfast.domain.instant import NS_PER_S, NS_PER_US, Timer, UtcNs
from holdfast.journal.chain import GENESIS
from holdfast.journal.codec import encode
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.verify import verify
from holdfast.journal.writer import InlineWriter, Journal, ThreadWriter

GROUPS = (1, 8, 64, 512)
ROUNDS = 9
ROUND_S = 0.15
RATES = (2_000, 20_000)
RATE_S = 2.0
BURSTS_PER_S = 1_000
REPLAYED = 200_000
REPLAYS = 3
RAW_COMMITS = 2_000
RAW_BYTES = 64 << 20
FILL = OrderFilled(
    client_order_id="HABCDE00001000001",
    venue_order_id="28457",
    exec_id="98765432",
    strategy="trend",
    symbol="BTCUSDT",
    product="spot",
    side="buy",
    position_side="both",
    last_price="64123.45",
    last_quantity="0.00123",
    cum_quantity="0.00123",
    liquidity_side="taker",
    fee="0.00000123",
    fee_asset="BTC",
    fee_value="0.0789",
    fee_value_source="fill",
    reduce_only=False,
    purpose="entry",
    venue_at_ns=1_790_000_000_000_000_000,
    received_at_ns=1_790_000_000_000_500_000,
    source="user_stream",
)


def rows() -> Iterator[dict[str, Any]]:
    """Give every row: appends at each group, waits at each rate, verified replay."""
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        for group in GROUPS:
            yield _append(Path(folder), group)
        for rate in RATES:
            yield from _waits(Path(folder), rate)
        yield _replay(Path(folder))


class SystemClock:
    """The machine's clock; timers are not needed here."""

    def now_ns(self) -> UtcNs:
        """Give the wall clock."""
        return UtcNs(time.time_ns())

    def monotonic_ns(self) -> int:
        """Give the monotonic clock."""
        return time.monotonic_ns()

    def call_at(self, at_ns: int, callback: object) -> Timer:
        """Refuse: nothing here waits for market time."""
        raise NotImplementedError(f"no timer at {at_ns} for {callback}")


class RawFile:
    """A chained file, overwritten from its start when its space is used up."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.posix_fallocate(self._file, 0, RAW_BYTES)
        os.fsync(self._file)
        self._link = GENESIS
        self._offset = 0

    def commit(self, group: int) -> None:
        """Encode, chain, write and flush so many events."""
        parts = []
        for _ in range(group):
            body = encode(FILL)
            self._link = sha256(self._link + body).digest()
            parts += (body, self._link)
        block = b"".join(parts)
        if self._offset + len(block) > RAW_BYTES:
            self._offset = 0
        os.pwrite(self._file, block, self._offset)
        os.fdatasync(self._file)
        self._offset += len(block)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _append(folder: Path, group: int) -> dict[str, Any]:
    raw = RawFile(folder / f"raw-{group}")
    store = SqliteStore.create(folder / f"append-{group}.journal")
    journal = Journal(
        store, SystemClock(), account=AccountId("bench"), durable_callback=lambda _: None
    )
    store.reserve()
    ours, floor = [], []
    for _ in range(ROUNDS):
        floor.append(_rate(lambda: raw.commit(group), group))
        ours.append(_rate(lambda: _commit(journal, group), group))
    raw.close()
    journal.close()
    return {
        "name": f"journal.append.{group}_a_commit",
        "value": median(ours),
        "unit": "events/s",
        "baseline": "raw_file",
        "baseline_value": median(floor),
        "ratio": median(mine / its for mine, its in zip(ours, floor, strict=True)),
        "n": ROUNDS,
    }


def _rate(commit: Callable[[], None], group: int) -> float:
    began, count = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < ROUND_S:
        commit()
        count += group
    return count / passed


def _commit(journal: Journal, group: int) -> None:
    for _ in range(group):
        journal.put(FILL)
    journal.drain()


def _waits(folder: Path, rate: int) -> Iterator[dict[str, Any]]:
    raw = RawFile(folder / f"raw-{rate}")
    commits = [_timed_ns(lambda: raw.commit(1)) for _ in range(RAW_COMMITS)]
    _, idle = asyncio.run(_run_at(None, rate))
    waits, stalls = asyncio.run(_run_at(folder / f"rate-{rate}.journal", rate))
    commits += [_timed_ns(lambda: raw.commit(1)) for _ in range(RAW_COMMITS)]
    raw.close()
    name = f"{rate}_a_second"
    yield from _quantile_rows(f"journal.submit_to_durable.{name}", waits, raw_commit=commits)
    yield from _quantile_rows(f"journal.loop_wait.{name}", stalls, no_journal=idle)


def _timed_ns(call: Callable[[], None]) -> int:
    began_ns = time.perf_counter_ns()
    call()
    return time.perf_counter_ns() - began_ns


def _quantile_rows(
    name: str, values: list[int], **baseline: list[int]
) -> Iterator[dict[str, Any]]:
    [(its_name, its_values)] = baseline.items()
    ours, its = quantiles(values, n=1000), quantiles(its_values, n=1000)
    for label, index in (("p50", 499), ("p99", 989), ("p99.9", 998)):
        yield {
            "name": f"{name}.{label}",
            "value": ours[index] / NS_PER_US,
            "unit": "us",
            "baseline": its_name,
            "baseline_value": its[index] / NS_PER_US,
            "ratio": ours[index] / its[index],
            "n": len(values),
        }


async def _run_at(path: Path | None, rate: int) -> tuple[list[int], list[int]]:
    """Give how long events waited for the disk, and the loop for the interpreter."""
    put_at: list[int] = []
    waits: list[int] = []
    stalls: list[int] = []

    def durable(seq: int) -> None:
        now_ns = time.monotonic_ns()
        waits.extend(now_ns - at_ns for at_ns in put_at[len(waits) : seq])

    journal = _threaded(path, durable) if path else None
    began_ns, due_ns = time.monotonic_ns(), 0
    step_ns = NS_PER_S // min(rate, BURSTS_PER_S)
    while due_ns < RATE_S * NS_PER_S:
        due_ns += step_ns
        await asyncio.sleep(max(0, began_ns + due_ns - time.monotonic_ns()) / NS_PER_S)
        before_ns = time.monotonic_ns()
        await asyncio.sleep(0)
        stalls.append(time.monotonic_ns() - before_ns)
        if journal is not None:
            for _ in range(max(1, rate // BURSTS_PER_S)):
                put_at.append(time.monotonic_ns())
                journal.put(FILL)
            journal.wake()
    if journal is not None:
        journal.close()
        await asyncio.sleep(0.01)
        if journal.failed is not None:
            raise journal.failed
    return waits, stalls


def _threaded(path: Path, durable: Callable[[int], None]) -> ThreadWriter:
    return ThreadWriter(
        SqliteStore.create(path),
        SystemClock(),
        account=AccountId("bench"),
        durable_callback=durable,
        post=asyncio.get_running_loop().call_soon_threadsafe,
        failed_callback=lambda _: None,
    )


def _replay(folder: Path) -> dict[str, Any]:
    path = folder / "replay.journal"
    journal = InlineWriter(
        SqliteStore.create(path),
        SystemClock(),
        account=AccountId("bench"),
        durable_callback=lambda _: None,
    )
    for _ in range(REPLAYED):
        journal.put(FILL)
        journal.drain()
    journal.close()
    ours, its = [], []
    for _ in range(REPLAYS):
        its.append(_timed_ns(lambda: _select(path)))
        ours.append(_timed_ns(lambda: verify(path)))
    return {
        "name": "journal.verified_replay",
        "value": REPLAYED / (min(ours) / NS_PER_S),
        "unit": "events/s",
        "baseline": "bare_select",
        "baseline_value": REPLAYED / (min(its) / NS_PER_S),
        "ratio": min(its) / min(ours),
        "n": REPLAYED,
    }


def _select(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        count = sum(1 for _ in connection.execute("SELECT * FROM journal"))
    if count != REPLAYED:
        raise SystemExit(f"{count} rows of {REPLAYED}")


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(f"{row}\n")
