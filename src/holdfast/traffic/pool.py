"""Where the processes of one address take their portions of a limit from.

A pool knows of each window how much was leased, and how much of the venue's count cannot have
been ours: whoever else uses the address shows there. A lease is cut from what is left of both.
"""

from typing import Protocol

import msgspec

from holdfast.traffic.limits import NO_HOLD, Hold, Limit

WINDOWS_KEPT = 3
"""How many windows of a limit are remembered: the last, the present and the next one."""


class Pool(Protocol):
    """The limits of one address or account, shared by all who use it.

    Every call is atomic among processes and safe to repeat, but that a lease that was given and
    not used is gone until its window is over.
    """

    def lease(self, limit: Limit, *, window: int, want: int, keep: int) -> int:
        """Give up to `want`, leaving `keep` of the limit for who may use that; maybe 0."""

    def see(self, limit: Limit, *, window: int, used: int, unspent: int) -> None:
        """Learn what the venue has counted; smaller figures of a window change nothing.

        `unspent` is what the caller has leased and not used. What other processes have not used
        is not known, so strangers may be taken for fewer than they are by their portions.
        """

    def hold(self, scope: str, hold: Hold) -> Hold:
        """Learn how long the venue wants to wait, and give what all have learned together."""


class Tally(msgspec.Struct):
    """One window of one limit."""

    leased: int = 0
    strangers: int = 0

    def lease(self, want: int, *, room: int) -> int:
        """Take what is wanted, as far as `room` goes, and say how much it was."""
        given = max(0, min(want, room - self.leased - self.strangers))
        self.leased += given
        return given

    def see(self, used: int, *, unspent: int) -> None:
        """Take the venue's count: what was not leased and used was a stranger's."""
        self.strangers = max(self.strangers, used - self.leased + unspent)


class MemoryPool:
    """A pool of one process."""

    def __init__(self) -> None:
        self._tallies: dict[Limit, dict[int, Tally]] = {}
        self._holds: dict[str, Hold] = {}

    def lease(self, limit: Limit, *, window: int, want: int, keep: int) -> int:
        """Give up to `want`, leaving `keep` of the limit."""
        return self._tally(limit, window).lease(want, room=limit.most - keep)

    def see(self, limit: Limit, *, window: int, used: int, unspent: int) -> None:
        """Learn what the venue has counted."""
        self._tally(limit, window).see(used, unspent=unspent)

    def hold(self, scope: str, hold: Hold) -> Hold:
        """Learn how long the venue wants to wait, and give the longest known."""
        held = self._holds.get(scope, NO_HOLD).and_also(hold)
        self._holds[scope] = held
        return held

    def _tally(self, limit: Limit, window: int) -> Tally:
        tallies = self._tallies.setdefault(limit, {})
        tally = tallies.get(window)
        if tally is None:
            tally = tallies[window] = Tally()
            for old in [number for number in tallies if number <= window - WINDOWS_KEPT]:
                del tallies[old]
        return tally
