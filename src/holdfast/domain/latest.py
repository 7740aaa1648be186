"""How far a symbol's orders at the venue are known, and how the venue counts its ids."""

from holdfast.domain.ids import Symbol, VenueOrderId


class LatestOrders:
    """Of each symbol the venue's order after which one of ours may be unrecorded.

    What was sent last before a crash may be missing in the journal, and nothing older can be:
    an order leaves after everything in the journal before its own record was written. So from
    an epoch's beginning until a comparison agrees, the orders of the new epoch do not count.
    """

    def __init__(self) -> None:
        self._known: dict[Symbol, VenueOrderId] = {}
        self._before: dict[Symbol, VenueOrderId] = {}
        self._agreed = True

    def see(self, symbol: Symbol, venue_order_id: VenueOrderId) -> None:
        """Learn of an order at the venue, in any order."""
        last = self._known.get(symbol, "")
        if venue_order_id and id_order(venue_order_id) > id_order(last):
            self._known[symbol] = venue_order_id

    def begin(self) -> None:
        """Learn that a trader started: the one before may have been killed."""
        if self._agreed:
            self._before = dict(self._known)
        self._agreed = False

    def agree(self) -> None:
        """Learn that journal and venue were compared and agree."""
        self._agreed = True

    def after(self, symbol: Symbol) -> VenueOrderId | None:
        """Give the order after which to ask; None while nothing is known of the symbol."""
        return (self._known if self._agreed else self._before).get(symbol)


def id_order(text: str) -> tuple[int, str]:
    """Give a key that sorts a venue's ids as it numbered them."""
    return (int(text), "") if text.isdecimal() else (-1, text)
