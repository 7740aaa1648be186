"""Statistics of windows other than the rolling 24 hours, and the rules of execution prices."""

import re

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import Call, Operation
from holdfast.simexchange.model import SymbolRules
from holdfast.simexchange.numbers import format_e8
from holdfast.simexchange.operations.market import rows_of, symbol_names, time_zone_ns
from holdfast.simexchange.params import Params
from holdfast.simexchange.payloads import market as shown
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.tape import DAY_NS, MINUTE_NS

HOUR_NS = 60 * MINUTE_NS
WINDOW = re.compile(r"([1-9][0-9]?)([mhd])")
WINDOW_UNITS = {"m": (MINUTE_NS, 59), "h": (HOUR_NS, 23), "d": (DAY_NS, 7)}
WEIGHT_CAP = 200
RULES_CAP = 40


def window_ns(text: str) -> int:
    """Return how long a window such as 15m, 4h or 7d is."""
    found = WINDOW.fullmatch(text)
    if found is None:
        raise refusals.invalid("windowSize")
    unit_ns, most = WINDOW_UNITS[found[2]]
    if int(found[1]) > most:
        raise refusals.invalid("windowSize")
    return int(found[1]) * unit_ns


def _rolling(call: Call) -> object:
    span_ns = window_ns(call.params.optional("windowSize") or "1d")
    return _statistics(call, call.now_ns - span_ns)


def _trading_day(call: Call) -> object:
    ahead_ns = time_zone_ns(call.params)
    local_ns = call.now_ns + ahead_ns
    return _statistics(call, local_ns - local_ns % DAY_NS - ahead_ns)


def _statistics(call: Call, start_ns: int) -> object:
    params = call.params
    kind = params.optional("type") or "FULL"
    if kind not in ("FULL", "MINI"):
        raise Refusal(-1139, "Invalid ticker type.")
    if "symbol" not in params and "symbols" not in params:
        text = "Param 'symbol' or 'symbols' must be sent, but both were empty/null!"
        raise Refusal(-1102, text)
    market, unit_ns = call.floor.exchange.market, call.unit_ns

    def row(rules: SymbolRules) -> object:
        day = market.ticker_24h(rules.symbol, start_ns=start_ns)
        if kind == "MINI":
            return shown.mini_ticker(day, unit_ns=unit_ns)
        return shown.window_ticker(day, unit_ns=unit_ns)

    return rows_of(call, row)


def _execution_rules(call: Call) -> object:
    sent = [name for name in ("symbol", "symbols", "symbolStatus") if name in call.params]
    if len(sent) > 1:
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    status = call.params.optional("symbolStatus")
    rows: list[object] = []

    def add(rules: SymbolRules) -> None:
        if status is None or rules.status == status:
            rows.append(shown.execution_rules(rules))

    rows_of(call, add)
    return {"symbolRules": rows}


def _reference_price(call: Call) -> object:
    symbol = call.symbol
    price = call.floor.exchange.market.reference_price(symbol)
    if price is None:
        raise _no_reference()
    return {
        "symbol": symbol,
        "referencePrice": format_e8(price) if price else None,
        "timestamp": call.now_ns // call.unit_ns,
    }


def _reference_calculation(call: Call) -> object:
    rules = call.floor.exchange.symbols[call.symbol]
    width_ms, count = rules.reference_buckets
    if call.floor.exchange.market.reference_price(rules.symbol) is None:
        raise _no_reference()
    if not width_ms or not count:
        return {
            "symbol": rules.symbol,
            "calculationType": "EXTERNAL",
            "externalCalculationId": 0,
        }
    return {
        "symbol": rules.symbol,
        "calculationType": "ARITHMETIC_MEAN",
        "bucketCount": count,
        "bucketWidthMs": width_ms,
    }


def _no_reference() -> Refusal:
    return Refusal(-2043, "This symbol doesn't have a reference price.")


def _count(params: Params) -> int:
    names = symbol_names(params) if "symbols" in params else None
    return len(names) if names is not None else 1


def _window_weight(params: Params) -> int:
    return min(4 * _count(params), WEIGHT_CAP)


def _rules_weight(params: Params) -> int:
    if "symbol" in params or "symbols" in params:
        return min(2 * _count(params), RULES_CAP)
    return RULES_CAP


_PICK = ("symbol", "symbols", "symbolStatus")
ROLLING = Operation(run=_rolling, weight=_window_weight, names=(*_PICK, "windowSize", "type"))
TRADING_DAY = Operation(
    run=_trading_day, weight=_window_weight, names=(*_PICK, "timeZone", "type")
)
EXECUTION_RULES = Operation(run=_execution_rules, weight=_rules_weight, names=_PICK)
REFERENCE_PRICE = Operation(run=_reference_price, weight=2, names=("symbol",))
REFERENCE_CALCULATION = Operation(
    run=_reference_calculation, weight=2, names=("symbol", "symbolStatus")
)
