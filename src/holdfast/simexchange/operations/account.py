"""What an account may ask about itself."""

from holdfast.simexchange.desk import Call, Operation, Security
from holdfast.simexchange.limits import order_counts
from holdfast.simexchange.model import Reject
from holdfast.simexchange.numbers import format_e8
from holdfast.simexchange.operations.market import MOST_ROWS, instant
from holdfast.simexchange.operations.trade import order_ids
from holdfast.simexchange.params import Params
from holdfast.simexchange.payloads import lists
from holdfast.simexchange.payloads import orders as shown
from holdfast.simexchange.payloads.market import exchange_filters, filters
from holdfast.simexchange.refusals import Refusal

DAY_NS = 86_400 * 10**9
ARCHIVED_NS = 90 * DAY_NS
BASIS_E8 = 10**4
UID = 350_000_001


def _order(call: Call) -> object:
    symbol = call.symbol
    order_id, client_id = order_ids(call.params)
    found = call.floor.exchange.accounts.order(
        call.account, symbol, order_id=order_id, client_id=client_id
    )
    if isinstance(found, Reject):
        raise Refusal(found.code, found.message)
    is_over = found.status in ("CANCELED", "EXPIRED") and not found.cum_quantity
    if is_over and call.now_ns - found.updated_ns > ARCHIVED_NS:
        text = (
            "Order was canceled or expired with no executed qty over 90 days ago and has been "
            "archived."
        )
        raise Refusal(-2026, text)
    return shown.queried(found, unit_ns=call.unit_ns)


def _open_orders(call: Call) -> object:
    symbol = call.symbol if "symbol" in call.params else None
    orders = call.floor.exchange.accounts.open_orders(call.account, symbol)
    return [shown.queried(order, unit_ns=call.unit_ns) for order in orders]


def _all_orders(call: Call) -> object:
    params = call.params
    start_ns, end_ns = day_at_most(params)
    orders = call.floor.exchange.accounts.all_orders(
        call.account,
        call.symbol,
        order_id=params.integer("orderId"),
        start_ns=start_ns,
        end_ns=end_ns,
        limit=params.limit(default=500, most=MOST_ROWS),
    )
    return [shown.queried(order, unit_ns=call.unit_ns) for order in orders]


def _my_trades(call: Call) -> object:
    params = call.params
    start_ns, end_ns = day_at_most(params)
    trades = call.floor.exchange.accounts.my_trades(
        call.account,
        call.symbol,
        from_id=params.integer("fromId"),
        order_id=params.integer("orderId"),
        start_ns=start_ns,
        end_ns=end_ns,
        limit=params.limit(default=500, most=MOST_ROWS),
    )
    return [shown.own_trade(trade, unit_ns=call.unit_ns) for trade in trades]


def _account(call: Call) -> object:
    accounts = call.floor.exchange.accounts
    hides_zero = call.params.flag("omitZeroBalances", default=False)
    first = next(iter(call.symbols), None)
    maker, taker = (0, 0) if first is None else accounts.rates(call.account, first)
    updated_ns = max(accounts.updated_ns(call.account), call.floor.clock.start_ns)
    return {
        "makerCommission": maker // BASIS_E8,
        "takerCommission": taker // BASIS_E8,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": _rates(maker, taker),
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": updated_ns // call.unit_ns,
        "accountType": "SPOT",
        "balances": [
            shown.balance(held)
            for held in accounts.balances(call.account)
            if held.free or held.locked or not hides_zero
        ],
        "permissions": ["SPOT"],
        "uid": UID,
        "tradeGroupId": accounts.spec(call.account).trade_group_id,
    }


def _commission(call: Call) -> object:
    symbol = call.symbol
    maker, taker = call.floor.exchange.accounts.rates(call.account, symbol)
    return {
        "symbol": symbol,
        "standardCommission": _rates(maker, taker),
        "specialCommission": _rates(0, 0),
        "taxCommission": _rates(0, 0),
        "discount": {
            "enabledForAccount": False,
            "enabledForSymbol": False,
            "discountAsset": "BNB",
            "discount": format_e8(0),
        },
    }


def _order_limits(call: Call) -> object:
    limits = call.desk.orders(call.account)
    return order_counts(limits, call.floor.clock.limits_now_ns())


def _prevented_matches(call: Call) -> object:
    params = call.params
    symbol = call.symbol
    match_id, order_id = params.integer("preventedMatchId"), params.integer("orderId")
    from_id = params.integer("fromPreventedMatchId")
    if (match_id is None) == (order_id is None):
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    limit = params.limit(default=500, most=MOST_ROWS)
    rows = [
        match
        for match in call.floor.exchange.history.prevented(call.account, symbol)
        if match_id in (None, match.match_id)
        and (order_id is None or order_id in (match.taker_order_id, match.maker_order_id))
        and match.match_id >= (from_id or 0)
    ]
    return [lists.prevented_match(match, unit_ns=call.unit_ns) for match in rows[:limit]]


def _filters(call: Call) -> object:
    exchange = call.floor.exchange
    rules = exchange.symbols[call.symbol]
    limits = exchange.accounts.spec(call.account).max_assets
    return {
        "exchangeFilters": exchange_filters(exchange.operator.house),
        "symbolFilters": filters(rules),
        "assetFilters": [
            {"filterType": "MAX_ASSET", "asset": asset, "limit": format_e8(limit)}
            for asset, limit in sorted(limits.items())
            if asset in (rules.base, rules.quote)
        ],
    }


def _rates(maker: int, taker: int) -> dict[str, str]:
    zero = format_e8(0)
    return {
        "maker": format_e8(maker),
        "taker": format_e8(taker),
        "buyer": zero,
        "seller": zero,
    }


def day_at_most(params: Params) -> tuple[int | None, int | None]:
    """Return start and end of a query, which may lie 24 hours apart."""
    start_ns, end_ns = instant(params, "startTime"), instant(params, "endTime")
    if start_ns is not None and end_ns is not None and end_ns - start_ns > DAY_NS:
        raise Refusal(-1127, "More than 24 hours between startTime and endTime.")
    return start_ns, end_ns


def _open_weight(params: Params) -> int:
    return 6 if "symbol" in params else 80


def _trades_weight(params: Params) -> int:
    return 5 if "orderId" in params else 20


def _prevented_weight(params: Params) -> int:
    return 20 if "orderId" in params else 2


_LIST = ("symbol", "orderId", "startTime", "endTime", "limit")
ORDER = Operation(
    run=_order,
    weight=4,
    security=Security.SIGNED,
    names=("symbol", "orderId", "origClientOrderId"),
)
OPEN_ORDERS = Operation(
    run=_open_orders, weight=_open_weight, security=Security.SIGNED, names=("symbol",)
)
ALL_ORDERS = Operation(run=_all_orders, weight=20, security=Security.SIGNED, names=_LIST)
MY_TRADES = Operation(
    run=_my_trades, weight=_trades_weight, security=Security.SIGNED, names=(*_LIST, "fromId")
)
ACCOUNT = Operation(
    run=_account, weight=20, security=Security.SIGNED, names=("omitZeroBalances",)
)
COMMISSION = Operation(run=_commission, weight=20, security=Security.SIGNED, names=("symbol",))
ORDER_LIMITS = Operation(run=_order_limits, weight=40, security=Security.SIGNED)
PREVENTED_MATCHES = Operation(
    run=_prevented_matches,
    weight=_prevented_weight,
    security=Security.SIGNED,
    names=("symbol", "preventedMatchId", "orderId", "fromPreventedMatchId", "limit"),
)
FILTERS = Operation(run=_filters, weight=40, security=Security.SIGNED, names=("symbol",))
