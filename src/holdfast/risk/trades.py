"""The trades gate: in how many symbols strategies may hold or work something at once."""

from holdfast.domain.approval import Refusal
from holdfast.risk.view import Ask, View


def check(_: Ask, view: View) -> Refusal | None:
    """Refuse to begin another trade beyond the limit; one that is under way may go on."""
    account, here = view.account, (view.strategy, view.instrument.symbol)
    under_way = {
        pair for pair, open_ in account.exposures.items() if open_.buying or open_.selling
    }
    if here in under_way:
        return None
    under_way.update(
        key[:2] for key, position in account.positions.items() if position.quantity
    )
    limit = view.limits.concurrent_trades_count
    if here in under_way or len(under_way) < limit:
        return None
    return Refusal("trades", "too many trades at once", str(len(under_way) + 1), str(limit))
