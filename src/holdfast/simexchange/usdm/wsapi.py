"""The WebSocket API of USD-M: orders, conditional orders, account, and the listen key."""

import msgspec

from holdfast.simexchange.desk import SIGNED_NAMES, Operation
from holdfast.simexchange.usdm.operations import account, algo, market, settings, trade
from holdfast.simexchange.wsapi import ApiSession


def _signed_too(operation: Operation) -> Operation:
    """Let a public request be signed, as clients do here without need."""
    return msgspec.structs.replace(operation, names=(*operation.names, *SIGNED_NAMES))


METHODS: dict[str, Operation] = {
    "ping": market.PING,
    "time": market.TIME,
    "depth": _signed_too(market.DEPTH),
    "ticker.price": _signed_too(market.PRICE),
    "ticker.book": _signed_too(market.BOOK_TICKER),
    "order.place": trade.NEW_ORDER,
    "order.modify": trade.MODIFY_ORDER,
    "order.cancel": trade.CANCEL_ORDER,
    "order.status": account.ORDER,
    "algoOrder.place": algo.PLACE,
    "algoOrder.cancel": algo.CANCEL,
    "account.status": account.ACCOUNT_V2,
    "v2/account.status": account.ACCOUNT_V3,
    "account.balance": account.BALANCE,
    "v2/account.balance": account.BALANCE,
    "account.position": account.RISK_V2,
    "v2/account.position": account.RISK_V3,
    "userDataStream.start": settings.OPEN_KEY,
    "userDataStream.ping": settings.RENEW_KEY,
    "userDataStream.stop": settings.CLOSE_KEY,
}


class UsdmApiSession(ApiSession):
    """One connection to USD-M's WebSocket API; it carries no events."""

    methods = METHODS
    order_methods = frozenset({"order.place", "order.modify", "algoOrder.place"})

    def own_methods(self) -> dict[str, Operation]:
        """Return the methods that belong to this connection: logging on and off."""
        return {
            name: operation
            for name, operation in super().own_methods().items()
            if name in ("session.logon", "session.status", "session.logout")
        }
