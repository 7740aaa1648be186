"""The contract of each linear symbol: its filters, leverage table, funding and bounds."""

from holdfast.simexchange.assumptions import FuturesAssumptions
from holdfast.simexchange.futures.model import Bracket, ContractRules
from holdfast.simexchange.model import SymbolRules
from holdfast.simexchange.numbers import E8

HOUR_NS = 3_600 * 10**9


def contract_of(rules: SymbolRules, assumed: FuturesAssumptions) -> ContractRules:
    """Make the contract of a symbol from its filters and what is assumed."""
    return ContractRules(
        rules=rules,
        brackets=brackets_of(assumed),
        funding_interval_ns=assumed.funding.interval_hours * HOUR_NS,
        funding_rate=int(assumed.funding.rate),
        funding_cap=int(assumed.funding.cap),
        funding_floor=-int(assumed.funding.floor),
        liquidation_fee=int(assumed.liquidation.fee),
        market_take_bound=int(assumed.orders.market_take_bound),
        max_algo_orders=assumed.orders.max_algo_orders,
        onboard_ns=0,
    )


def brackets_of(assumed: FuturesAssumptions) -> tuple[Bracket, ...]:
    """Make the leverage table; maintenance margin has no step where brackets meet."""
    made: list[Bracket] = []
    floor = rate = cumulative = 0
    for number, step in enumerate(assumed.brackets, 1):
        cumulative += floor * (int(step.rate) - rate) // E8
        rate = int(step.rate)
        made.append(
            Bracket(
                bracket=number,
                initial_leverage=step.leverage,
                floor=floor,
                cap=int(step.cap),
                maintenance_rate=rate,
                cumulative=cumulative,
            )
        )
        floor = int(step.cap)
    return tuple(made)


def bracket_at(contract: ContractRules, notional: int) -> Bracket:
    """Return the bracket that a notional falls into; beyond the table the last."""
    for bracket in contract.brackets:
        if notional <= bracket.cap:
            return bracket
    return contract.brackets[-1]


def maintenance_of(contract: ContractRules, notional: int) -> int:
    """Return the maintenance margin of a notional, never negative.

    https://www.binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93
    """
    bracket = bracket_at(contract, notional)
    return max(0, notional * bracket.maintenance_rate // E8 - bracket.cumulative)


def max_notional(contract: ContractRules, leverage: int) -> int:
    """Return the greatest notional that a leverage allows."""
    allowed = [b.cap for b in contract.brackets if b.initial_leverage >= leverage]
    return allowed[-1] if allowed else 0
