"""The command line: arguments only; every verb hands typed values to the runtime.

Data goes to standard output, everything else to standard error. Modules are imported by the
verb that needs them, so that `--help` stays fast.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from holdfast.cli import control, data, journal, run, sim, venue, version, watchdog

EPILOG = """exit codes:
  0 ok   1 failure   2 usage   3 not found   4 authentication   5 time-out
  6 refused by risk or policy   130 interrupted"""


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of all verbs."""
    parser = argparse.ArgumentParser(
        prog="holdfast",
        description="A trading runtime that holds on: written first, one writer, books that "
        "balance.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(metavar="COMMAND", required=True)
    run.add(verbs)
    sim.add(verbs)
    journal.add(verbs)
    data.add(verbs)
    watchdog.add(verbs)
    venue.add(verbs)
    control.add(verbs)
    version.add(verbs)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its documented exit code."""
    from holdfast.runtime.supervise import run_command

    parsed = build_parser().parse_args(arguments)
    verb: Callable[[argparse.Namespace], int] = parsed.verb
    return run_command(
        lambda: verb(parsed), errors=sys.stderr, debug=bool(os.environ.get("HOLDFAST_DEBUG"))
    )


if __name__ == "__main__":
    sys.exit(main())
