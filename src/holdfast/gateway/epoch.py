"""The fence: of each shard only the newest epoch gets anything out (promise 1).

An epoch is persisted before it is served, so that a gateway that starts again refuses what it
refused before.
"""

from collections.abc import Callable

from holdfast.domain.ids import PREFIX_LENGTH, Epoch, Shard, epoch_of, is_ours, shard_in

PREFIXES_KEPT = 1_000

Persist = Callable[[Shard, Epoch], None]


class Epochs:
    """The highest epoch of each shard; it never falls."""

    def __init__(self, persist: Persist, *, known: dict[Shard, Epoch] | None = None) -> None:
        self._persist = persist
        self._highest: dict[Shard, Epoch] = dict(known or {})
        self._made: dict[str, tuple[Shard, Epoch]] = {}

    def take(self, shard: Shard, epoch: Epoch) -> bool:
        """Serve an epoch from now on; False when it is not above the one that is served."""
        if epoch <= self._highest.get(shard, -1):
            return False
        self._persist(shard, epoch)
        self._highest[shard] = epoch
        return True

    def admits_order(self, client_order_id: str, epoch: Epoch) -> bool:
        """Tell whether an order, made in the caller's epoch, comes from the newest one."""
        prefix = client_order_id[:PREFIX_LENGTH]
        made = self._made.get(prefix)
        if made is None:
            if not is_ours(client_order_id):
                return False
            if len(self._made) >= PREFIXES_KEPT:
                self._made.clear()
            made = self._made[prefix] = (shard_in(client_order_id), epoch_of(client_order_id))
        return made[1] == epoch and self._highest.get(made[0]) == epoch

    def admits_cancel(self, client_order_id: str, epoch: Epoch) -> bool:
        """Tell whether a cancel, of an order of whatever epoch, comes from the newest one."""
        if is_ours(client_order_id):
            return self._highest.get(shard_in(client_order_id)) == epoch
        return bool(self._highest) and epoch == max(self._highest.values())
