"""What a run was asked to do, from command line and configuration together, checked."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.errors import ConfigError, UsageError
from holdfast.risk.halt import ACCOUNT
from holdfast.runtime.config import GREATEST_SEED, Config, StrategyEntry, load_config

MAX_SPEED = 0.0
"""The speed that stands for as fast as the machine goes."""

LONGEST_NS = 36_500 * 86_400 * NS_PER_S
FASTEST = 1_000_000.0
SLOWEST = 0.001
LONGEST_NAME = 100
_UNITS_NS = {
    "ms": NS_PER_MS,
    "s": NS_PER_S,
    "m": 60 * NS_PER_S,
    "h": 3_600 * NS_PER_S,
    "d": 86_400 * NS_PER_S,
}


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The command line of `holdfast run`; None means not given."""

    mode: Literal["paper", "replay", "live"] | None = None
    config: Path | None = None
    strategies: tuple[str, ...] = ()
    data: tuple[Path, ...] = ()
    symbol: str | None = None
    instruments: Path | None = None
    speed: float | None = None
    duration_ns: int | None = None
    until_end: bool = False
    venue_url: str | None = None
    network: Literal["testnet", "production"] | None = None
    real_money: bool = False
    journal: Path | None = None
    resume: bool = False
    seed: int | None = None
    report: Path | None = None
    window: int = 1
    json: bool = False


def parse_duration(text: str, *, option: str = "--for") -> int:
    """Read a duration such as 60s, 1.5h or 250ms in nanoseconds; `UsageError` otherwise."""
    match = re.fullmatch(r"([0-9]{1,20}(?:\.[0-9]{1,20})?)(ms|s|m|h|d)", text)
    duration = int(Decimal(match.group(1)) * _UNITS_NS[match.group(2)]) if match else 0
    if not 0 < duration <= LONGEST_NS:
        raise UsageError(
            f"{option} {text[:40]}: not a duration up to 100 years; write for example 60s, 5m, "
            "1h or 250ms"
        )
    return duration


def parse_speed(text: str) -> float:
    """Read a speed, `max` or a factor over 0; `UsageError` otherwise."""
    if text == "max":
        return MAX_SPEED
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not SLOWEST <= speed <= FASTEST:
        raise UsageError(
            f"--speed {text[:40]}: not a speed; write max, or a number from 0.001 such as 10"
        )
    return speed


def settle(options: RunOptions) -> Config:
    """Join configuration file and command line; the command line wins."""
    config = load_config(options.config) if options.config else Config()
    if options.mode:
        config.mode = options.mode
    if options.strategies:
        config.strategies = [StrategyEntry(path=path) for path in options.strategies]
    if options.seed is not None:
        config.seed = options.seed
    if options.venue_url:
        config.venue.url = options.venue_url
    if options.network:
        config.venue.network = options.network
    config.venue.real_money = config.venue.real_money or options.real_money
    if options.journal:
        config.journal.path = str(options.journal)
    if options.report:
        config.report = str(options.report)
    _refuse_contradictions(options, config)
    for entry in config.strategies:
        _check_name(entry.name or entry.path.rpartition(":")[2].lower())
    return config


def _check_name(name: str) -> None:
    """Refuse a strategy's name that cannot be said in a line, or that a command means else."""
    if not name.isprintable() or len(name) > LONGEST_NAME:
        raise ConfigError(
            f"strategies: the name {name[:LONGEST_NAME]!r} is not of up to {LONGEST_NAME} "
            "printable characters"
        )
    if name == ACCOUNT:
        raise ConfigError(
            f"strategies: '{ACCOUNT}' means the whole account where something is paused; give "
            "this strategy another name in the configuration"
        )


def _refuse_contradictions(options: RunOptions, config: Config) -> None:
    if config.venue.url and options.data:
        raise UsageError(
            "--data and --venue-url: the exchange that runs has its own data; name one"
        )
    if config.mode == "replay":
        _refuse_for_replay(options, config)
    if config.mode == "live":
        _refuse_for_live(options, config)
    elif options.network or options.real_money:
        raise UsageError("--venue and --yes-real-money are of --mode live")
    if not 0 <= config.seed <= GREATEST_SEED:
        raise UsageError(f"--seed {config.seed}: a whole number from 0 to {GREATEST_SEED}")
    if options.window < 1:
        raise UsageError(f"--window {options.window}: needs at least 1 message in flight")


def _refuse_for_replay(options: RunOptions, config: Config) -> None:
    """Refuse what needs an exchange of its own."""
    if config.venue.url:
        raise UsageError("--mode replay has no sockets; --venue-url needs --mode paper")
    if options.speed not in (None, MAX_SPEED):
        raise UsageError("--mode replay always runs as fast as it can; leave --speed out")
    if options.resume:
        raise UsageError("--resume needs an exchange that kept running; use --mode paper")
    if config.venue.position_mode == "hedge":
        raise UsageError("--mode replay trades one-way; hedge needs --mode paper or live")


def _refuse_for_live(options: RunOptions, config: Config) -> None:
    """Refuse what has no meaning where a real market gives time and prices."""
    given = {
        "--data": options.data,
        "--speed": options.speed,
        "--until-end": options.until_end,
        "--instruments": options.instruments,
        "--venue-url": config.venue.url,
    }
    for name, value in given.items():
        if value:
            raise UsageError(f"{name} is of the simulated exchange; --mode live has a real one")
    if not (options.symbol or config.symbols):
        raise UsageError(
            "--mode live: name what is traded with --symbol, or symbols in the configuration"
        )
