"""The garbage of a trader is collected between messages, and what was there before is left out.

A collection may begin at any allocation, also between a price and the order that answers it,
and it looks at everything that lives. So once a trader is warm its heap is frozen, and what is
made afterwards is looked at when the trader is looked at, a few times a second.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MIDDLE_EVERY = 20
ALL_EVERY = 2_400
"""How many sweeps of the youngest make one of the middle-aged, and one of all."""


@contextmanager
def frozen_heap() -> Iterator["Sweeper"]:
    """Freeze what lives, and collect nothing but by the sweeper, until the block ends."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield Sweeper()
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


class Sweeper:
    """Collects the young each time, and the older ones now and then."""

    def __init__(self) -> None:
        self._count = 0

    def sweep(self) -> None:
        """Collect."""
        self._count += 1
        if not self._count % ALL_EVERY:
            gc.collect(2)
        elif not self._count % MIDDLE_EVERY:
            gc.collect(1)
        else:
            gc.collect(0)
