"""`holdfast run`: trade live, in paper mode against the simulated exchange, or in replay."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.cli.output import write_out

if TYPE_CHECKING:
    from holdfast.runtime.options import RunOptions


def add(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "run",
        help="trade a strategy: at the simulated exchange, in replay, or live",
        description="Without --data it trades a seeded synthetic market.",
    )
    option = parser.add_argument
    option(
        "--mode",
        choices=("paper", "replay", "live"),
        help="paper: real sockets to a simulated exchange (default); replay; live",
    )
    option(
        "--venue",
        dest="network",
        choices=("testnet", "production"),
        help="where to trade live; the key comes from the environment or a file",
    )
    option("--yes-real-money", action="store_true", help="needed to trade live in production")
    option("--config", type=Path, metavar="FILE", help="a TOML file; options here override it")
    option("--strategy", action="append", default=[], metavar="FILE.py:Class")
    option("--data", action="append", default=[], type=Path, metavar="PATH")
    option("--symbol", metavar="S", help="default: from the data file's name")
    option("--instruments", type=Path, metavar="FILE", help="filters; default: decimals seen")
    option(
        "--speed", metavar="N|max", help="market time per second (default: 1; max with --data)"
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--for", dest="duration", metavar="60s", help="market time to run")
    length.add_argument("--until-end", action="store_true", help="run to the end of the data")
    option("--venue-url", metavar="URL", help="a simulated exchange that is already running")
    option("--journal", type=Path, metavar="PATH", help="default: runs/<time>/journal.db")
    option("--resume", action="store_true", help="go on with an existing journal")
    option("--seed", type=int, metavar="N", help="of the synthetic market and of replay")
    option("--report", type=Path, metavar="FILE.html", help="default: beside the journal")
    option(
        "--window", type=int, default=1, metavar="N", help="messages in flight at --speed max"
    )
    option("--json", action="store_true", help="print one JSON object and nothing else")
    parser.set_defaults(verb=_run)


def _run(arguments: argparse.Namespace) -> int:
    from holdfast.runtime.run import run
    from holdfast.runtime.supervise import CALLS

    CALLS.start()
    try:
        result, shortcomings = run(_options(arguments))
    finally:
        CALLS.stop()
    if arguments.json:
        write_out(json.dumps(result) + "\n")
    for line in shortcomings:
        sys.stderr.write(f"holdfast: {line}\n")
    return 1 if shortcomings else 0


def _options(arguments: argparse.Namespace) -> "RunOptions":
    from holdfast.runtime.options import RunOptions, parse_duration, parse_speed

    return RunOptions(
        mode=arguments.mode,
        config=arguments.config,
        strategies=tuple(arguments.strategy),
        data=tuple(arguments.data),
        symbol=arguments.symbol,
        instruments=arguments.instruments,
        speed=parse_speed(arguments.speed) if arguments.speed else None,
        duration_ns=parse_duration(arguments.duration) if arguments.duration else None,
        until_end=arguments.until_end,
        venue_url=arguments.venue_url,
        network=arguments.network,
        real_money=arguments.yes_real_money,
        journal=arguments.journal,
        resume=arguments.resume,
        seed=arguments.seed,
        report=arguments.report,
        window=arguments.window,
        json=arguments.json,
    )
