"""The rate gate: how many orders a strategy, and the account, may have approved in 10 s."""

from holdfast.domain.approval import Refusal
from holdfast.risk.view import Ask, View


def check(_: Ask, view: View) -> Refusal | None:
    """Refuse an order beyond the rate of its strategy or of the account."""
    window, limits, now_ns = view.desk.window, view.limits, view.now_ns
    limit = limits.orders_per_10s_count
    count = window.strategy_count(view.strategy, now_ns)
    if count >= limit:
        return Refusal("rate", "too many orders of the strategy", str(count), str(limit))
    limit = limits.account_orders_per_10s_count
    count = window.account_count(now_ns)
    if count >= limit:
        return Refusal("rate", "too many orders of the account", str(count), str(limit))
    return None
