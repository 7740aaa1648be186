"""Garbage is collected by the sweeper and by nobody else while the heap is frozen."""

import gc
import weakref

from holdfast.runtime.heap import ALL_EVERY, MIDDLE_EVERY, frozen_heap


class Ring:
    """Something that only a collection ends."""

    def __init__(self) -> None:
        self.itself = self


def test_garbage_waits_for_a_sweep_and_the_block_leaves_the_heap_as_it_was() -> None:
    assert gc.isenabled()
    with frozen_heap() as sweeper:
        assert not gc.isenabled()
        assert gc.get_freeze_count() > 0
        ring = Ring()
        gone = weakref.ref(ring)
        del ring
        assert gone() is not None
        sweeper.sweep()
        assert gone() is None
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_the_old_are_looked_at_seldom() -> None:
    swept: list[int] = []

    def note(phase: str, about: dict[str, int]) -> None:
        if phase == "start":
            swept.append(about["generation"])

    gc.callbacks.append(note)
    try:
        with frozen_heap() as sweeper:
            swept.clear()
            for _ in range(ALL_EVERY):
                sweeper.sweep()
    finally:
        gc.callbacks.remove(note)
    assert swept[-1] == 2
    assert swept.count(2) == 1
    assert swept.count(1) == ALL_EVERY // MIDDLE_EVERY - 1
