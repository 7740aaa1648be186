"""A trader's journal as a process that is there to be killed: it writes until it dies.

It prints each number that its journal called durable, and nothing before it did.
"""

import asyncio
import os
import sys
from pathlib import Path

from holdfast.domain.ids import Shard
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.writer import ThreadWriter
from holdfast.testing.clock import ManualClock
from tests.unit.journal.kit import ACCOUNT, OPENED, ended

PAUSE_S = 0.000_2


async def trade(store: SqliteStore, burst: int) -> None:
    """Take an epoch, and put events for ever."""
    failed = asyncio.Event()
    journal = ThreadWriter(
        store,
        ManualClock(),
        account=ACCOUNT,
        durable_callback=lambda seq: os.write(1, b"%d\n" % seq),
        post=asyncio.get_running_loop().call_soon_threadsafe,
        failed_callback=lambda _: failed.set(),
    )
    if not journal.seq:
        journal.put(OPENED)
    journal.take_epoch(shards=[Shard(0)], reason="start")
    while not failed.is_set():
        for _ in range(burst):
            journal.put(ended(journal.seq + 1))
        journal.wake()
        await asyncio.sleep(PAUSE_S)
        if journal.ring_fraction > 0.5:
            await asyncio.sleep(PAUSE_S * 100)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    kept = SqliteStore.open(place) if place.exists() else SqliteStore.create(place)
    asyncio.run(trade(kept, int(sys.argv[2])))
