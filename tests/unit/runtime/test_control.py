"""The one command layer: recorded with its actor, and acting once for a key."""

from holdfast.domain import events as ev
from holdfast.domain.events import CommandReceived
from holdfast.domain.intent import Buy
from holdfast.runtime.commands import (
    Answer,
    CancelAll,
    Command,
    Pause,
    Release,
    Request,
    Resume,
    Stop,
)
from holdfast.runtime.control import Control
from holdfast.runtime.state import COMMAND_KEYS_KEPT
from tests.unit.runtime.kit import Floor, Watcher


class Room:
    """A floor with one resting order, and the commands to it."""

    def __init__(self) -> None:
        self.one = Watcher()
        self.floor = Floor(one=self.one).open()
        self.stops: list[str] = []
        self.control = Control(
            self.floor.trader,
            recorder=self.floor.node.recorder,
            clock=self.floor.clock,
            stop=self.stops.append,
            release=lambda scope, _: "quarantine" if scope == "BTCUSDT" else "",
        )
        self.ask()
        self.floor.commit()

    def ask(self) -> None:
        """Have the strategy wish for a bid."""
        traded = self.floor.traded
        self.one.wishes = [Buy(traded.symbol, traded.quantity("1"), traded.price("99"))]
        self.floor.top("100.00", f"100.{self.floor.market.update_id % 80 + 10}")

    def execute(self, command: Command) -> Answer:
        return self.control.execute(Request(command, "ann (uid 1, pid 2)"))


def test_a_release_is_journaled_and_what_has_nothing_to_release_is_refused() -> None:
    room = Room()
    told = room.execute(Release(reason="seen", idempotency_key="1", scope="BTCUSDT"))
    assert (told.ok, told.outcome) == (True, "BTCUSDT released (quarantine)")
    assert room.floor.written(CommandReceived)[-1].verb == "release"
    other = room.execute(Release(reason="seen", idempotency_key="2", scope="ETHUSDT"))
    assert (other.ok, other.outcome) == (False, "nothing of 'ETHUSDT' is to release")


def test_a_pause_keeps_new_risk_out_until_the_resume() -> None:
    room = Room()
    assert room.execute(Pause(reason="lunch", idempotency_key="1")).ok
    room.ask()
    room.floor.commit()
    assert len(room.floor.entry.submitted) == 1
    assert room.execute(Resume(reason="back", idempotency_key="2")).ok
    room.ask()
    room.floor.commit()
    assert len(room.floor.entry.submitted) == 2
    received = room.floor.written(ev.CommandReceived)
    assert [(e.verb, e.reason, e.actor) for e in received] == [
        ("pause", "lunch", "ann (uid 1, pid 2)"),
        ("resume", "back", "ann (uid 1, pid 2)"),
    ]


def test_scopes_are_the_account_strategies_and_symbols() -> None:
    room = Room()
    for number, scope in enumerate(("account", "one", "BTCUSDT")):
        command = Pause(reason="x", idempotency_key=str(number), scope=scope)
        assert room.execute(command).ok
    answer = room.execute(Pause(reason="x", idempotency_key="9", scope="nobody"))
    assert answer == Answer(
        ok=False, outcome="no scope 'nobody'; there is BTCUSDT, account, one"
    )
    assert len(room.floor.written(ev.CommandReceived)) == 3


def test_a_repeated_key_acts_once_and_a_refused_command_uses_no_key() -> None:
    room = Room()
    refused = Pause(reason="x", idempotency_key="k", scope="nobody")
    assert not room.execute(refused).ok
    first = room.execute(CancelAll(reason="x", idempotency_key="k"))
    again = room.execute(CancelAll(reason="x", idempotency_key="k"))
    assert (first.ok, first.repeated) == (True, False)
    assert again == Answer(ok=True, outcome=first.outcome, repeated=True)
    assert len(room.floor.entry.canceled) == 1
    assert len(room.floor.written(ev.CommandReceived)) == 1


def test_a_cancel_says_how_many_orders_it_took() -> None:
    room = Room()
    answer = room.execute(CancelAll(reason="clear", idempotency_key="1"))
    assert answer.outcome == "cancel sent for 1 order"
    assert [e.reason for e in room.floor.written(ev.CancelRequested)] == ["commanded: clear"]


def test_a_stop_is_recorded_before_it_stops() -> None:
    room = Room()
    assert room.execute(Stop(reason="enough", idempotency_key="1")).ok
    assert room.stops == ["stopped by ann (uid 1, pid 2): enough"]
    assert room.floor.written(ev.CommandReceived)[-1].verb == "stop"
    room.execute(Stop(reason="enough", idempotency_key="1"))
    assert len(room.stops) == 1


def test_the_newest_keys_are_remembered_and_no_more() -> None:
    room = Room()
    keys = room.floor.node.state.command_keys
    for number in range(COMMAND_KEYS_KEPT + 50):
        room.execute(Resume(reason="x", idempotency_key=str(number)))
    assert len(keys) == COMMAND_KEYS_KEPT
    assert str(COMMAND_KEYS_KEPT + 49) in keys
    assert "0" not in keys


def test_a_key_stands_for_one_command_and_no_other() -> None:
    room = Room()
    assert room.execute(Pause(reason="lunch", idempotency_key="k")).ok
    for other in (
        Resume(reason="lunch", idempotency_key="k"),
        Pause(reason="lunch", idempotency_key="k", scope="one"),
    ):
        answer = room.execute(other)
        assert not answer.ok
        assert "key 'k' was used for another command (pause: account paused" in answer.outcome
    assert room.execute(Pause(reason="said anew", idempotency_key="k")).repeated
    assert len(room.floor.written(ev.CommandReceived)) == 1
