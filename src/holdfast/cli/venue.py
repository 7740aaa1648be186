"""`holdfast venue probe`: hold what is believed of the venue against the venue."""

import argparse
import sys
from pathlib import Path
from typing import Any

from holdfast.cli.output import write_out


def add(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser("venue", help="look at a venue")
    kinds = parser.add_subparsers(metavar="COMMAND", required=True)
    probe = kinds.add_parser(
        "probe",
        help="run the contract's cases against the venue and write dated evidence",
        description="--read-only asks production and sends no order; --testnet also trades the "
        "smallest orders there. Exit code 1 when something differs.",
    )
    option = probe.add_argument
    where = probe.add_mutually_exclusive_group(required=True)
    where.add_argument("--testnet", action="store_true", help="the venue's test network")
    where.add_argument("--read-only", action="store_true", help="production, without an order")
    where.add_argument("--venue-url", metavar="URL", help="a simulated exchange")
    option("--product", choices=("spot", "usdm"), default="spot")
    option("--symbol", default="BTCUSDT", metavar="S")
    option("--config", type=Path, metavar="FILE", help="where the key is")
    option("--out", type=Path, metavar="FILE.json", help="where the evidence goes")
    option("--json", action="store_true", help="print the evidence")
    probe.set_defaults(verb=_probe)


def _probe(arguments: argparse.Namespace) -> int:
    import msgspec

    from holdfast.runtime.loop import run_loop
    from holdfast.runtime.probe import ProbeOptions, probe

    evidence = run_loop(
        probe(
            ProbeOptions(
                product=arguments.product,
                is_testnet=arguments.testnet,
                url=arguments.venue_url or "",
                symbol=arguments.symbol,
                config=arguments.config,
                out=arguments.out,
            ),
            tell=_tell,
        )
    )
    if arguments.json:
        write_out(msgspec.json.encode(evidence).decode() + "\n")
    return 0 if evidence.is_clean else 1


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")
