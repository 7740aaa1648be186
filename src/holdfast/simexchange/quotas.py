"""How many orders and lists an account may have open, and how much of an asset.

Source: the filters MAX_NUM_*, MAX_POSITION, EXCHANGE_MAX_NUM_* and MAX_ASSET. A limit of 0 is
none.
"""

from collections.abc import Sequence

import msgspec

from holdfast.simexchange.accounts import Holdings
from holdfast.simexchange.filters import filter_failure
from holdfast.simexchange.matching import notional
from holdfast.simexchange.model import PlaceRequest, Reject, SimOrder, SymbolRules
from holdfast.simexchange.triggers import ALGO_TYPES


class HouseRules(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of an account over all symbols; 0 is none."""

    max_orders: int = 0
    max_algo_orders: int = 0
    max_iceberg_orders: int = 0
    max_order_lists: int = 0


def check_quotas(
    requests: Sequence[PlaceRequest],
    rules: SymbolRules,
    *,
    holdings: Holdings,
    house: HouseRules,
    average: int,
) -> Reject | None:
    """Check orders that would be open together; MARKET orders never stay open."""
    adds = [request for request in requests if request.order_type != "MARKET"]
    failed = None
    if adds:
        here = list(holdings.open.get(rules.symbol, {}).values())
        limits = (rules.max_orders, rules.max_algo_orders, rules.max_iceberg_orders)
        failed = _count_failure(adds, here, limits)
        limits = (house.max_orders, house.max_algo_orders, house.max_iceberg_orders)
        if failed is None and any(limits):
            failed = _count_failure(adds, list(holdings.open_orders()), limits)
            failed = failed and f"EXCHANGE_{failed}"
    failed = failed or _position_failure(requests, rules, holdings)
    failed = failed or _asset_failure(requests, rules, holdings, average)
    return filter_failure(failed) if failed else None


def check_list_quotas(
    rules: SymbolRules, *, holdings: Holdings, house: HouseRules
) -> Reject | None:
    """Check that one order list more may be open."""
    open_lists = holdings.open_lists.values()
    here = sum(one.symbol == rules.symbol for one in open_lists)
    if rules.max_order_lists and here >= rules.max_order_lists:
        return filter_failure("MAX_NUM_ORDER_LISTS")
    if house.max_order_lists and len(open_lists) >= house.max_order_lists:
        return filter_failure("EXCHANGE_MAX_NUM_ORDER_LISTS")
    return None


def _count_failure(
    adds: list[PlaceRequest], present: list[SimOrder], limits: tuple[int, int, int]
) -> str | None:
    max_orders, max_algo, max_iceberg = limits
    if max_orders and len(present) + len(adds) > max_orders:
        return "MAX_NUM_ORDERS"
    both: list[PlaceRequest | SimOrder] = [*present, *adds]
    adds_algo = any(one.order_type in ALGO_TYPES for one in adds)
    if max_algo and adds_algo and sum(one.order_type in ALGO_TYPES for one in both) > max_algo:
        return "MAX_NUM_ALGO_ORDERS"
    adds_iceberg = any(one.iceberg_quantity for one in adds)
    if (
        max_iceberg
        and adds_iceberg
        and sum(bool(o.iceberg_quantity) for o in both) > max_iceberg
    ):
        return "MAX_NUM_ICEBERG_ORDERS"
    return None


def _position_failure(
    requests: Sequence[PlaceRequest], rules: SymbolRules, holdings: Holdings
) -> str | None:
    buying = [request.quantity for request in requests if request.side == "BUY"]
    if not rules.max_position or not buying:
        return None
    here = holdings.open.get(rules.symbol, {}).values()
    position = holdings.total(rules.base)
    position += sum(order.leaves_quantity for order in here if order.side == "BUY")
    return "MAX_POSITION" if position + max(buying) > rules.max_position else None


def _asset_failure(
    requests: Sequence[PlaceRequest], rules: SymbolRules, holdings: Holdings, average: int
) -> str | None:
    limits = holdings.spec.max_assets
    if not limits:
        return None
    most_base, most_quote = limits.get(rules.base, 0), limits.get(rules.quote, 0)
    for request in requests:
        price = request.price or request.stop_price or average
        value = request.quote_quantity or notional(price, request.quantity)
        if most_base and request.quantity > most_base:
            return "MAX_ASSET"
        if most_quote and value > most_quote:
            return "MAX_ASSET"
    return None
