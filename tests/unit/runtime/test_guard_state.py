"""What people see of the guards: countdowns, lost ways, breakers, status (XCH-4, XCH-7)."""

from holdfast.domain import events as ev
from holdfast.runtime.guard_state import GuardState


def after(*events: ev.Event) -> GuardState:
    state = GuardState()
    for event in events:
        state.apply(event)
    return state


def test_the_countdown_is_shown_with_its_symbols_until_it_is_ended() -> None:
    armed = (ev.DeadManArmed("ETHUSDT", 120_000), ev.DeadManArmed("BTCUSDT", 120_000))
    assert after(*armed).guarded == "dead man 120 s on BTCUSDT, ETHUSDT"
    ended = ev.DeadManDisarmed("BTCUSDT", "nothing rests")
    assert after(*armed, ended).guarded == "dead man 120 s on ETHUSDT"
    assert after().guarded == ""


def test_what_is_lost_open_or_in_maintenance_is_shown_until_it_is_well_again() -> None:
    troubles = (
        ev.ConnectionLapsed("the user stream", 60, 2),
        ev.BreakerChanged("entries", "open", "5 failures in a row"),
        ev.VenueStatusChanged(is_normal=False, status="upgrade"),
    )
    assert after(*troubles).troubles == [
        "the user stream is lost",
        "breaker of entries open: 5 failures in a row",
        "the venue is in maintenance: upgrade",
    ]
    well = (
        ev.ConnectionRestored("the user stream", 70),
        ev.BreakerChanged("entries", "closed", "a call was answered"),
        ev.VenueStatusChanged(is_normal=True, status="normal"),
    )
    assert after(*troubles, *well).troubles == []


def test_another_run_begins_without_the_troubles_of_the_one_before() -> None:
    begun = ev.RunStarted("paper", 1, [], [], "1", [])
    state = after(ev.ConnectionLapsed("x", 1, 0), ev.DeadManArmed("BTCUSDT", 1_000), begun)
    assert (state.guarded, state.troubles) == ("", [])
