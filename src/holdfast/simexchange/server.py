"""The simulated exchange as a program: one port for REST, streams, WebSocket API and insight.

`serve` runs until it is told to end; `main` is the command line.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Sequence

import uvloop

from holdfast.errors import HoldfastError
from holdfast.simexchange.accounts import AccountSpec, demonstration_account, load_accounts
from holdfast.simexchange.addresses import ready_line
from holdfast.simexchange.arguments import ServeOptions, add_serve_arguments, options_from
from holdfast.simexchange.assumptions import load_assumptions
from holdfast.simexchange.connection import GOING_AWAY
from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.faults import Faults, load_faults
from holdfast.simexchange.parent import follow_parent
from holdfast.simexchange.signing import Verifier
from holdfast.simexchange.source import Market, open_market
from holdfast.simexchange.venue import open_floor

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Serve by a command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="holdfast sim serve", description="Serve a simulated exchange on loopback."
    )
    add_serve_arguments(parser)
    arguments = parser.parse_args(argv)
    try:
        return serve_command(arguments)
    except HoldfastError as error:
        sys.stderr.write(f"holdfast: {error}\n")
        return error.exit_code


def serve_command(arguments: argparse.Namespace) -> int:
    """Serve by parsed arguments, in an event loop of its own; return the exit code."""
    options = options_from(arguments)
    if options.exits_with_parent:
        # The terminal's Ctrl-C reaches the whole group, and the trader still needs the venue
        # then, to cancel what rests.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve(options, ready=announce))


def announce(addresses: dict[str, object]) -> None:
    """Print the one line that says where the venue is."""
    sys.stdout.write(json.dumps(addresses, separators=(",", ":")) + "\n")
    sys.stdout.flush()


async def serve(options: ServeOptions, *, ready: Callable[[dict[str, object]], None]) -> int:
    """Serve until SIGTERM, Ctrl-C or (when asked for) the end of the parent."""
    entries = load_faults(options.faults) if options.faults else []
    faults = Faults(entries, seed=options.seed, is_full=options.profile == "full")
    assumptions = load_assumptions(options.assumptions)
    market = open_market(
        list(options.data),
        list(options.symbols),
        instruments=options.instruments,
        seed=options.seed,
        assumptions=assumptions,
    )
    accounts = _accounts(options, market)
    exchange = Exchange(
        market.symbols,
        accounts,
        assumptions=assumptions,
        seed=options.seed,
        funding=market.funding,
    )
    async with open_floor(exchange, market, options=options, faults=faults) as venue:
        stop = _stop_signal(options)
        ready({"ready": True, **ready_line(venue.port, options.host)})
        await asyncio.wait((stop, venue.playing), return_when=asyncio.FIRST_COMPLETED)
        if venue.playing.done():
            venue.playing.result()  # a market that breaks ends the program with its reason
        code = await stop
        venue.floor.pacer.close_all(GOING_AWAY)
        return code


def _accounts(options: ServeOptions, market: Market) -> list[AccountSpec]:
    if options.accounts is None:
        return [demonstration_account(market.symbols)]
    accounts = load_accounts(options.accounts)
    for account in accounts:
        for key in account.keys:
            Verifier(key)
    return accounts


def _stop_signal(options: ServeOptions) -> "asyncio.Future[int]":
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[int] = loop.create_future()

    def end(code: int = 0) -> None:
        if not stop.done():
            stop.set_result(code)

    loop.add_signal_handler(signal.SIGTERM, end)
    if options.exits_with_parent:
        follow_parent(end)
    else:
        loop.add_signal_handler(signal.SIGINT, end, INTERRUPTED)
    return stop
