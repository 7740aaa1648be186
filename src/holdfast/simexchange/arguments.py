"""The command line of the simulated exchange; the product's command line reuses it."""

import argparse
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal

import msgspec

from holdfast.errors import UsageError
from holdfast.simexchange.addresses import HOST
from holdfast.simexchange.faults.entries import duration_ns

HIGHEST_PORT = 65_535
SLOWEST = 0.001
DAY_CUT = "24h"


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to serve; `speed` None is as fast as the clients answer ("max")."""

    port: int = 0
    host: str = HOST
    data: tuple[Path, ...] = ()
    symbols: tuple[str, ...] = ()
    instruments: Path | None = None
    accounts: Path | None = None
    faults: Path | None = None
    assumptions: Path | None = None
    seed: int = 0
    speed: float | None = 1.0
    window: int = 1
    exits_with_parent: bool = False
    profile: Literal["strict", "full"] = "strict"
    day_cut_ns: int = 0


def add_serve_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `sim serve`."""
    add = parser.add_argument
    add("--port", default="0", metavar="P", help="port to listen on; 0 takes a free one")
    add("--host", default=HOST, metavar="A", help="address: loopback, or a private one")
    add("--data", action="append", default=[], metavar="PATH", help="a recorded market file")
    add("--symbol", action="append", default=[], metavar="S", help="the symbol of the data")
    add("--instruments", metavar="FILE", help="filters, instead of those read off the data")
    add("--accounts", metavar="FILE", help="accounts and keys, instead of the demonstration's")
    add("--faults", metavar="FILE", help="faults to inject")
    add("--assumptions", metavar="DIR", help="files that replace the stated assumptions")
    add("--seed", default="0", metavar="N", help="seed of everything random")
    add("--speed", default="1", metavar="N|max", help="market seconds in a second, or max")
    add("--window", default="1", metavar="N", help="messages a pacing ping at --speed max")
    add("--profile", default="strict", metavar="P", help="strict, or full: unknown fields too")
    add("--day-cut", metavar="TIME", help="how long a socket lives; 24h, at --speed max none")
    add(
        "--exit-with-parent",
        action="store_true",
        help="end when the parent or standard input does, and ignore Ctrl-C",
    )


def options_from(arguments: argparse.Namespace) -> ServeOptions:
    """Read the parsed command line; a wrong value is one clear line."""
    port = _whole(arguments.port, "--port", least=0)
    if port > HIGHEST_PORT:
        raise UsageError(f"--port {port} is no port; 0 to {HIGHEST_PORT} would be right")
    speed = parse_speed(arguments.speed)
    return ServeOptions(
        port=port,
        host=parse_host(arguments.host),
        data=tuple(Path(path) for path in arguments.data),
        symbols=tuple(arguments.symbol),
        instruments=_path(arguments.instruments),
        accounts=_path(arguments.accounts),
        faults=_path(arguments.faults),
        assumptions=_path(arguments.assumptions),
        seed=_whole(arguments.seed, "--seed", least=0),
        speed=speed,
        window=_whole(arguments.window, "--window", least=1),
        exits_with_parent=arguments.exit_with_parent,
        profile=parse_profile(arguments.profile),
        day_cut_ns=parse_day_cut(arguments.day_cut, speed=speed),
    )


def parse_host(text: str) -> str:
    """Read an address to listen on; one that the internet may know is refused."""
    try:
        address = IPv4Address(text)
        is_kept_in = address.is_private and not address.is_unspecified
    except ValueError:
        is_kept_in = False
    if not is_kept_in:
        raise UsageError(
            f"--host {text[:40]!r} is no private address; {HOST}, or one such as 10.0.0.5, "
            "would be right: whoever reaches the exchange can do everything there"
        )
    return text


def parse_profile(text: str) -> Literal["strict", "full"]:
    """Read a profile: what clients with closed lists of words can bear, or all."""
    if text == "strict":
        return "strict"
    if text == "full":
        return "full"
    raise UsageError(f"--profile {text[:40]!r} is unknown; strict or full would be right")


def parse_day_cut(text: str | None, *, speed: float | None) -> int:
    """Read how long a socket lives, in nanoseconds of market time; 0 is without end."""
    if text is None:
        return 0 if speed is None else duration_ns(DAY_CUT)
    try:
        return 0 if text == "none" else duration_ns(text)
    except ValueError as error:
        raise UsageError(f"--day-cut {error}; none is right too") from None


def parse_speed(text: str) -> float | None:
    """Read a speed: a positive number, or max (None)."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not SLOWEST <= speed < float("inf"):
        raise UsageError(
            f"--speed {text[:40]!r} is no speed; a number from {SLOWEST} or max would be right"
        )
    return speed


def _whole(text: str, name: str, *, least: int) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise UsageError(
            f"{name} {text!r} is wrong; a whole number from {least} would be right"
        )
    return int(text)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
