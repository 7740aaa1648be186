"""The pump moves the records of a market into the floor, as fast as market time allows."""

import asyncio
from collections.abc import Iterable, Iterator

from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.floor import Floor
from holdfast.simexchange.model import Record
from holdfast.simexchange.pacing import SECOND_NS

PRIME_NS = 5 * SECOND_NS
PRIME_COUNT = 10_000
QUIET_NS = SECOND_NS // 4
YIELD_EVERY = 64


def prime(exchange: Exchange, records: Iterable[Record]) -> Iterator[Record]:
    """Apply the first records until every symbol has a price; return the rest.

    Without it a venue that nobody listens to yet would have an empty book.
    """
    rest = iter(records)
    first_ns: int | None = None
    for count, record in enumerate(rest):
        if first_ns is None:
            first_ns = record.at_ns
        if count >= PRIME_COUNT or record.at_ns - first_ns > PRIME_NS:
            return _chain(record, rest)
        exchange.absorb(record)
        if all(exchange.market.best(symbol) is not None for symbol in exchange.symbols):
            return rest
    return rest


def _chain(first: Record, rest: Iterator[Record]) -> Iterator[Record]:
    yield first
    yield from rest


class Pump:
    """Play records to the floor until there are no more."""

    def __init__(self, floor: Floor, records: Iterator[Record]) -> None:
        self._floor = floor
        self._records = records
        self._ping_count = -1

    async def run(self) -> None:
        """Play all records, then say that the market has ended."""
        if self._floor.clock.speed is None:
            await self._run_paced()
        else:
            await self._run_timed()
        self._floor.end()

    async def _run_timed(self) -> None:
        floor = self._floor
        await floor.listened()
        for count, record in enumerate(self._records):
            delay_s = floor.clock.seconds_until(record.at_ns)
            if delay_s > 0 or count % YIELD_EVERY == 0:
                await asyncio.sleep(delay_s)
            floor.play(record)

    async def _run_paced(self) -> None:
        floor, pacer = self._floor, self._floor.pacer
        for count, record in enumerate(self._records):
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
            await self._reach(record.at_ns)
            floor.play(record)
        await pacer.settle()

    async def _reach(self, at_ns: int) -> None:
        """Come to the next record: every pong in, every socket read, what is due done.

        Connections that heard nothing for a while are told the time before the record, so
        that timers of a client run before it.
        """
        floor, pacer = self._floor, self._floor.pacer
        while True:
            if not floor.is_moving:
                await floor.listened()
            if pacer.ping_count != self._ping_count:
                await pacer.settle()
                self._ping_count = pacer.ping_count
                continue
            due_ns = floor.exchange.next_due_ns
            if floor.timetable.next_ns < due_ns:
                due_ns = floor.timetable.next_ns
            if due_ns <= at_ns:
                floor.move_to(due_ns)
            elif floor.streams.is_stale(at_ns - QUIET_NS):
                floor.move_to(at_ns)
                floor.streams.tell_time(at_ns - QUIET_NS)
            else:
                return
