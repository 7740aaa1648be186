"""A run from beginning to end: settle, load, trade, verify, report, and say what it came to."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from holdfast.domain.counted import counted
from holdfast.domain.order import Purpose
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.verify import verify
from holdfast.market.feed import FeedCounts
from holdfast.reports.run_report import ReportExtra, write_report
from holdfast.runtime.config import Config
from holdfast.runtime.latency import Latency
from holdfast.runtime.live import LiveGround
from holdfast.runtime.node import Chosen, Node, choose
from holdfast.runtime.opened import OpenedJournal
from holdfast.runtime.options import MAX_SPEED, RunOptions, settle
from holdfast.runtime.paper import PaperGround
from holdfast.runtime.places import Places, settle_places
from holdfast.runtime.replay import replay
from holdfast.runtime.result import Tally, run_result
from holdfast.runtime.session import Session
from holdfast.runtime.watching import said_of

SYNTHETIC_RUN_NS = 60_000_000_000


def run(options: RunOptions) -> tuple[dict[str, Any], list[str]]:
    """Trade as asked; give the `run/1` object, and in lines what did not end well.

    What a strategy prints goes to standard error: standard output is for the answer alone.
    """
    with redirect_stdout(sys.stderr):
        return _run(options)


def _run(options: RunOptions) -> tuple[dict[str, Any], list[str]]:
    config = settle(options)
    chosen = choose(config)
    places = settle_places(config, resume=options.resume, inputs=_inputs(config, options))
    opened = OpenedJournal(places, resume=options.resume)
    node: Node | None = None
    try:
        if config.mode == "replay":
            node = replay(
                config,
                options,
                chosen=chosen,
                open_journal=opened.open,
                path=places.journal,
                tell=_tell,
            )
        else:
            node = _trade(config, options, chosen, open_journal=opened.open, places=places)
    finally:
        if node is None:
            opened.remove_if_idle()
    return _conclude(node, places, options)


def _inputs(config: Config, options: RunOptions) -> list[tuple[str, Path]]:
    """Name the files that a run reads, by the option that names them."""
    inputs = [("--data", path) for path in options.data]
    inputs += [("--strategy", Path(e.path.rpartition(":")[0])) for e in config.strategies]
    if options.config:
        inputs.append(("--config", options.config))
    if options.instruments:
        inputs.append(("--instruments", options.instruments))
    if config.venue.secret_file:
        inputs.append(("venue.secret_file", Path(config.venue.secret_file)))
    return inputs


def _trade(
    config: Config,
    options: RunOptions,
    chosen: list[Chosen],
    *,
    open_journal: Callable[[], SqliteStore],
    places: Places,
) -> Node:
    plain = not sys.stderr.isatty()
    synthetic = config.mode == "paper" and not options.data and not config.venue.url
    if synthetic and options.duration_ns is None and not options.until_end:
        options = msgspec.structs.replace(options, duration_ns=SYNTHETIC_RUN_NS)
    speed = options.speed
    if speed is None:
        speed = MAX_SPEED if options.data else 1.0

    def node_of(**parts: Any) -> Node:
        node = Node(config, path=places.journal, strategies=chosen, **parts)
        node.tell = _tell
        return node

    hosts: frozenset[str] = frozenset()
    prepare = PaperGround(config, options, speed=speed).prepare
    if config.mode == "live":
        live = LiveGround(config, options, tell=_tell)
        hosts, prepare = live.hosts, live.prepare

    async def trade() -> Node:
        session = Session(config, options, node_of=node_of, prepare=prepare, hosts=hosts)
        return await session.trade(
            open_journal, socket=places.socket, plain=plain, show=not options.json
        )

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(trade())


def _conclude(
    node: Node, places: Places, options: RunOptions
) -> tuple[dict[str, Any], list[str]]:
    """Verify the journal's bytes, write the report, and put the result together."""
    counted = Tally()
    verified = verify(places.journal, each=counted.add)
    trader = node.trader
    assert trader is not None
    latency = None if node.config.mode == "replay" else trader.pipeline.latency
    market = market_counts(node)
    state_hash = node.state.digest()
    records = SqliteStore.open(places.journal, read_only=True)
    try:
        write_report(
            records.read(),
            places.report,
            extra=ReportExtra(
                journal=places.journal.name,
                head=verified.head,
                state_hash=state_hash,
                verified=True,
                latency_us=_samples(latency),
                latency_note="" if latency else "a replay has no latency of its own",
                market={name: str(count) for name, count in market.items()},
            ),
        )
    finally:
        records.close()
    result = run_result(
        state=node.state,
        counted=counted,
        strategies=list(trader.cast.members),
        market=market,
        journal={
            "path": str(places.journal),
            "events": verified.events,
            "head": verified.head,
            "state_hash": state_hash,
            "verified": True,
        },
        latency=latency,
        report=str(places.report),
    )
    if not options.json:
        sys.stderr.write(_summary(result) + "\n")
    return result, shortcomings(node)


def shortcomings(node: Node) -> list[str]:
    """Say what did not go well: what was halted or blocked, what may rest, unbalanced books."""
    lines = []
    if node.trader is not None:
        hosts = [member.host for member in node.trader.cast.members.values()]
        lines += [f"{host.failed}; it was halted" for host in hosts if host.failed is not None]
    lines += [said_of(incident) for _, incident in sorted(node.state.incidents.items())]
    lines += [f"{symbol} is quarantined" for symbol in node.state.halts.quarantined]
    resting = sorted(
        client_order_id
        for client_order_id, held in node.state.account.orders.items()
        if held.order.request.purpose is not Purpose.PROTECTIVE
    )
    if resting:
        lines.append(
            f"{counted(len(resting), 'order')} may still rest at the venue, first "
            f"{resting[0]}; go on with --resume --journal {node.path}"
        )
    lines += [
        f"books: {d.law} does not hold for {d.subject}: {d.left} against {d.right}"
        for d in node.state.ledger.prove()
    ]
    return lines


def market_counts(node: Node) -> dict[str, int]:
    """Add up what came by the feeds of all symbols."""
    total = FeedCounts()
    for feed in node.marks.feeds.values():
        total.add(feed.counts)
    return total.market()


def _summary(result: dict[str, Any]) -> str:
    pnl, orders, journal = result["pnl"], result["orders"], result["journal"]
    return (
        f"{counted(orders['submitted'], 'order')}, {counted(result['fills'], 'fill')}; "
        f"net {pnl['net']} "
        f"{pnl['currency']} (realized {pnl['realized']}, unrealized {pnl['unrealized']}, "
        f"fees {pnl['fees']})\n"
        f"journal {journal['path']}: {journal['events']} events, verified\n"
        f"report {result['report']}" + ("" if result["mode"] == "replay" else _open(result))
    )


def _open(result: dict[str, Any]) -> str:
    """Say what is left at the venue, and whether a stop stands beside it."""
    left = [
        f"{held['quantity']} {held['symbol']} of {held['strategy']}"
        + ("" if held["position_side"] == "both" else f" ({held['position_side']})")
        for held in result["positions"]
    ]
    left += [
        f"a stop of {stop['strategy']}: {stop['side']} {stop['quantity']} {stop['symbol']} at "
        f"{stop['trigger_price']}"
        for stop in result["stops"]
    ]
    return "\nstays open at the venue: " + ("; ".join(left) or "no position and no stop")


def _tell(line: str) -> None:
    """Say a line as it happens; that nobody can hear it is no reason to end a run."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"holdfast: {line}\n")


def _samples(latency: Latency | None) -> list[float]:
    if latency is None:
        return []
    return [bound for bound, count in latency.buckets() for _ in range(count)]
