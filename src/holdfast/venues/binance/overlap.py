"""One stream that comes by two connections for a while, so that none of its messages is missed.

The old connection delivers. What the new one brings waits until the old one has delivered that
message, or one after it: then whatever was sent before the new subscription has come, the two
are joined, and the first of both to bring a message delivers it. A message is delivered once,
in its stream's order, and none is missed whatever the two connections' delays are.

`rest` ends the old connection: what still waits is delivered. Where it had died before the two
were joined there may be a gap, which is for the reader of the stream to see by its ids.
"""

from collections import OrderedDict, deque
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

Item = TypeVar("Item")

MOST_WAITING = 20_000
PATIENCE = 3
"""How often the settling time a new connection may be mute where the old one speaks."""


class Verdict(Enum):
    """What to do with two connections of one stream."""

    WAIT = "wait"
    SWITCH = "the new one carries all that the old one does"
    ABANDON = "the new one is mute where the old one speaks"


class Numbered(Generic[Item]):
    """A stream whose messages carry rising numbers; some span several of them.

    A message from `first` to `last` follows one that ended at `first - 1`; where numbers have
    holes `first` is `last + 1`, so that the very message has to be seen on both.
    """

    def __init__(self) -> None:
        self.is_joined = False
        self.heard_old = False
        self.heard_new = False
        self._last = -1
        self._waiting: deque[tuple[int, int, Item]] = deque()

    def old(self, last: int, item: Item) -> list[Item]:
        """Take a message of the old connection; gives what is to be delivered now."""
        self.heard_old = True
        if last <= self._last:
            return []
        self._last = last
        if self._waiting and last >= self._waiting[0][0] - 1:
            return [item, *self.rest()]
        return [item]

    def new(self, last: int, item: Item, *, first: int) -> list[Item]:
        """Take a message of the new connection; gives what is to be delivered now."""
        self.heard_new = True
        if last <= self._last:
            self.is_joined = True
            return []
        if self.is_joined or first - 1 <= self._last:
            self.is_joined = True
            self._last = last
            return [item]
        self._waiting.append((first, last, item))
        return self.rest() if len(self._waiting) > MOST_WAITING else []

    def rest(self) -> list[Item]:
        """Give what waits and was not delivered; from here on the two are joined."""
        self.is_joined = True
        due = []
        for _, last, item in self._waiting:
            if last > self._last:
                self._last = last
                due.append(item)
        self._waiting.clear()
        return due


class Named(Generic[Item]):
    """A stream whose messages are known by what they are, as an execution by its id."""

    def __init__(self) -> None:
        self.is_joined = False
        self.heard_old = False
        self.heard_new = False
        self._delivered: OrderedDict[object, None] = OrderedDict()
        self._waiting: OrderedDict[object, Item] = OrderedDict()

    def old(self, name: object, item: Item) -> list[Item]:
        """Take a message of the old connection; gives what is to be delivered now."""
        self.heard_old = True
        if name in self._delivered:
            return []
        self._note(name)
        if name in self._waiting:
            return [item, *self.rest()]
        return [item]

    def new(self, name: object, item: Item) -> list[Item]:
        """Take a message of the new connection; gives what is to be delivered now."""
        self.heard_new = True
        if name in self._delivered:
            self.is_joined = True
            return []
        if self.is_joined:
            self._note(name)
            return [item]
        self._waiting[name] = item
        return self.rest() if len(self._waiting) > MOST_WAITING else []

    def rest(self) -> list[Item]:
        """Give what waits and was not delivered; from here on the two are joined."""
        self.is_joined = True
        due = [item for name, item in self._waiting.items() if name not in self._delivered]
        for name in self._waiting:
            self._note(name)
        self._waiting.clear()
        return due

    def _note(self, name: object) -> None:
        self._delivered[name] = None
        if len(self._delivered) > MOST_WAITING:
            self._delivered.popitem(last=False)


def judge(
    pairs: "Iterable[Numbered[Item] | Named[Item]]", *, age_s: float, settle_s: float
) -> Verdict:
    """Say whether the old connection can go; asked again and again, with a rising age.

    What the old one says at first may have been sent before the new one listened, so only what
    it says after `settle_s` shows that the new one is mute. Where neither says anything until
    then nothing can be missed any more.
    """
    lonely = [pair for pair in pairs if not pair.is_joined]
    if not lonely:
        return Verdict.SWITCH
    if age_s < settle_s:
        for pair in lonely:
            pair.heard_old = False
        return Verdict.WAIT
    if not any(pair.heard_old for pair in lonely):
        return Verdict.SWITCH
    if age_s < PATIENCE * settle_s:
        return Verdict.WAIT
    mute = any(pair.heard_old and not pair.heard_new for pair in lonely)
    return Verdict.ABANDON if mute else Verdict.SWITCH
