"""The stale gate: no new risk on a market that is silent, late or not known."""

from holdfast.domain.approval import Refusal
from holdfast.domain.instant import NS_PER_MS
from holdfast.risk.view import Ask, View


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse when the book cannot be trusted, or its last message is too old or too late."""
    top = ask.top
    if top is None or not view.book_is_valid:
        return Refusal("stale", "the book is not valid")
    limits = view.limits
    age_ns = view.now_ns - top.received_at_ns
    if age_ns > limits.market_age_ns:
        return _refusal("the market data is too old", age_ns, limits.market_age_ns)
    if view.lag_ns > limits.market_lag_ns:
        return _refusal("the market data comes too late", view.lag_ns, limits.market_lag_ns)
    return None


def _refusal(reason: str, asked_ns: int, limit_ns: int) -> Refusal:
    return Refusal(
        "stale", reason, f"{asked_ns // NS_PER_MS} ms", f"{limit_ns // NS_PER_MS} ms"
    )
