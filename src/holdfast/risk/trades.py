"""The trades gate: how many strategies may hold or work something in a symbol at once.

Dust, less than the venue's smallest order, is no trade.
"""

from holdfast.domain.approval import Refusal
from holdfast.risk.view import NO_EXPOSURE, Ask, View


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse to begin another trade beyond the limit; one that is under way may go on."""
    account, limit = view.account, view.limits.concurrent_trades_count
    if ask.position or len(account.exposures) + len(account.positions) < limit:
        return None
    if ask.mine != NO_EXPOSURE:
        return None
    under_way = {
        pair for pair, open_ in account.exposures.items() if open_.buying or open_.selling
    }
    under_way.update(
        key[:2] for key, open_ in account.side_exposures.items() if open_ != NO_EXPOSURE
    )
    under_way.update(
        key[:2]
        for key, position in account.positions.items()
        if abs(position.quantity) >= account.instruments[key[1]].smallest_order
    )
    if view.key in under_way or len(under_way) < limit:
        return None
    return Refusal("trades", "too many trades at once", str(len(under_way) + 1), str(limit))
