"""Public market data: no key, no effect."""

import json
import re
from collections.abc import Callable

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import Call, Operation
from holdfast.simexchange.model import SymbolRules
from holdfast.simexchange.numbers import format_e8
from holdfast.simexchange.params import Params
from holdfast.simexchange.payloads import market as shown
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.signing import LAST_MILLISECOND

MOST_LEVELS = 5000
MOST_ROWS = 1000
DEPTH_WEIGHTS = ((100, 5), (500, 25), (1000, 50), (MOST_LEVELS, 250))
NS_PER_MS = 10**6
NS_PER_US = 10**3
NS_PER_MINUTE = 60 * 10**9
TIME_ZONE = re.compile(r"([+-]?)([0-9]{1,2})(?::([0-9]{2}))?")
EARLIEST_MINUTES = -12 * 60
LATEST_MINUTES = 14 * 60
STATUSES = ("TRADING", "HALT", "BREAK", "END_OF_DAY", "CANCEL_ONLY")
FEW_SYMBOLS = 20
MANY_SYMBOLS = 100


def instant(params: Params, name: str) -> int | None:
    """Return an optional instant of milliseconds or microseconds, in nanoseconds."""
    value = params.integer(name)
    if value is None:
        return None
    return value * (NS_PER_US if value > LAST_MILLISECOND else NS_PER_MS)


def time_zone_ns(params: Params) -> int:
    """Return how far a time zone such as 8, -1:00 or 05:45 is ahead of UTC."""
    found = TIME_ZONE.fullmatch(params.optional("timeZone") or "0")
    if found is None:
        raise refusals.invalid("timeZone")
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    minutes = -minutes if found[1] == "-" else minutes
    if not EARLIEST_MINUTES <= minutes <= LATEST_MINUTES:
        raise refusals.invalid("timeZone")
    return minutes * NS_PER_MINUTE


def _ping(_call: Call) -> object:
    return {}


def _time(call: Call) -> object:
    return {"serverTime": call.told_ns // call.unit_ns}


def _exchange_info(call: Call) -> object:
    params = call.params
    wanted = _symbols(call) if "symbol" in params or "symbols" in params else None
    status = params.optional("symbolStatus")
    rules = [
        rule
        for rule in (wanted if wanted is not None else call.symbols.values())
        if status is None or rule.status == status
    ]
    if wanted is not None and len(rules) < len(wanted):
        raise Refusal(-1220, "The symbol's status does not match the requested symbolStatus.")
    return shown.exchange_info(
        rules,
        now_ns=call.now_ns,
        house=call.floor.exchange.operator.house,
        unit_ns=call.unit_ns,
    )


def _depth(call: Call) -> object:
    _check_status(call)
    limit = call.params.limit(default=100, most=MOST_LEVELS)
    return shown.depth(call.floor.exchange.market.depth(call.symbol, limit=limit))


def _trades(call: Call) -> object:
    limit = call.params.limit(default=500, most=MOST_ROWS)
    market = call.floor.exchange.market
    from_id = call.params.integer("fromId")
    if from_id is None:
        rows = market.recent_trades(call.symbol, limit=limit)
    else:
        rows = market.trades_from(call.symbol, from_id, limit=limit)
    return [shown.trade(row, unit_ns=call.unit_ns) for row in rows]


def _agg_trades(call: Call) -> object:
    params, market = call.params, call.floor.exchange.market
    limit = params.limit(default=500, most=MOST_ROWS)
    from_id = params.integer("fromId")
    start_ns, end_ns = instant(params, "startTime"), instant(params, "endTime")
    if from_id is not None:
        rows = market.trades_from(call.symbol, from_id, limit=limit)
    elif start_ns is None and end_ns is None:
        rows = market.recent_trades(call.symbol, limit=limit)
    else:
        rows = [
            row
            for row in market.recent_trades(call.symbol, limit=MOST_ROWS)
            if (start_ns is None or row.at_ns >= start_ns)
            and (end_ns is None or row.at_ns <= end_ns)
        ]
        rows = rows[:limit] if start_ns is not None else rows[-limit:]
    return [shown.agg_trade(row, unit_ns=call.unit_ns) for row in rows]


def _klines(call: Call) -> object:
    params = call.params
    symbol, interval = call.symbol, params.text("interval")
    try:
        bars = call.floor.exchange.market.klines(
            symbol,
            interval,
            start_ns=instant(params, "startTime"),
            end_ns=instant(params, "endTime"),
            limit=params.limit(default=500, most=MOST_ROWS),
            ahead_ns=time_zone_ns(params),
        )
    except ValueError:
        raise Refusal(-1120, "Invalid interval.") from None
    return [shown.kline(bar, unit_ns=call.unit_ns) for bar in bars]


def _average_price(call: Call) -> object:
    symbol = call.symbol
    minutes = call.symbols[symbol].notional_average_minutes
    price = call.floor.exchange.market.average_price(symbol)
    at = call.now_ns // call.unit_ns
    return {"mins": minutes, "price": format_e8(price), "closeTime": at}


def _price(call: Call) -> object:
    def row(rules: SymbolRules) -> object:
        price = call.floor.exchange.market.ticker_price(rules.symbol)
        return {"symbol": rules.symbol, "price": format_e8(price)}

    return rows_of(call, row)


def _book_ticker(call: Call) -> object:
    market = call.floor.exchange.market
    return rows_of(
        call, lambda rules: shown.book_ticker(rules.symbol, market.best(rules.symbol))
    )


def _day_ticker(call: Call) -> object:
    market, unit_ns = call.floor.exchange.market, call.unit_ns
    kind = call.params.optional("type") or "FULL"
    if kind not in ("FULL", "MINI"):
        raise refusals.invalid("type")

    def row(rules: SymbolRules) -> object:
        day = market.ticker_24h(rules.symbol)
        if kind == "MINI":
            return shown.mini_ticker(day, unit_ns=unit_ns)
        return shown.day_ticker(day, market.best(rules.symbol), unit_ns=unit_ns)

    return rows_of(call, row)


def rows_of(call: Call, row: Callable[[SymbolRules], object]) -> object:
    """Answer with one row, or with a list of them, as the symbols are asked for.

    A single symbol of another status than asked for is refused, others are left out.
    """
    if "symbol" in call.params and "symbols" not in call.params:
        _check_status(call)
        return row(call.symbols[call.symbol])
    status = call.params.optional("symbolStatus")
    wanted = _symbols(call) if "symbols" in call.params else call.symbols.values()
    return [row(rules) for rules in wanted if status in (None, rules.status)]


def _check_status(call: Call) -> None:
    status = call.params.optional("symbolStatus")
    if status is None:
        return
    if status not in STATUSES:
        raise Refusal(-1122, "Invalid symbolStatus.")
    if call.symbols[call.symbol].status != status:
        raise Refusal(-1220, "The symbol's status does not match the requested symbolStatus.")


def _symbols(call: Call) -> list[SymbolRules]:
    listed = call.symbols
    if "symbol" in call.params and "symbols" in call.params:
        text = (
            "Combination of optional parameters invalid. Recommendation: 'symbol' or 'symbols'"
        )
        raise Refusal(-1128, text)
    if "symbol" in call.params:
        return [listed[call.symbol]]
    names = symbol_names(call.params)
    if names is None:
        raise refusals.illegal("symbols", r"^\[(\"[\w\-._&]{1,50}\"(,...){0,})?\]$")
    if len(set(names)) != len(names):
        raise Refusal(-1151, "Symbol is present multiple times in the list.")
    if any(name not in listed for name in names):
        raise refusals.invalid_symbol()
    return [listed[name] for name in names]


def symbol_names(params: Params) -> list[str] | None:
    """Return the names of the parameter `symbols`, or None when it holds none."""
    try:
        names = json.loads(params.values["symbols"])
    except ValueError:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return names or None


def _depth_weight(params: Params) -> int:
    limit = params.limit(default=100, most=MOST_LEVELS)
    return next(weight for most, weight in DEPTH_WEIGHTS if limit <= most)


def _few(params: Params) -> int:
    return 2 if "symbol" in params else 4


def _day_weight(params: Params) -> int:
    if "symbol" in params:
        return 2
    names = symbol_names(params) if "symbols" in params else None
    if names is None:
        return 80
    if len(names) <= FEW_SYMBOLS:
        return 2
    return 40 if len(names) <= MANY_SYMBOLS else 80


_PICK = ("symbol", "symbols", "symbolStatus")
_WINDOW = ("symbol", "startTime", "endTime", "limit")

PING = Operation(run=_ping)
TIME = Operation(run=_time)
EXCHANGE_INFO = Operation(
    run=_exchange_info, weight=20, names=(*_PICK, "permissions", "showPermissionSets")
)
DEPTH = Operation(run=_depth, weight=_depth_weight, names=("symbol", "limit", "symbolStatus"))
TRADES = Operation(run=_trades, weight=25, names=("symbol", "limit"))
HISTORICAL_TRADES = Operation(run=_trades, weight=25, names=("symbol", "limit", "fromId"))
AGG_TRADES = Operation(run=_agg_trades, weight=4, names=(*_WINDOW, "fromId"))
KLINES = Operation(run=_klines, weight=2, names=(*_WINDOW, "interval", "timeZone"))
AVERAGE_PRICE = Operation(run=_average_price, weight=2, names=("symbol",))
PRICE = Operation(run=_price, weight=_few, names=_PICK)
BOOK_TICKER = Operation(run=_book_ticker, weight=_few, names=_PICK)
DAY_TICKER = Operation(run=_day_ticker, weight=_day_weight, names=(*_PICK, "type"))
