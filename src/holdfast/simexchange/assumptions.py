"""The simulator's assumptions, each in a file that states it; a directory may replace files.

Numbers that must be exact are written as text in the files and are integers of 10^-8 here.
"""

import tomllib
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from holdfast.errors import ConfigError
from holdfast.simexchange.numbers import E8, parse_e8


class Exact(int):
    """A number of an assumptions file, a count of 10^-8."""


class QueueAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of `queue.toml`: how long our resting orders wait."""

    cancels_ahead: Exact
    unseen_level_as_touch: bool
    fill_when_crossed: bool


class LatencyAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of `latency.toml`, in microseconds: how long a request travels, and a replayed commit."""

    order_us: int
    cancel_us: int
    jitter_us: int
    commit_us: int = 300


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fee rates of a product."""

    maker: Exact
    taker: Exact


class Discount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The asset that pays fees at a discount; an empty name switches it off."""

    asset: str
    share: Exact
    prices: dict[str, Exact]


class FeeAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of `fees.toml`."""

    spot: Rates
    linear: Rates
    discount: Discount


class FilterAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of `filters.toml`: what stands in for an instruments file."""

    min_notional_spot: Exact
    min_notional_linear: Exact
    max_notional: Exact
    max_quantity: Exact
    max_price_factor: Exact
    price_up: Exact
    price_down: Exact
    notional_average_minutes: int
    max_orders: int
    quote_volume_step: Exact


class TouchAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Spread and size of a book of one level a side."""

    spread_ticks: int
    spread_bps: Exact
    size_quote: Exact


class BarAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of `bars.toml`."""

    trades: TouchAssumptions
    bars: TouchAssumptions


class SyntheticAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of `synthetic.toml`: the seeded market."""

    base: str
    quote: str
    start: str
    price: Exact
    tick: Exact
    step: Exact
    spread_ticks: int
    level_gap_ticks: int
    levels: int
    level_size: Exact
    trade_size: Exact
    events_per_second: int
    volatility_per_second_bps: Exact


class FundingAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When funding is paid, and how much; `floor` is a distance below zero."""

    interval_hours: int
    rate: Exact
    cap: Exact
    floor: Exact


class LiquidationAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a liquidation costs, and when a margin call warns of it."""

    fee: Exact
    call_at: Exact


class FuturesAccountAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a new account trades."""

    leverage: int


class FuturesOrderAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the documents leave open about orders of USD-M."""

    gtx_answer: Literal["reject", "expire"]
    market_take_bound: Exact
    max_algo_orders: int
    countdown_cancels_algos: bool
    trigger_protect: Exact
    triggered_client_id: Literal["new", "same"]


class BracketAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of the leverage table."""

    cap: Exact
    leverage: int
    rate: Exact


class FuturesAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of `futures.toml`: all that concerns margin."""

    index_smoothing_s: int
    funding: FundingAssumptions
    liquidation: LiquidationAssumptions
    account: FuturesAccountAssumptions
    orders: FuturesOrderAssumptions
    brackets: list[BracketAssumptions]


class Assumptions(msgspec.Struct, frozen=True):
    """All that the simulator assumes."""

    queue: QueueAssumptions
    latency: LatencyAssumptions
    fees: FeeAssumptions
    filters: FilterAssumptions
    bars: BarAssumptions
    synthetic: SyntheticAssumptions
    futures: FuturesAssumptions


_Part = TypeVar("_Part", bound=msgspec.Struct)


def load_assumptions(directory: Path | None = None) -> Assumptions:
    """Read the packaged files, each replaced by the file of that name in `directory`."""
    return Assumptions(
        queue=_load("queue.toml", QueueAssumptions, directory),
        latency=_load("latency.toml", LatencyAssumptions, directory),
        fees=_load("fees.toml", FeeAssumptions, directory),
        filters=_load("filters.toml", FilterAssumptions, directory),
        bars=_load("bars.toml", BarAssumptions, directory),
        synthetic=_load("synthetic.toml", SyntheticAssumptions, directory),
        futures=_checked(_load("futures.toml", FuturesAssumptions, directory)),
    )


def _checked(futures: FuturesAssumptions) -> FuturesAssumptions:
    """Refuse a table or an interval that margin cannot be reckoned with."""
    steps = futures.brackets
    caps = [step.cap for step in steps]
    if not steps or caps != sorted(set(caps)) or caps[0] <= 0:
        raise ConfigError("assumptions file futures.toml: brackets need rising caps above 0")
    falling = all(a.leverage > b.leverage for a, b in pairwise(steps))
    rising = all(a.rate < b.rate for a, b in pairwise(steps))
    if not falling or not rising or steps[-1].leverage < 1 or steps[-1].rate >= E8:
        raise ConfigError(
            "assumptions file futures.toml: from bracket to bracket leverage has to fall (to 1 "
            "or more) and the maintenance rate to rise (below 1)"
        )
    if not 1 <= futures.account.leverage <= steps[0].leverage:
        raise ConfigError(
            f"assumptions file futures.toml: leverage {futures.account.leverage} is outside of "
            f"1 to {steps[0].leverage}"
        )
    if 24 % max(1, futures.funding.interval_hours) or futures.funding.interval_hours < 1:
        raise ConfigError(
            "assumptions file futures.toml: interval_hours has to divide 24: 1, 2, 4, 8 ..."
        )
    if futures.index_smoothing_s < 1:
        raise ConfigError(
            "assumptions file futures.toml: index_smoothing_s has to be 1 or more"
        )
    return futures


def _load(name: str, kind: type[_Part], directory: Path | None) -> _Part:
    own = directory / name if directory is not None else None
    where = name
    try:
        if own is not None and own.exists():
            where = str(own)
            text = own.read_text(encoding="utf-8")
        else:
            packaged = resources.files("holdfast.simexchange") / "assumptions" / name
            text = packaged.read_text(encoding="utf-8")
        return msgspec.convert(tomllib.loads(text), kind, dec_hook=_exact)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"assumptions file {where} cannot be read: {error}") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"assumptions file {where}: {error}") from error


def _exact(kind: type, value: Any) -> Any:
    if kind is not Exact:
        raise NotImplementedError(kind)
    if not isinstance(value, str):
        raise TypeError(f'expected a number in quotes, such as "0.5", got {value!r}')
    number = parse_e8(value)
    if number < 0:
        raise ValueError(f"{value!r} is negative; it has to be 0 or more")
    return Exact(number)
