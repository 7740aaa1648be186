"""What an account may ask about its orders, positions, wallets and income."""

from collections.abc import Callable

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import Call, Operation, Security
from holdfast.simexchange.futures.model import FuturesOrder, PositionView
from holdfast.simexchange.limits import order_counts
from holdfast.simexchange.numbers import E8, format_e8
from holdfast.simexchange.params import Params
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.usdm.operations.asking import (
    DAY_NS,
    digits,
    expect,
    futures,
    order_ids,
    symbol_or_none,
    window,
)
from holdfast.simexchange.usdm.payloads import account as shown
from holdfast.simexchange.usdm.payloads import orders as shown_orders
from holdfast.simexchange.usdm.payloads.digits import MILLISECOND_NS, Digits

MOST_ROWS = 1000
WEEK_NS = 7 * DAY_NS
INCOME_WINDOW_NS = 90 * DAY_NS
BARE_KEPT_NS = 3 * DAY_NS
KEPT_NS = 90 * DAY_NS
EVERY_NS = 10**6 * DAY_NS
FEE_TIER = 0
EVERY = 1 << 31
FORCED = {"LIQUIDATION": "autoclose-", "ADL": "adl_autoclose"}
QUANTITATIVE_RULES: dict[str, object] = {"indicators": {}}


def _order(call: Call) -> object:
    order_id, client_id = order_ids(call.params)
    order = expect(
        futures(call).orders.order(
            call.account, call.symbol, order_id=order_id, client_id=client_id
        )
    )
    if not _is_kept(order, call.now_ns):
        raise Refusal(-2013, "Order does not exist.")
    return _queried(call, order)


def _open_order(call: Call) -> object:
    order_id, client_id = order_ids(call.params)
    order = expect(
        futures(call).orders.open_order(
            call.account, call.symbol, order_id=order_id, client_id=client_id
        )
    )
    return _queried(call, order)


def _open_orders(call: Call) -> object:
    orders = futures(call).orders.open_orders(call.account, symbol_or_none(call))
    return [_queried(call, order) for order in orders]


def _all_orders(call: Call) -> object:
    params = call.params
    start_ns, end_ns = window(params, most_ns=WEEK_NS)
    orders = futures(call).orders.all_orders(
        call.account,
        call.symbol,
        order_id=params.integer("orderId"),
        start_ns=start_ns,
        end_ns=end_ns,
        limit=params.limit(default=500, most=MOST_ROWS),
    )
    return [_queried(call, order) for order in orders if _is_kept(order, call.now_ns)]


def _is_kept(order: FuturesOrder, now_ns: int) -> bool:
    """Tell whether a query still finds an order.

    https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/Query-Order
    """
    age_ns = now_ns - order.created_ns
    is_bare = order.status in ("CANCELED", "EXPIRED") and not order.cum_quantity
    return age_ns <= (BARE_KEPT_NS if is_bare else KEPT_NS)


def _user_trades(call: Call) -> object:
    params = call.params
    start_ns, end_ns = window(params, most_ns=WEEK_NS)
    from_id = params.integer("fromId")
    if from_id is not None and (start_ns is not None or end_ns is not None):
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    trades = futures(call).orders.user_trades(
        call.account,
        call.symbol,
        from_id=from_id,
        order_id=params.integer("orderId"),
        start_ns=start_ns,
        end_ns=end_ns,
        limit=params.limit(default=500, most=MOST_ROWS),
    )
    return [shown_orders.own_trade(trade, digits(call, trade.symbol)) for trade in trades]


def _amendments(call: Call) -> object:
    params = call.params
    start_ns, end_ns = window(params, most_ns=EVERY_NS)
    amendments = call.floor.usdm.history.amendments(
        call.account,
        call.symbol,
        order_id=params.integer("orderId"),
        client_id=params.optional("origClientOrderId") or "",
    )
    chosen = [
        amendment
        for amendment in amendments
        if (start_ns is None or amendment.at_ns >= start_ns)
        and (end_ns is None or amendment.at_ns <= end_ns)
    ]
    return [
        shown_orders.amendment(amendment, digits(call, amendment.symbol))
        for amendment in chosen[-params.limit(default=50, most=100) :]
    ]


def _force_orders(call: Call) -> object:
    params = call.params
    kind = params.optional("autoCloseType")
    start_ns, end_ns = window(params, most_ns=EVERY_NS)
    if kind is not None and kind not in FORCED:
        raise refusals.invalid("autoCloseType")
    wanted = symbol_or_none(call)
    prefixes = tuple(FORCED.values()) if kind is None else (FORCED[kind],)
    forced = [
        order
        for symbol in ([wanted] if wanted else call.symbols)
        for order in futures(call).orders.all_orders(
            call.account, symbol, start_ns=start_ns, end_ns=end_ns, limit=EVERY
        )
        if order.client_order_id.startswith(prefixes)
    ]
    chosen = forced[-params.limit(default=50, most=100) :]
    return [_queried(call, order) for order in chosen]


def _queried(call: Call, order: FuturesOrder) -> object:
    return shown_orders.queried(order, digits(call, order.symbol))


def _balance(call: Call) -> object:
    wallets = futures(call).margin.wallets(call.account)
    start_ns = call.floor.clock.start_ns
    return [shown.balance(wallet, start_ns=start_ns) for wallet in wallets]


def _account_v3(call: Call) -> object:
    return _totals(call) | {
        "positions": _positions(call, shown.account_position_v3, lists_flat=False)
    }


def _account_v2(call: Call) -> object:
    config = _config(call)
    return (
        _totals(call)
        | {
            "feeTier": FEE_TIER,
            "feeBurn": True,
            "canTrade": config["canTrade"],
            "canDeposit": config["canDeposit"],
            "canWithdraw": config["canWithdraw"],
            "updateTime": 0,
            "multiAssetsMargin": False,
            "tradeGroupId": -1,
        }
        | {"positions": _positions(call, shown.account_position_v2, lists_flat=True)}
    )


def _totals(call: Call) -> shown.Json:
    wallets = futures(call).margin.wallets(call.account)
    start_ns = call.floor.clock.start_ns
    rows = [shown.asset(wallet, start_ns=start_ns) for wallet in wallets]
    return shown.account_totals(wallets) | {"assets": rows}


def _risk_v3(call: Call) -> object:
    return _positions(call, shown.risk_v3, lists_flat=False)


def _risk_v2(call: Call) -> object:
    return _positions(call, shown.risk_v2, lists_flat=True)


def _positions(
    call: Call, write: Callable[[PositionView, Digits], shown.Json], *, lists_flat: bool
) -> list[shown.Json]:
    """Show the positions; v3 lists only symbols with a position or an order."""
    views = futures(call).margin.positions(call.account, symbol_or_none(call))
    return [
        write(view, digits(call, view.symbol))
        for view in views
        if lists_flat or view.quantity or view.bid_notional or view.ask_notional
    ]


def _config(call: Call) -> shown.Json:
    return {
        "feeTier": FEE_TIER,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": False,
        "dualSidePosition": futures(call).margin.is_hedge(call.account),
        "updateTime": 0,
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
    }


def _symbol_config(call: Call) -> object:
    settings = futures(call).margin.settings(call.account, symbol_or_none(call))
    return [shown.symbol_config(setting) for setting in settings]


def _income(call: Call) -> object:
    params = call.params
    start_ns, end_ns = window(params, most_ns=EVERY_NS)
    now_ns = call.now_ns
    if start_ns is None and end_ns is None:
        start_ns = now_ns - WEEK_NS
    limit = params.limit(default=100, most=MOST_ROWS)
    page = params.integer("page", 1) or 1
    entries = futures(call).orders.income(
        call.account,
        symbol=symbol_or_none(call),
        kind=params.optional("incomeType"),
        start_ns=max(start_ns or 0, now_ns - INCOME_WINDOW_NS),
        end_ns=end_ns,
        limit=limit * max(page, 1),
    )
    return [shown.income(entry) for entry in entries[limit * (max(page, 1) - 1) :]]


def _commission(call: Call) -> object:
    symbol = call.symbol
    maker, taker = futures(call).margin.rates(call.account, symbol)
    return {
        "symbol": symbol,
        "makerCommissionRate": _rate(maker),
        "takerCommissionRate": _rate(taker),
        "rpiCommissionRate": _rate(maker),
    }


def _brackets(call: Call) -> object:
    wanted = symbol_or_none(call)
    contracts = futures(call).contracts
    chosen = contracts.values() if wanted is None else [contracts[wanted]]
    return [shown.brackets(contract) for contract in chosen]


def _adl_quantile(call: Call) -> object:
    wanted = symbol_or_none(call)
    rows: dict[str, dict[str, int]] = {}
    for view in futures(call).margin.positions(call.account, wanted):
        if view.quantity:
            rows.setdefault(view.symbol, {})[view.side] = view.adl_quantile
    shown_rows = [{"symbol": symbol, "adlQuantile": sides} for symbol, sides in rows.items()]
    if wanted is None:
        return shown_rows
    return shown_rows[0] if shown_rows else {"symbol": wanted, "adlQuantile": {}}


def _trading_status(call: Call) -> object:
    return QUANTITATIVE_RULES | {"updateTime": call.now_ns // MILLISECOND_NS}


def _order_limits(call: Call) -> object:
    limits = call.desk.orders(call.account)
    return order_counts(limits, call.floor.clock.limits_now_ns())


def _rate(rate: int) -> str:
    return format_e8(rate)[:-2] if rate * 10**6 % E8 == 0 else format_e8(rate)


def _open_weight(params: Params) -> int:
    return 1 if "symbol" in params else 40


def _force_weight(params: Params) -> int:
    return 20 if "symbol" in params else 50


def _signed(
    run: Callable[[Call], object], weight: int | Callable[[Params], int], *names: str
) -> Operation:
    return Operation(run=run, weight=weight, security=Security.SIGNED, names=names)


_WINDOW = ("startTime", "endTime", "limit")
_IDS = ("symbol", "orderId", "origClientOrderId")
ORDER = _signed(_order, 1, *_IDS)
OPEN_ORDER = _signed(_open_order, 1, *_IDS)
OPEN_ORDERS = _signed(_open_orders, _open_weight, "symbol")
ALL_ORDERS = _signed(_all_orders, 5, "symbol", "orderId", *_WINDOW)
USER_TRADES = _signed(_user_trades, 5, "symbol", "orderId", "fromId", *_WINDOW)
AMENDMENTS = _signed(_amendments, 1, *_IDS, *_WINDOW)
FORCE_ORDERS = _signed(_force_orders, _force_weight, "symbol", "autoCloseType", *_WINDOW)
BALANCE = _signed(_balance, 5)
ACCOUNT_V2 = _signed(_account_v2, 5)
ACCOUNT_V3 = _signed(_account_v3, 5)
RISK_V2 = _signed(_risk_v2, 5, "symbol")
RISK_V3 = _signed(_risk_v3, 5, "symbol")
ACCOUNT_CONFIG = _signed(_config, 5)
SYMBOL_CONFIG = _signed(_symbol_config, 5, "symbol")
INCOME = _signed(_income, 30, "symbol", "incomeType", "page", *_WINDOW)
COMMISSION = _signed(_commission, 20, "symbol")
BRACKETS = _signed(_brackets, 1, "symbol")
ADL_QUANTILE = _signed(_adl_quantile, 5, "symbol")
TRADING_STATUS = _signed(_trading_status, 1, "symbol")
ORDER_LIMITS = _signed(_order_limits, 1)
