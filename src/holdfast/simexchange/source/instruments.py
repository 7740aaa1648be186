"""The rules of the symbols: from an instruments file, else from the decimals seen in the data.

Tick times step never needs more than 8 decimals, so that every amount of a trade is exact.
"""

import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from holdfast.errors import ConfigError, UsageError
from holdfast.simexchange.assumptions import FilterAssumptions
from holdfast.simexchange.model import SymbolRules
from holdfast.simexchange.numbers import DECIMALS, E8, decimals_of, format_e8, parse_e8
from holdfast.simexchange.source.bounds import LARGEST
from holdfast.simexchange.source.seen import Seen

Product = Literal["spot", "linear"]
_QUOTES = (
    "USDT",
    "USDC",
    "FDUSD",
    "BUSD",
    "TUSD",
    "USD1",
    "DAI",
    "BTC",
    "ETH",
    "BNB",
    "EUR",
    "TRY",
    "BRL",
    "JPY",
    "USD",
)


_COUNT_FILTERS = {
    "MAX_NUM_ORDERS": ("maxNumOrders", "max_orders"),
    "MAX_NUM_ALGO_ORDERS": ("maxNumAlgoOrders", "max_algo_orders"),
    "MAX_NUM_ICEBERG_ORDERS": ("maxNumIcebergOrders", "max_iceberg_orders"),
    "ICEBERG_PARTS": ("limit", "iceberg_parts"),
    "MAX_NUM_ORDER_LISTS": ("maxNumOrderLists", "max_order_lists"),
    "MAX_NUM_ORDER_AMENDS": ("maxNumOrderAmends", "max_order_amends"),
}


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """A symbol of a TOML file; numbers are text."""

    base: str
    quote: str
    tick: str
    step: str
    product: Product = "spot"
    status: str = "TRADING"
    min_price: str = ""
    max_price: str = "0"
    min_quantity: str = ""
    max_quantity: str = "0"
    market_step: str = "0"
    market_min_quantity: str = "0"
    market_max_quantity: str = "0"
    min_notional: str = "0"
    max_notional: str = "0"
    max_orders: int = 200
    max_algo_orders: int = 5
    max_iceberg_orders: int = 100
    iceberg_parts: int = 100
    max_order_lists: int = 20
    max_order_amends: int = 10
    max_position: str = "0"
    trailing_above: tuple[int, int] = (10, 2000)
    trailing_below: tuple[int, int] = (10, 2000)
    bid_range: tuple[str, str] = ("0", "0")
    ask_range: tuple[str, str] = ("0", "0")
    reference_buckets: tuple[int, int] = (0, 0)
    maker: str = ""
    taker: str = ""


class _ExchangeSymbol(msgspec.Struct, rename="camel"):
    """A symbol of a recorded exchangeInfo answer."""

    symbol: str
    base_asset: str
    quote_asset: str
    filters: list[dict[str, Any]]
    status: str = "TRADING"
    contract_type: str = ""


class _ExchangeInfo(msgspec.Struct):
    symbols: list[_ExchangeSymbol]


def load_instruments(path: Path) -> dict[str, SymbolRules]:
    """Read an instruments file: TOML with a table a symbol, or JSON as in exchangeInfo."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            info = msgspec.json.decode(text, type=_ExchangeInfo)
            found = [_of_exchange_symbol(entry) for entry in info.symbols]
        else:
            tables = msgspec.convert(tomllib.loads(text), dict[str, _Entry])
            found = [_of_entry(symbol, entry) for symbol, entry in tables.items()]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"instruments file {path} cannot be read: {error}") from error
    except (msgspec.DecodeError, ValueError, KeyError) as error:
        raise ConfigError(f"instruments file {path}: {error}") from error
    except RecursionError:
        raise ConfigError(f"instruments file {path}: nested too deeply") from None
    for rules in found:
        _check(path, rules)
    return {rules.symbol: rules for rules in found}


def split_symbol(symbol: str) -> tuple[str, str]:
    """Return base and quote asset of a symbol's name; UsageError when it does not tell."""
    if symbol.endswith("-PERP"):
        return symbol.removesuffix("-PERP"), "USD"
    for quote in _QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol.removesuffix(quote), quote
    raise UsageError(
        f"symbol {symbol!r} does not tell its quote asset; name base and quote in an "
        "instruments file (--instruments)"
    )


def derive_rules(
    symbol: str, product: Product, *, seen: Seen, assumed: FilterAssumptions
) -> SymbolRules:
    """Make rules of the decimals seen; a step too fine for exact amounts is made coarser."""
    base, quote = split_symbol(symbol)
    tick = E8 // 10**seen.price_decimals
    step = E8 // 10 ** min(seen.quantity_decimals, DECIMALS - seen.price_decimals)
    is_spot = product == "spot"
    max_price = min(seen.first_price * assumed.max_price_factor // E8, LARGEST)
    return SymbolRules(
        symbol=symbol,
        base=base,
        quote=quote,
        product=product,
        tick=tick,
        step=step,
        min_price=tick,
        max_price=max_price - max_price % tick,
        min_quantity=step,
        max_quantity=assumed.max_quantity - assumed.max_quantity % step,
        min_notional=assumed.min_notional_spot if is_spot else assumed.min_notional_linear,
        max_notional=int(assumed.max_notional),
        notional_average_minutes=assumed.notional_average_minutes,
        bid_multiplier_up=int(assumed.price_up),
        bid_multiplier_down=int(assumed.price_down),
        ask_multiplier_up=int(assumed.price_up),
        ask_multiplier_down=int(assumed.price_down),
        max_orders=assumed.max_orders,
        first_price=seen.first_price,
        filters_source="the decimals seen in the data",
    )


def _of_entry(symbol: str, entry: _Entry) -> SymbolRules:
    tick, step = parse_e8(entry.tick), parse_e8(entry.step)
    return SymbolRules(
        symbol=symbol,
        base=entry.base,
        quote=entry.quote,
        product=entry.product,
        status=entry.status,
        tick=tick,
        step=step,
        min_price=parse_e8(entry.min_price) if entry.min_price else tick,
        max_price=parse_e8(entry.max_price),
        min_quantity=parse_e8(entry.min_quantity) if entry.min_quantity else step,
        max_quantity=parse_e8(entry.max_quantity),
        market_step=parse_e8(entry.market_step),
        market_min_quantity=parse_e8(entry.market_min_quantity),
        market_max_quantity=parse_e8(entry.market_max_quantity),
        min_notional=parse_e8(entry.min_notional),
        max_notional=parse_e8(entry.max_notional),
        max_orders=entry.max_orders,
        max_algo_orders=entry.max_algo_orders,
        max_iceberg_orders=entry.max_iceberg_orders,
        iceberg_parts=entry.iceberg_parts,
        max_order_lists=entry.max_order_lists,
        max_order_amends=entry.max_order_amends,
        max_position=parse_e8(entry.max_position),
        trailing_above=entry.trailing_above,
        trailing_below=entry.trailing_below,
        bid_range=(parse_e8(entry.bid_range[0]), parse_e8(entry.bid_range[1])),
        ask_range=(parse_e8(entry.ask_range[0]), parse_e8(entry.ask_range[1])),
        reference_buckets=entry.reference_buckets,
        maker_rate=parse_e8(entry.maker) if entry.maker else None,
        taker_rate=parse_e8(entry.taker) if entry.taker else None,
        filters_source="the instruments file",
    )


def _of_exchange_symbol(entry: _ExchangeSymbol) -> SymbolRules:
    filters = {str(item["filterType"]): item for item in entry.filters}
    price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
    market = filters.get("MARKET_LOT_SIZE", {})
    notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or {}
    percent = filters.get("PERCENT_PRICE_BY_SIDE") or filters.get("PERCENT_PRICE") or {}
    up, down = percent.get("multiplierUp", "5"), percent.get("multiplierDown", "0.2")
    least = notional.get("minNotional") or notional.get("notional") or "0"
    return SymbolRules(
        symbol=entry.symbol,
        base=entry.base_asset,
        quote=entry.quote_asset,
        product="linear" if entry.contract_type else "spot",
        status=entry.status,
        tick=parse_e8(price["tickSize"]),
        step=parse_e8(lot["stepSize"]),
        min_price=parse_e8(price["minPrice"]),
        max_price=parse_e8(price["maxPrice"]),
        min_quantity=parse_e8(lot["minQty"]),
        max_quantity=parse_e8(lot["maxQty"]),
        market_step=parse_e8(market.get("stepSize", "0")),
        market_min_quantity=parse_e8(market.get("minQty", "0")),
        market_max_quantity=parse_e8(market.get("maxQty", "0")),
        min_notional=parse_e8(least),
        max_notional=parse_e8(notional.get("maxNotional", "0")),
        min_notional_on_market=bool(notional.get("applyMinToMarket", True)),
        max_notional_on_market=bool(notional.get("applyMaxToMarket", False)),
        bid_multiplier_up=parse_e8(percent.get("bidMultiplierUp", up)),
        bid_multiplier_down=parse_e8(percent.get("bidMultiplierDown", down)),
        ask_multiplier_up=parse_e8(percent.get("askMultiplierUp", up)),
        ask_multiplier_down=parse_e8(percent.get("askMultiplierDown", down)),
        filters_source="the instruments file",
        **_counts(filters),
    )


def _counts(filters: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the rules of the filters that a recorded answer may lack."""
    counts: dict[str, Any] = {}
    for kind, (parameter, field) in _COUNT_FILTERS.items():
        if kind in filters:
            counts[field] = int(filters[kind][parameter])
    if "MAX_POSITION" in filters:
        counts["max_position"] = parse_e8(filters["MAX_POSITION"]["maxPosition"])
    trailing = filters.get("TRAILING_DELTA")
    if trailing is not None:
        for field, side in (("trailing_above", "Above"), ("trailing_below", "Below")):
            least, most = (trailing[f"{end}Trailing{side}Delta"] for end in ("min", "max"))
            counts[field] = (int(least), int(most))
    return counts


def _check(path: Path, rules: SymbolRules) -> None:
    for name, value in msgspec.structs.asdict(rules).items():
        values = value if isinstance(value, tuple) else (value,)
        if any(isinstance(one, int) and not 0 <= one <= LARGEST for one in values):
            raise ConfigError(
                f"instruments file {path}: {rules.symbol}: {name} is out of range; expected "
                f"0 to {LARGEST // E8}"
            )
    if rules.tick <= 0 or rules.step <= 0:
        raise ConfigError(f"instruments file {path}: {rules.symbol}: tick and step must be > 0")
    if decimals_of(rules.tick) + decimals_of(rules.step) > DECIMALS:
        raise ConfigError(
            f"instruments file {path}: {rules.symbol}: tick {format_e8(rules.tick)} times step "
            f"{format_e8(rules.step)} needs more than {DECIMALS} decimals; make one coarser"
        )
