"""Public market data of USD-M."""

from collections.abc import Callable

import msgspec

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import SIGNED_NAMES, Call, Operation, Security
from holdfast.simexchange.model import Bar, Mark
from holdfast.simexchange.numbers import format_e8
from holdfast.simexchange.params import Params
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.usdm.operations.asking import (
    DAY_NS,
    digits,
    futures,
    instant,
    symbol_or_none,
)
from holdfast.simexchange.usdm.payloads import market as shown
from holdfast.simexchange.usdm.payloads.digits import MILLISECOND_NS, Digits

DEPTH_WEIGHTS = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1000: 20}
KLINE_WEIGHTS = ((99, 1), (499, 2), (1000, 5), (1500, 10))
MOST_TRADES = 1000
MOST_HISTORICAL = 500
MOST_KLINES = 1500
MOST_FUNDINGS = 1000
YEAR_NS = 365 * DAY_NS


def _ping(_call: Call) -> object:
    return {}


def _time(call: Call) -> object:
    return {"serverTime": call.told_ns // MILLISECOND_NS}


def _exchange_info(call: Call) -> object:
    return shown.exchange_info(futures(call).contracts.values(), now_ns=call.now_ns)


def _depth(call: Call) -> object:
    symbol, limit = call.symbol, _depth_limit(call.params)
    view = call.floor.exchange.market.depth(symbol, limit=limit)
    return shown.depth(view, digits(call, symbol), now_ns=call.now_ns)


def _trades(call: Call) -> object:
    symbol, market = call.symbol, call.floor.exchange.market
    from_id = call.params.integer("fromId")
    most = MOST_TRADES if "fromId" not in call.params else MOST_HISTORICAL
    limit = call.params.limit(default=most // 2, most=most)
    if from_id is None:
        rows = market.recent_trades(symbol, limit=limit)
    else:
        rows = market.trades_from(symbol, from_id, limit=limit)
    return [shown.trade(row, digits(call, symbol)) for row in rows]


def _agg_trades(call: Call) -> object:
    params, symbol = call.params, call.symbol
    limit = params.limit(default=500, most=MOST_TRADES)
    from_id = params.integer("fromId")
    start_ns, end_ns = instant(params, "startTime"), instant(params, "endTime")
    groups = [
        group
        for group in call.floor.usdm.streams.tapes[symbol].groups()
        if (from_id is None or group.agg_id >= from_id)
        and (start_ns is None or group.at_ns >= start_ns)
        and (end_ns is None or group.at_ns <= end_ns)
    ]
    is_forward = from_id is not None or start_ns is not None
    groups = groups[:limit] if is_forward else groups[-limit:]
    return [shown.agg_trade(group, digits(call, symbol)) for group in groups]


def _klines(call: Call) -> object:
    return _bars(call, call.symbol, call.floor.exchange.market.klines)


def _continuous_klines(call: Call) -> object:
    call.params.choice(
        "contractType", ("PERPETUAL",), code=-4109, what="contractType, no such contract"
    )
    return _bars(call, _pair(call), call.floor.exchange.market.klines)


def _mark_klines(call: Call) -> object:
    return _bars(call, call.symbol, call.floor.usdm.streams.marks.klines)


def _index_klines(call: Call) -> object:
    return _bars(call, _pair(call), call.floor.usdm.streams.marks.index_klines)


def _premium_klines(call: Call) -> object:
    symbol = call.symbol
    whole = msgspec.structs.replace(call.symbols[symbol], tick=1)  # a premium has all decimals
    klines = call.floor.usdm.streams.marks.premium_klines
    return _bars(call, symbol, klines, written=Digits(whole))


def _bars(
    call: Call,
    symbol: str,
    klines: Callable[..., list[Bar]],
    *,
    written: Digits | None = None,
) -> object:
    params = call.params
    written = written or digits(call, symbol)
    try:
        bars = klines(
            symbol,
            params.text("interval"),
            start_ns=instant(params, "startTime"),
            end_ns=instant(params, "endTime"),
            limit=params.limit(default=500, most=MOST_KLINES),
        )
    except ValueError:
        raise Refusal(-1120, "Invalid interval.") from None
    return [shown.kline(bar, written) for bar in bars]


def _pair(call: Call) -> str:
    pair = call.params.symbol("pair")
    if pair not in call.symbols:
        raise refusals.invalid_symbol()
    return pair


def _premium_index(call: Call) -> object:
    def row(symbol: str) -> object:
        mark: Mark = futures(call).margin.mark(symbol)
        return shown.premium_index(mark, now_ns=call.now_ns)

    return _rows(call, row)


def _funding_rate(call: Call) -> object:
    params = call.params
    start_ns, end_ns = instant(params, "startTime"), instant(params, "endTime")
    limit = params.limit(default=100, most=MOST_FUNDINGS)
    points = futures(call).margin.funding_history(
        symbol_or_none(call), start_ns=start_ns, end_ns=end_ns, limit=limit
    )
    return [shown.funding_rate(point) for point in points]


def _funding_info(call: Call) -> object:
    return [shown.funding_info(contract) for contract in futures(call).contracts.values()]


def _open_interest(call: Call) -> object:
    symbol = call.symbol
    margin, names = futures(call).margin, call.floor.exchange.accounts.names()
    interest = sum(
        max(0, view.quantity) for name in names for view in margin.positions(name, symbol)
    )
    return {
        "symbol": symbol,
        "openInterest": digits(call, symbol).quantity(interest),
        "time": call.now_ns // MILLISECOND_NS,
    }


def _price(call: Call) -> object:
    market = call.floor.exchange.market

    def row(symbol: str) -> object:
        return {
            "symbol": symbol,
            "price": digits(call, symbol).price(market.ticker_price(symbol)),
            "time": call.now_ns // MILLISECOND_NS,
        }

    return _rows(call, row)


def _book_ticker(call: Call) -> object:
    market = call.floor.exchange.market
    return _rows(
        call,
        lambda symbol: shown.book_ticker(
            symbol, market.best(symbol), digits=digits(call, symbol)
        ),
    )


def _day_ticker(call: Call) -> object:
    streams = call.floor.usdm.streams
    return _rows(
        call, lambda symbol: shown.day_ticker(streams.day_of(symbol), digits(call, symbol))
    )


def _index_constituents(call: Call) -> object:
    symbol = call.symbol
    price = format_e8(futures(call).margin.mark(symbol).index)
    only = {"exchange": "binance", "symbol": symbol, "price": price, "weight": "1.00000000"}
    return {
        "symbol": symbol,
        "time": call.now_ns // MILLISECOND_NS,
        "constituents": [only],
    }


def _adl_risk(call: Call) -> object:
    now_ms = call.now_ns // MILLISECOND_NS
    return _rows(
        call, lambda symbol: {"symbol": symbol, "adlRisk": "low", "updateTime": now_ms}
    )


def _nothing(_call: Call) -> object:
    return []


def _rows(call: Call, row: Callable[[str], object]) -> object:
    wanted = symbol_or_none(call)
    return [row(symbol) for symbol in call.symbols] if wanted is None else row(wanted)


def _depth_limit(params: Params) -> int:
    limit = params.integer("limit", 500)
    if limit not in DEPTH_WEIGHTS:
        raise Refusal(-4021, f"{limit} is not valid depth limit.")
    return limit


def _depth_weight(params: Params) -> int:
    return DEPTH_WEIGHTS[_depth_limit(params)]


def _kline_weight(params: Params) -> int:
    limit = params.limit(default=500, most=MOST_KLINES)
    return next(weight for most, weight in KLINE_WEIGHTS if limit <= most)


def _or_all(one: int, every: int) -> Callable[[Params], int]:
    return lambda params: one if "symbol" in params else every


_WINDOW = ("startTime", "endTime", "limit")
_KLINE = ("symbol", "interval", *_WINDOW)

PING = Operation(run=_ping)
TIME = Operation(run=_time)
EXCHANGE_INFO = Operation(run=_exchange_info)
DEPTH = Operation(run=_depth, weight=_depth_weight, names=("symbol", "limit"))
RPI_DEPTH = Operation(run=_depth, weight=20, names=("symbol", "limit"))
TRADES = Operation(run=_trades, weight=5, names=("symbol", "limit"))
HISTORICAL_TRADES = Operation(
    run=_trades, weight=20, security=Security.KEY, names=("symbol", "limit", "fromId")
)
AGG_TRADES = Operation(run=_agg_trades, weight=20, names=("symbol", "fromId", *_WINDOW))
KLINES = Operation(run=_klines, weight=_kline_weight, names=_KLINE)
CONTINUOUS_KLINES = Operation(
    run=_continuous_klines,
    weight=_kline_weight,
    names=("pair", "contractType", "interval", *_WINDOW),
)
MARK_KLINES = Operation(run=_mark_klines, weight=_kline_weight, names=_KLINE)
INDEX_KLINES = Operation(
    run=_index_klines, weight=_kline_weight, names=("pair", "interval", *_WINDOW)
)
PREMIUM_KLINES = Operation(run=_premium_klines, weight=_kline_weight, names=_KLINE)
PREMIUM_INDEX = Operation(run=_premium_index, weight=_or_all(1, 10), names=("symbol",))
FUNDING_RATE = Operation(run=_funding_rate, names=("symbol", *_WINDOW))
FUNDING_INFO = Operation(run=_funding_info, weight=0)
OPEN_INTEREST = Operation(run=_open_interest, names=("symbol",))
PRICE = Operation(run=_price, weight=_or_all(1, 2), names=("symbol",))
BOOK_TICKER = Operation(run=_book_ticker, weight=_or_all(2, 5), names=("symbol",))
DAY_TICKER = Operation(run=_day_ticker, weight=_or_all(1, 40), names=("symbol",))
CONSTITUENTS = Operation(run=_index_constituents, weight=2, names=("symbol",))
ADL_RISK = Operation(run=_adl_risk, names=("symbol", *SIGNED_NAMES))
INDEX_INFO = Operation(run=_nothing, names=("symbol",))
ASSET_INDEX = Operation(run=_nothing, weight=_or_all(1, 10), names=("symbol",))
INSURANCE = Operation(run=_nothing, names=("symbol",))
SCHEDULE = Operation(run=_nothing, weight=5)
