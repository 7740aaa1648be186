"""One symbol's way through the stages, and what stands where nobody keeps stops."""

import msgspec

from holdfast.decision.host import Hosted
from holdfast.domain.ids import ClientOrderIds, StrategyId
from holdfast.domain.intent import Protect, SizedIntent
from holdfast.domain.order import Order
from holdfast.market.bars import Bars
from holdfast.market.feed import Feed
from holdfast.risk.view import View


class Lane(msgspec.Struct, kw_only=True):
    """One symbol's way through the stages: its feed, who sees it, and their views for gates."""

    feed: Feed
    ids: ClientOrderIds
    hosts: list[Hosted] = []
    bookish: list[Hosted] = []
    tradish: list[Hosted] = []
    bars: list[tuple[Bars, Hosted]] = []
    views: dict[StrategyId, View] = {}

    def join(self, host: Hosted, view: View, *, bars: list[Bars]) -> None:
        """Let a strategy see this symbol and trade it."""
        self.hosts.append(host)
        self.views[host.id] = view
        self.bars.extend((bar, host) for bar in bars)
        if host.sees_book:
            self.bookish.append(host)
        if host.sees_trades:
            self.tradish.append(host)

    def refresh(self, view: View, *, now_ns: int) -> None:
        """Bring a view of the gates to what is known at this instant."""
        feed = self.feed
        view.now_ns = now_ns
        view.book_is_valid = not feed.invalid_reason
        view.lag_ns = feed.lag_ns or 0
        trade, mark = feed.last_trade, feed.mark
        view.last = 0 if trade is None else trade.price
        view.mark = 0 if mark is None else mark.mark
        top = feed.confirmed_top
        if top is not None:
            view.desk.tops[top.symbol] = top

    def host(self, strategy: StrategyId) -> Hosted | None:
        """Give a strategy that sees this symbol."""
        return next((host for host in self.hosts if host.id == strategy), None)

    def leave(self) -> None:
        """Show the symbol to no strategy any more."""
        for seen in (self.hosts, self.bookish, self.tradish, self.bars):
            seen.clear()


class Stopless:
    """Keeps no protective stops; what keeps them does these things."""

    def keep(self, strategy: StrategyId, wish: Protect) -> None:
        """Take a strategy's wish for a stop."""

    def make_way(self, strategy: StrategyId, intent: SizedIntent) -> SizedIntent:
        """Give an intent as it can be carried out beside a stop, or in its place."""
        del strategy
        return intent

    def on_order(self, order: Order) -> None:
        """Learn that an order changed, and with it perhaps the position of its strategy."""

    def look_at_all(self) -> None:
        """Begin, and go on with what the journal has: all strategies are there."""
