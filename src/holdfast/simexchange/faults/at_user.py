"""Faults of account events: lost, late, twice, in another order, with words nobody knows."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from holdfast.simexchange.faults.armed import Faults, Scene
from holdfast.simexchange.faults.entries import Fault
from holdfast.simexchange.faults.kinds import FaultKind, Occasion
from holdfast.simexchange.payloads.feed import MICROSECOND_NS

if TYPE_CHECKING:
    from holdfast.simexchange.futures.model import FuturesFact
    from holdfast.simexchange.model import AccountFact
    from holdfast.simexchange.timetable import Timetable
    from holdfast.simexchange.userdata import Subscription

Json = dict[str, object]
UNKNOWN_TEXT = "HOLDFAST_UNKNOWN"
UNKNOWN_EVENT = "holdfastUnknownEvent"


class UserFaults:
    """Bring account events to their listeners, with what befalls them on the way."""

    def __init__(self, faults: Faults, timetable: "Timetable") -> None:
        self._faults = faults
        self._timetable = timetable
        self._held: list[Callable[[], None]] = []

    def publish(
        self,
        account: str,
        fact: "AccountFact | FuturesFact",
        *,
        listeners: "Sequence[Subscription]",
    ) -> None:
        """Send what a fact means to the listeners of one account; each event is drawn for."""
        symbol = _symbol(fact)
        for product in dict.fromkeys(one.product for one in listeners):
            concerned = [one for one in listeners if one.product == product]
            scene = Scene(account=account, symbol=symbol, product=product)
            if self._faults.strikes(FaultKind.MICROSECOND_STAMPS, scene):
                told = [(one, _in_microseconds(one, fact)) for one in concerned]
            else:
                told = [(one, one.events(fact)) for one in concerned]
            for number in range(max(len(events) for _, events in told)):
                each = [(one, events[number]) for one, events in told if number < len(events)]
                scene.stream = str(each[0][1].get("e", ""))
                self._pass(scene, each)

    def _pass(self, scene: Scene, each: "list[tuple[Subscription, Json]]") -> None:
        faults = self._faults
        if self._is_lost(scene, each):
            return
        changed = faults.drawn(FaultKind.USER_ENUM_UNKNOWN, scene)
        if changed is not None:
            each = [(one, _with_unknown(event, changed)) for one, event in each]
        if faults.strikes(FaultKind.USER_EVENT_UNKNOWN, scene):
            for subscription, event in each:
                subscription.push({"e": UNKNOWN_EVENT, "E": event.get("E"), "z": [1, {}]})
        times = 2 if faults.strikes(FaultKind.DUPLICATE_USER_EVENT, scene) else 1

        def send() -> None:
            for subscription, event in each:
                for _ in range(times):
                    subscription.push(event)

        self._send(scene, send)

    def _is_lost(self, scene: Scene, each: "list[tuple[Subscription, Json]]") -> bool:
        faults = self._faults
        if faults.strikes(FaultKind.USER_STREAM_SILENT, scene):
            return True
        if faults.strikes(FaultKind.DISCONNECT_USER, scene):
            for subscription, _ in each:
                subscription.connection.abort()
            return True
        return faults.strikes(FaultKind.USER_EVENT_DROPPED, scene)

    def _send(self, scene: Scene, send: Callable[[], None]) -> None:
        delayed = self._faults.drawn(FaultKind.USER_EVENT_DELAYED, scene)
        if delayed is not None:
            self._timetable.after(delayed.delay_ns, send)
            return
        swapped = self._faults.drawn(FaultKind.USER_EVENTS_REORDERED, scene)
        if swapped is not None:
            self._held.append(send)
            self._faults.hold(Occasion.USER, holds=True)
            self._timetable.after(swapped.delay_ns, self._release)
            return
        send()
        self._release()

    def _release(self) -> None:
        if not self._held:
            return
        held, self._held = self._held, []
        self._faults.hold(Occasion.USER, holds=False)
        for send in held:
            send()


def _in_microseconds(
    subscription: "Subscription", fact: "AccountFact | FuturesFact"
) -> list[Json]:
    unit_ns, subscription.unit_ns = subscription.unit_ns, MICROSECOND_NS
    try:
        return subscription.events(fact)
    finally:
        subscription.unit_ns = unit_ns


def _with_unknown(event: Json, changed: Fault) -> Json:
    """Put a word into an event that no document lists; `x`, the execution type, by default."""
    name, value = changed.field or "x", changed.value or UNKNOWN_TEXT
    inner = event.get("o")
    if name not in event and isinstance(inner, dict):
        return event | {"o": inner | {name: value}}
    return event | {name: value}


def _symbol(fact: "AccountFact | FuturesFact") -> str:
    order = getattr(fact, "order", None)
    symbol = getattr(fact if order is None else order, "symbol", "")
    return symbol if isinstance(symbol, str) else ""
