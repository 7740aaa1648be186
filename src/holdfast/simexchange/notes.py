"""What a run on the simulator assumes, a line each, for those who read its results.

Lines about the data come from `source/market.py`; these are about trading on it.
"""

from collections.abc import Iterable
from ipaddress import ip_address

from holdfast.simexchange.accounts import AccountSpec
from holdfast.simexchange.assumptions import (
    Assumptions,
    FeeAssumptions,
    FuturesAssumptions,
    LatencyAssumptions,
    QueueAssumptions,
)
from holdfast.simexchange.fees import rates
from holdfast.simexchange.model import SymbolRules
from holdfast.simexchange.numbers import plain_e8

_US_PER_MS = 1_000


def trading_notes(symbols: Iterable[SymbolRules], assumptions: Assumptions) -> list[str]:
    """State fees, delays and the queue."""
    return [
        *(_fees(rules, assumptions.fees) for rules in symbols),
        _latency(assumptions.latency),
        _queue(assumptions.queue),
    ]


def contract_note(rules: SymbolRules, assumed: FuturesAssumptions) -> str:
    """State how a perpetual's mark price, funding, leverage and liquidation are made."""
    funding = assumed.funding
    return (
        f"{rules.symbol}: a perpetual with a margin account: the mark price is the recording's "
        "own, or without one the middle of the book over "
        f"{assumed.index_smoothing_s} s; funding of {_percent(funding.rate)} every "
        f"{funding.interval_hours} h unless a funding file says otherwise; leverage "
        f"{assumed.account.leverage} at first; liquidation whole, at the mark price, for "
        f"{_percent(assumed.liquidation.fee)}"
    )


def opening_notes(accounts: Iterable[AccountSpec]) -> list[str]:
    """State what each account opens with, and its own fee rates if it has any."""
    return [_opening(account) for account in accounts]


def host_notes(host: str) -> list[str]:
    """State who can reach an exchange that does not listen on loopback alone."""
    if ip_address(host).is_loopback:
        return []
    return [
        f"it listens on {host}: whoever reaches that address can trade, strike faults and read "
        "everything"
    ]


def _fees(rules: SymbolRules, fees: FeeAssumptions) -> str:
    maker, taker = rates(fees, rules, own=(None, None))
    base = "of what is received" if rules.product == "spot" else f"in {rules.quote}"
    line = f"{rules.symbol}: fees {_percent(maker)} maker, {_percent(taker)} taker, {base}"
    discount = fees.discount
    if not discount.asset or rules.quote not in discount.prices:
        return line
    price = plain_e8(discount.prices[rules.quote])
    return (
        f"{line}; {_percent(discount.share)} less when paid in {discount.asset}, worth "
        f"{price} {rules.quote}"
    )


def _latency(latency: LatencyAssumptions) -> str:
    return (
        f"an order takes effect {_ms(latency.order_us)} after it arrived, a cancel "
        f"{_ms(latency.cancel_us)}, and up to {_ms(latency.jitter_us)} later by chance; in "
        f"replay a commit takes {_ms(latency.commit_us)}"
    )


def _queue(queue: QueueAssumptions) -> str:
    crossed = (
        "a book that crosses our order fills it at its own price"
        if queue.fill_when_crossed
        else "a book that crosses our order without a trade does not fill it"
    )
    return (
        "our resting orders wait behind what was displayed when they arrived; trades at the "
        f"price shorten the queue, and so do {_percent(queue.cancels_ahead)} of what "
        f"disappears without a trade; {crossed}"
    )


def _opening(account: AccountSpec) -> str:
    held = [
        f"{plain_e8(amount)} {asset}{where}"
        for balances, where in (
            (account.balances, ""),
            (account.futures_balances, " of margin"),
        )
        for asset, amount in sorted(balances.items())
    ]
    line = f"account {account.name} opens with {', '.join(held) or 'nothing'}"
    own = [
        f"{_percent(rate)} {side}"
        for side, rate in (("maker", account.maker_rate), ("taker", account.taker_rate))
        if rate is not None
    ]
    return f"{line}; its own fees: {', '.join(own)}" if own else line


def _percent(share: int) -> str:
    return f"{plain_e8(100 * share)} %"


def _ms(microseconds: int) -> str:
    whole, rest = divmod(microseconds, _US_PER_MS)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".") + " ms"
