"""`holdfast watchdog`: watch a trader from outside, and act when it does not."""

import argparse
import sys
from pathlib import Path
from typing import Any

from holdfast.cli.output import write_out
from holdfast.cli.paths import LATEST


def add(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "watchdog",
        help="cancel what rests when a trader is frozen, dead or cut off",
        description="Its key can cancel and reduce; nothing in it opens a position. It ends "
        "when the trader ended, by itself (exit code 0) or by this program (1).",
    )
    option = parser.add_argument
    option(
        "--journal",
        type=Path,
        default=LATEST / "journal.db",
        metavar="PATH",
        help="the trader's journal (default: %(default)s)",
    )
    option("--socket", type=Path, metavar="PATH", help="default: beside the journal")
    option("--config", type=Path, metavar="FILE", help="the trader's configuration")
    option("--venue", choices=("testnet", "production"), help="where it trades, in live mode")
    option("--venue-url", metavar="URL", help="a simulated exchange")
    option("--product", choices=("spot", "usdm"), help="default: from the journal")
    option("--frozen", default="2s", metavar="2s", help="silence after which it is frozen")
    option("--lost", default="60s", metavar="60s", help="without a way to the venue so long")
    option("--policy", choices=("cancel", "reduce"), default="cancel")
    option("--json", action="store_true", help="print one JSON object at the end")
    parser.set_defaults(verb=_watch)


def _watch(arguments: argparse.Namespace) -> int:
    import msgspec

    from holdfast.runtime.loop import run_loop
    from holdfast.runtime.options import parse_duration
    from holdfast.runtime.watching_over import WatchOptions, watch

    outcome = run_loop(
        watch(
            WatchOptions(
                journal=arguments.journal,
                socket=arguments.socket,
                config=arguments.config,
                network=arguments.venue or "",
                url=arguments.venue_url or "",
                product=arguments.product or "",
                frozen_ns=parse_duration(arguments.frozen, option="--frozen"),
                lost_ns=parse_duration(arguments.lost, option="--lost"),
                reduces=arguments.policy == "reduce",
            ),
            tell=_tell,
        )
    )
    if arguments.json:
        write_out(msgspec.json.encode(outcome).decode() + "\n")
    return 1 if outcome.acted else 0


def _tell(line: str) -> None:
    sys.stderr.write(f"holdfast watchdog: {line}\n")
    sys.stderr.flush()
