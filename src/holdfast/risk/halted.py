"""The halt gate: no new risk where a pause, a halt or a block says so."""

from holdfast.domain.approval import Refusal
from holdfast.risk.view import Ask, View


def check(_: Ask, view: View) -> Refusal | None:
    """Refuse while the account, the strategy or the symbol takes no new risk."""
    halts = view.desk.halts
    if halts.is_clear:
        return None
    reason = halts.reason(view.strategy, view.instrument.symbol)
    return Refusal("halt", reason) if reason else None
