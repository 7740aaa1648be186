"""Client order ids that were used; each passes once, whatever became of its order.

Memory is bounded: when an id is forgotten, every id of its journal, shard and epoch that is not
above it counts as used. Ids of an epoch are numbered in order, so no new one is lost by this.
"""

from collections import OrderedDict

from holdfast.domain.ids import PREFIX_LENGTH, ClientOrderId

KEPT = 100_000


class UsedIds:
    """The ids that were claimed."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._kept = kept
        self._used: OrderedDict[ClientOrderId, None] = OrderedDict()
        self._floors: dict[str, ClientOrderId] = {}

    def claim(self, client_order_id: ClientOrderId) -> bool:
        """Use an id; False when it was used before."""
        if client_order_id in self._used:
            return False
        floor = self._floors.get(client_order_id[:PREFIX_LENGTH])
        if floor is not None and client_order_id <= floor:
            return False
        self._used[client_order_id] = None
        if len(self._used) > self._kept:
            oldest, _ = self._used.popitem(last=False)
            prefix = oldest[:PREFIX_LENGTH]
            self._floors[prefix] = max(oldest, self._floors.get(prefix, oldest))
        return True
