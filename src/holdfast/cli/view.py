"""The live terminal view, a process of its own: it folds the journal and reads the pulses.

It never touches the trader's objects. On a terminal it redraws four times a second; elsewhere
it prints one plain line a second. It ends when the trader closes the pulse stream.
"""

import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from holdfast.domain import events as ev
from holdfast.domain.event import Record
from holdfast.domain.money import amount_text
from holdfast.journal.tail import Follower
from holdfast.runtime.guard_state import GuardState
from holdfast.runtime.pulse import Pulse
from holdfast.runtime.state import State
from holdfast.runtime.supervise import run_command

REFRESH_HZ = 4
PLAIN_EVERY = 4
FILLS_SHOWN = 8
ORDERS_SHOWN = 8
_MODE_STYLE = {"paper": "black on yellow", "replay": "black on cyan", "live": "white on red"}


class Screen:
    """What the view knows: the folded journal and the newest pulse."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.head = ""
        self.events = 0
        self.fills: deque[ev.OrderFilled] = deque(maxlen=FILLS_SHOWN)
        self.fill_count = 0
        self.marks: dict[str, str] = {}
        self.pulse: Pulse | None = None
        self.guards = GuardState()

    def take(self, record: Record) -> None:
        """Fold one record of the journal."""
        if self.state is None:
            self.state = State(record.header.account)
        self.state.apply(record.event)
        self.guards.apply(record.event)
        self.events = record.header.seq
        if isinstance(record.event, ev.OrderFilled):
            self.fills.append(record.event)
            self.fill_count += 1
        elif isinstance(record.event, ev.MarkRecorded):
            self.marks[record.event.symbol] = record.event.price

    def hear(self, pulse: Pulse) -> None:
        """Take a pulse; its mid prices are the newest marks."""
        self.pulse = pulse
        for feed in pulse.feeds:
            if feed.bid and feed.ask:
                mid = (Decimal(feed.bid) + Decimal(feed.ask)) / 2
                self.marks[feed.symbol] = format(mid.normalize(), "f")

    def equity(self) -> str:
        """Give equity at the newest marks, as text with its currency; a dash when unknown."""
        if self.state is None or not self.marks:
            return "-"
        figures = self.state.ledger.pnl(self.marks).currencies
        return "  ".join(f"{f.equity:,.2f} {f.currency} (net {f.net:+,.2f})" for f in figures)

    def draw(self) -> Group:
        """Draw the whole screen."""
        return Group(self._banner(), self._positions(), self._orders(), self._fills())

    def line(self) -> str:
        """Say everything in one plain line."""
        pulse = self.pulse
        if pulse is None:
            return "starting"
        age = max((feed.age_ms for feed in pulse.feeds), default=-1)
        positions = (
            " ".join(f"{name} {quantity}" for name, quantity in self._holdings()) or "flat"
        )
        orders = len(self.state.account.orders) if self.state else 0
        open_count = len(self.state.incidents) if self.state else 0
        incidents = f"  incidents {open_count}" if open_count else ""
        done = f"  {pulse.done:.0%} done" if pulse.done is not None else ""
        return (
            f"{_clock(pulse.market_ns)}  {pulse.mode}/{pulse.status}  equity {self.equity()}  "
            f"{positions}  orders {orders}  fills {self.fill_count}  feed {age} ms  "
            f"journal {pulse.journal_durable}{done}{incidents}{self._guard_words()}"
        )

    def _guard_words(self) -> str:
        words = [self.guards.guarded, *self.guards.troubles]
        return "".join(f"  {word}" for word in words if word)

    def _banner(self) -> Panel:
        pulse = self.pulse
        if pulse is None:
            return Panel(Text("starting"))
        text = Text()
        text.append(f" {pulse.mode.upper()} ", _MODE_STYLE.get(pulse.mode, "reverse"))
        text.append(f"  {pulse.status}   market {_clock(pulse.market_ns)} UTC")
        if pulse.done is not None:
            text.append(f"   {pulse.done:.0%} done")
        text.append(f"\nequity {self.equity()}")
        for feed in pulse.feeds:
            style = "" if feed.healthy else "dim strike"
            text.append(f"\n{feed.symbol}  {feed.bid} / {feed.ask}", style)
            text.append(f"   age {feed.age_ms} ms")
        latency = "" if pulse.p50_us is None else f"   tick to order p50 {pulse.p50_us:g} us"
        text.append(f"\njournal {pulse.journal_durable} durable of {pulse.journal_events}")
        text.append(latency)
        if self.guards.guarded:
            text.append(f"   {self.guards.guarded}")
        for trouble in self.guards.troubles:
            text.append(f"\n{trouble}", "bold red")
        if self.state is not None:
            for incident in self.state.incidents.values():
                text.append(
                    f"\n{incident.kind}, {incident.scope}: {incident.reason}", "bold red"
                )
            for symbol in self.state.halts.quarantined:
                text.append(f"\n{symbol} is quarantined", "bold red")
        if pulse.dropped:
            text.append(f"   {pulse.dropped} pulses dropped")
        return Panel(text, title="holdfast", title_align="left")

    def _holdings(self) -> Iterator[tuple[str, str]]:
        if self.state is None:
            return
        account = self.state.account
        for (strategy, symbol, _), position in sorted(
            account.positions.items(), key=lambda item: (item[0][0], item[0][1])
        ):
            if position.quantity:
                quantity = account.instruments[symbol].quantity_text(position.quantity)
                yield f"{strategy} {symbol}", quantity

    def _positions(self) -> Table:
        table = _table("positions", "strategy", "symbol")
        for name in ("quantity", "realized", "unrealized"):
            table.add_column(name, justify="right")
        if self.state is None:
            return table
        account = self.state.account
        for (strategy, symbol, _), position in sorted(
            account.positions.items(), key=lambda item: (item[0][0], item[0][1])
        ):
            instrument = account.instruments[symbol]
            mark = self.marks.get(symbol)
            open_result = (
                amount_text(instrument.notional(1, position.unrealized(instrument.price(mark))))
                if mark
                else "-"
            )
            table.add_row(
                strategy,
                symbol,
                instrument.quantity_text(position.quantity),
                amount_text(instrument.notional(1, position.realized)),
                open_result,
            )
        return table

    def _orders(self) -> Table:
        table = _table("open orders", "strategy", "symbol", "side", "state")
        for name in ("price", "quantity", "filled"):
            table.add_column(name, justify="right")
        if self.state is not None:
            account = self.state.account
            for held in list(account.orders.values())[-ORDERS_SHOWN:]:
                request = held.order.request
                instrument = account.instruments[request.symbol]
                table.add_row(
                    request.strategy,
                    request.symbol,
                    request.side.value,
                    held.order.status.value,
                    request.price_text if request.price else "market",
                    request.quantity_text,
                    instrument.quantity_text(held.order.cum_quantity),
                )
        return table

    def _fills(self) -> Table:
        table = Table(
            title=f"last fills of {self.fill_count}", title_justify="left", expand=True
        )
        for name in ("time", "strategy", "symbol", "side"):
            table.add_column(name)
        for name in ("price", "quantity", "fee"):
            table.add_column(name, justify="right")
        for fill in reversed(self.fills):
            table.add_row(
                _clock(fill.venue_at_ns),
                fill.strategy,
                fill.symbol,
                fill.side,
                fill.last_price,
                fill.last_quantity,
                f"{fill.fee} {fill.fee_asset}",
            )
        return table


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", expand=True, box=SIMPLE_HEAD
    )
    for column in columns:
        table.add_column(column)
    return table


def _clock(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).strftime("%H:%M:%S")


class Pulses(threading.Thread):
    """Reads the pulse stream until its end."""

    def __init__(self, screen: Screen) -> None:
        super().__init__(daemon=True)
        self._screen = screen
        self.ended = threading.Event()

    def run(self) -> None:
        """Take every line; a torn last line ends the stream."""
        for line in sys.stdin.buffer:
            try:
                self._screen.hear(msgspec.json.decode(line, type=Pulse))
            except msgspec.DecodeError:
                break
        self.ended.set()


def show(journal: Path, *, plain: bool) -> None:
    """Show a run until its pulse stream ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    screen = Screen()
    pulses = Pulses(screen)
    pulses.start()
    follower = Follower(journal)
    console = Console(stderr=True)
    beat = 0
    with Live(console=console, auto_refresh=False, screen=False, transient=not plain) as live:
        while True:
            ended = pulses.ended.wait(1 / REFRESH_HZ)
            for record in follower.poll():
                screen.take(record)
            beat += 1
            if not plain:
                live.update(screen.draw(), refresh=True)
            elif ended or beat % PLAIN_EVERY == 0:
                sys.stderr.write(screen.line() + "\n")
                sys.stderr.flush()
            if ended:
                break


def _main() -> int:
    show(Path(sys.argv[1]), plain=sys.argv[2:] == ["--plain"])
    return 0


if __name__ == "__main__":
    sys.exit(run_command(_main, errors=sys.stderr))
