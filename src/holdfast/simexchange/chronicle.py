"""What was asked and who listened, in the order in which the venue saw it; tests read it.

Only signed requests that passed their checks are noted, and the first and last listener to an
account's user data. The newest entries are kept; how many were dropped is told.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

MOST_ENTRIES = 300_000
LISTENED, DEAF = "listened", "deaf"
_IDS = ("clientorderid", "clientalgoid")
_NOT_NEW = ("orig", "cancel")


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that the venue saw.

    `what` is an endpoint, or that an account's first listener came or its last one left. `ids`
    are the client ids under which a request asks for new orders.
    """

    number: int
    at_ns: int
    what: str
    account: str
    product: str
    ids: list[str] = []


class Chronicle:
    """The newest entries of a venue."""

    def __init__(self, now_ns: Callable[[], int], *, most: int = MOST_ENTRIES) -> None:
        self._now_ns = now_ns
        self._entries: deque[Entry] = deque(maxlen=most)
        self._count = 0

    def note(
        self, what: str, *, account: str, product: str, values: Mapping[str, str] | None = None
    ) -> None:
        """Keep one entry."""
        self._count += 1
        ids = _new_ids(values) if values and _places(what) else []
        self._entries.append(Entry(self._count, self._now_ns(), what, account, product, ids))

    def told(self, account: str) -> dict[str, Any]:
        """Give what is kept of an account, and how many entries of all are not kept."""
        return {
            "dropped": self._count - len(self._entries),
            "entries": [entry for entry in self._entries if entry.account == account],
        }


def _new_ids(values: Mapping[str, str]) -> list[str]:
    """Give the client ids of new orders among parameters, whatever these are called."""
    return [
        value
        for name, value in values.items()
        if name.lower().endswith(_IDS) and not name.startswith(_NOT_NEW)
    ]


def _places(endpoint: str) -> bool:
    """Tell whether an endpoint takes new orders; others name those that there are."""
    return endpoint.startswith("POST ") or ".place" in endpoint or "Replace" in endpoint
