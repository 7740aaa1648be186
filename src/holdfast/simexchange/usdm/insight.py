"""The simulator's own account of the truth about USD-M; the oracle of tests reads it."""

from holdfast.simexchange.floor import Floor
from holdfast.simexchange.numbers import format_e8
from holdfast.simexchange.usdm.payloads import account as shown
from holdfast.simexchange.usdm.payloads import orders as shown_orders
from holdfast.simexchange.usdm.payloads.orders import Json

EVERYTHING = 1 << 31


def truth(floor: Floor, account: str) -> Json:
    """Tell everything of an account: what it opened with, holds, owes, ordered and traded."""
    futures = floor.exchange.futures
    spec = floor.exchange.accounts.spec(account)
    orders, algos, trades = [], [], []
    for symbol in sorted(floor.usdm.rules):
        digits = floor.usdm.digits(symbol)
        found = futures.orders.all_orders(account, symbol, order_id=0, limit=EVERYTHING)
        orders += [shown_orders.queried(order, digits) for order in found]
        conditional = futures.orders.all_algos(account, symbol, algo_id=0, limit=EVERYTHING)
        algos += [shown_orders.queried_algo(algo, digits) for algo in conditional]
        executed = futures.orders.user_trades(account, symbol, from_id=0, limit=EVERYTHING)
        trades += [shown_orders.own_trade(trade, digits) for trade in executed]
    income = futures.orders.income(account, start_ns=0, limit=EVERYTHING)
    return {
        "opening": {
            asset: format_e8(amount) for asset, amount in sorted(spec.futures_balances.items())
        },
        "hedge_mode": futures.margin.is_hedge(account),
        "wallets": [
            shown.asset(wallet, start_ns=floor.clock.start_ns)
            for wallet in futures.margin.wallets(account)
        ],
        "positions": [
            shown.risk_v3(view, floor.usdm.digits(view.symbol))
            for view in futures.margin.positions(account)
            if view.quantity
        ],
        "settings": [shown.symbol_config(one) for one in futures.margin.settings(account)],
        "orders": orders,
        "open_order_ids": [order.order_id for order in futures.orders.open_orders(account)],
        "algo_orders": algos,
        "open_algo_ids": [algo.algo_id for algo in futures.orders.open_algos(account)],
        "trades": trades,
        "income": [shown.income(entry) for entry in income],
    }
