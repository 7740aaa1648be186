"""Which triggered order belongs to which stop.

At USD-M a conditional order that is triggered goes on as an order with a new id. Whoever knows
the pair, by ALGO_UPDATE or by a query, notes it here, so that the order is reported under the
stop's own client id.
"""

from holdfast.domain.ids import ClientOrderId, VenueOrderId

KEPT = 10_000


class TriggeredStops:
    """Orders by their venue id and the stops that they were; the oldest are forgotten."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._kept = kept
        self._stops: dict[VenueOrderId, ClientOrderId] = {}

    def note(self, order_id: VenueOrderId, stop: ClientOrderId) -> None:
        """Note what a stop has become; idempotent."""
        self._stops[order_id] = stop
        if len(self._stops) > self._kept:
            del self._stops[next(iter(self._stops))]

    def stop_of(self, order_id: VenueOrderId) -> ClientOrderId | None:
        """Give the client id of the stop that became this order."""
        return self._stops.get(order_id)
