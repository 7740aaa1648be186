"""The trader's pen: what we decide is journaled and in force at once; what the venue says is
journaled and in force when durable.

So a fill is on disk before strategy, risk or screens see it (promise 3), and an order leaves
only after its intent is on disk (step 5). Both waits share one queue in journal order.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from holdfast.domain.events import Event
from holdfast.domain.ids import Shard
from holdfast.journal.writer import Journal
from holdfast.runtime.state import State

_NO_SHARD = Shard(0)


class Recorder:
    """Writes events and folds them into the state at the moment that the rule above names.

    `flush` has what was put become durable in due time; it ends every segment that is not
    `is_flushed` already.
    """

    def __init__(self, journal: Journal, state: State, *, flush: Callable[[], None]) -> None:
        self.is_flushed = True
        self._flush = flush
        self._journal = journal
        self._state = state
        self._settled: list[asyncio.Future[None]] = []
        self._waiting: deque[tuple[int, Event | None, Callable[[], None]]] = deque()

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing waits for durability."""
        return not self._waiting

    def decide(self, event: Event, shard: Shard = _NO_SHARD) -> int:
        """Journal a decision of ours, in force at once; gives its sequence number."""
        self.is_flushed = False
        seq = self._journal.put(event, shard)
        self._state.apply(event)
        return seq

    def write(self, event: Event, shard: Shard = _NO_SHARD) -> int:
        """Journal a decision whose effect the caller applies, with the values at hand."""
        self.is_flushed = False
        return self._journal.put(event, shard)

    def hear(self, event: Event, then: Callable[[], None], *, shard: Shard = _NO_SHARD) -> None:
        """Journal what the venue said; it is folded, and `then` runs, once it is durable."""
        self.is_flushed = False
        self._waiting.append((self._journal.put(event, shard), event, then))

    def when_durable(self, seq: int, then: Callable[[], None]) -> None:
        """Run a callback once a record, and all before it, is durable."""
        self._waiting.append((seq, None, then))

    def on_durable(self, seq: int) -> None:
        """Let everything happen that waited for records up to `seq`, in journal order."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= seq:
            _, event, then = waiting.popleft()
            if event is not None:
                self._state.apply(event)
            then()
        if self._settled and not waiting:
            settled, self._settled = self._settled, []
            for future in settled:
                if not future.done():
                    future.set_result(None)

    def flush(self) -> None:
        """End a segment."""
        self.is_flushed = True
        self._flush()

    async def settled(self) -> None:
        """Wait until nothing waits for durability."""
        if self._waiting:
            future = asyncio.get_running_loop().create_future()
            self._settled.append(future)
            await future
