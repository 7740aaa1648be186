"""What a comparison leads to: events written and told, cancels sent, symbols set apart."""

from holdfast.domain import events as ev
from holdfast.domain.ids import ClientOrderId, Epoch, Symbol
from holdfast.execution.comparison import WHOLE, Reconciled
from holdfast.execution.ownership import ACCOUNT, ANOTHER, DISAGREEMENT
from holdfast.gateway.gateway import Gateway
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.trader import Trader

SHOWN = 20
"""How many differences an event names; the rest are counted in its last line."""


class Outcome:
    """Carries out what comparisons found."""

    def __init__(self, trader: Trader, recorder: Recorder, *, gateway: Gateway) -> None:
        self._trader = trader
        self._recorder = recorder
        self._gateway = gateway

    async def carry_out(self, result: Reconciled, trigger: str) -> None:
        """Write the events and, with a trigger, how it ended; then send the cancels."""
        for event in result.events:
            self._recorder.hear(event, lambda event=event: self._tell(event))  # type: ignore[misc]
        if trigger:
            self._recorder.decide(result.completed(trigger))
        self._recorder.flush()
        await self.quiet()
        for cancel in result.cancels:
            self._gateway.cancel(cancel, epoch=Epoch(self._trader.state.epoch))

    async def quiet(self) -> None:
        """Wait until nothing of ours is on its way to disk."""
        while not self._recorder.is_idle:
            self._recorder.flush()
            await self._recorder.settled()

    def quarantine(self, result: Reconciled, *, rounds: int) -> bool:
        """Set the symbols apart that did not agree; False when it is the account itself."""
        if WHOLE in result.unsettled:
            return False
        for symbol, differences in sorted(result.unsettled.items()):
            if symbol in result.quarantined:
                continue
            shown = _shown(differences)
            reason = f"no agreement with the venue in {rounds} rounds"
            self._recorder.decide(
                ev.IncidentOpened(DISAGREEMENT, symbol, reason, rounds, shown)
            )
            self._recorder.decide(ev.SymbolQuarantined(symbol, reason, rounds, shown))
        self._recorder.flush()
        return True

    def lament(self, result: Reconciled | None, *, rounds: int) -> None:
        """Open the incident of an account that does not agree, once."""
        if (DISAGREEMENT, ACCOUNT) in self._trader.state.incidents:
            return
        reason = f"no agreement with the venue in {rounds} rounds; no new risk is taken"
        differences = _shown(result.unsettled.get(WHOLE, [])) if result is not None else []
        self._recorder.decide(
            ev.IncidentOpened(DISAGREEMENT, ACCOUNT, reason, rounds, differences)
        )
        self._recorder.flush()

    def close_disagreements(self) -> None:
        """Close the incidents of what agrees by now."""
        for kind, scope in sorted(self._trader.state.incidents):
            if kind == DISAGREEMENT and not self.is_standing(kind, scope):
                self._recorder.decide(ev.IncidentClosed(kind, scope, "a clean comparison"))

    def is_standing(self, kind: str, scope: str) -> bool:
        """Tell whether an incident's cause has an end of its own that has not come yet."""
        return kind == ANOTHER or (
            kind == DISAGREEMENT and scope in self._trader.state.halts.quarantined
        )

    def _tell(self, event: ev.Event) -> None:
        """Let views be made again, and strategies see what concerns them."""
        trader = self._trader
        client_order_id = ClientOrderId(getattr(event, "client_order_id", ""))
        if isinstance(event, ev.OrderAdopted):
            order = trader.state.account.find(client_order_id)
            if order is not None:
                trader.pipeline.working.touch(order.request.strategy, order.request.symbol)
                trader.pipeline.stops.on_order(order)
        elif isinstance(event, ev.OrderFilled):
            trader.cast.on_filled(event)
        elif isinstance(event, ev.ForeignFillSeen | ev.PositionOpened):
            trader.cast.on_moved(Symbol(event.symbol))
        elif client_order_id:
            trader.cast.on_order_changed(client_order_id, event)


def _shown(differences: list[str]) -> list[str]:
    more = len(differences) - SHOWN
    return differences if more <= 0 else [*differences[:SHOWN], f"and {more} more"]
