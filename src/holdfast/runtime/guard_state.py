"""What the guards of a trader have done, as a fold of the journal, for people to see."""

from holdfast.domain import events as ev
from holdfast.domain.events import Event
from holdfast.traffic.breaker import BreakerState


class GuardState:
    """Dead man's switch, lost ways, breakers and the venue's status, as of the last event."""

    def __init__(self) -> None:
        self._begin()

    def apply(self, event: Event) -> None:
        """Fold one event; kinds that do not concern the guards change nothing."""
        match event:
            case ev.RunStarted():
                self._begin()
            case ev.DeadManArmed():
                self._armed[event.symbol] = event.countdown_ms
            case ev.DeadManDisarmed():
                self._armed.pop(event.symbol, None)
            case ev.ConnectionLapsed():
                self._lost.add(event.what)
            case ev.ConnectionRestored():
                self._lost.discard(event.what)
            case ev.BreakerChanged():
                self._breakers.pop(event.endpoint_class, None)
                if event.state != BreakerState.CLOSED.value:
                    self._breakers[event.endpoint_class] = event.reason
            case ev.VenueStatusChanged():
                self._status = "" if event.is_normal else event.status
            case _:
                pass

    def _begin(self) -> None:
        """Know nothing: another trader's guards are gone with it."""
        self._armed: dict[str, int] = {}
        self._lost: set[str] = set()
        self._breakers: dict[str, str] = {}
        self._status = ""

    @property
    def guarded(self) -> str:
        """Say what the venue's countdown guards; empty when nothing."""
        if not self._armed:
            return ""
        seconds = max(self._armed.values()) / 1_000
        return f"dead man {seconds:g} s on {', '.join(sorted(self._armed))}"

    @property
    def troubles(self) -> list[str]:
        """Say what is not as it should be, one line each."""
        lines = [f"{what} is lost" for what in sorted(self._lost)]
        lines += [
            f"breaker of {name} open: {why}" for name, why in sorted(self._breakers.items())
        ]
        return lines + (
            [f"the venue is in maintenance: {self._status}"] if self._status else []
        )
