"""Answers that clients ask for at their start and that hold little here."""

from holdfast.simexchange import rights
from holdfast.simexchange.desk import Call, Operation, Security
from holdfast.simexchange.numbers import format_e8


def _status(_call: Call) -> object:
    return {"status": 0, "msg": "normal"}


def _coins(call: Call) -> object:
    return [
        {
            "coin": held.asset,
            "name": held.asset,
            "depositAllEnable": False,
            "withdrawAllEnable": False,
            "free": format_e8(held.free),
            "locked": format_e8(held.locked),
            "freeze": "0",
            "withdrawing": "0",
            "isLegalMoney": False,
            "trading": True,
            "networkList": [],
        }
        for held in call.floor.exchange.accounts.balances(call.account)
    ]


def _nothing(_call: Call) -> object:
    return []


def _fees(call: Call) -> object:
    exchange = call.floor.exchange
    wanted = [call.symbol] if "symbol" in call.params else list(call.symbols)
    rows = []
    for symbol in wanted:
        maker, taker = exchange.accounts.rates(call.account, symbol)
        rows.append(
            {
                "symbol": symbol,
                "makerCommission": format_e8(maker),
                "takerCommission": format_e8(taker),
            }
        )
    return rows


def _rights(call: Call) -> object:
    exchange = call.floor.exchange
    spec = exchange.accounts.spec(call.account)
    key = next(key for key in spec.keys if key.api_key == call.api_key)
    products = {rules.product for rules in exchange.symbols.values()}
    trades = {
        "enableSpotAndMarginTrading": key.permissions == "trade" and "spot" in products,
        "enableFutures": key.permissions == "trade" and "linear" in products,
    }
    return rights.told(key.rights, trades=trades, now_ns=call.told_ns)


def _no_contracts(call: Call) -> object:
    return {
        "timezone": "UTC",
        "serverTime": call.now_ns // call.unit_ns,
        "rateLimits": [],
        "exchangeFilters": [],
        "assets": [],
        "symbols": [],
    }


SYSTEM_STATUS = Operation(run=_status)
COINS = Operation(run=_coins, weight=10, security=Security.SIGNED)
MARGIN_PAIRS = Operation(run=_nothing, security=Security.KEY, names=("symbol",))
ISOLATED_PAIRS = Operation(run=_nothing, weight=10, security=Security.SIGNED, names=("symbol",))
KEY_RIGHTS = Operation(run=_rights, security=Security.SIGNED)
TRADE_FEES = Operation(run=_fees, security=Security.SIGNED, names=("symbol",))
NO_CONTRACTS = Operation(run=_no_contracts)
