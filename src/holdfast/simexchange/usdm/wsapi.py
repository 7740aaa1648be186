"""The WebSocket API of USD-M: orders, conditional orders, account, and the listen key."""

from holdfast.simexchange.desk import Operation
from holdfast.simexchange.usdm.operations import account, algo, market, settings, trade
from holdfast.simexchange.wsapi import ApiSession

METHODS: dict[str, Operation] = {
    "ping": market.PING,
    "time": market.TIME,
    "depth": market.DEPTH,
    "ticker.price": market.PRICE,
    "ticker.book": market.BOOK_TICKER,
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
