"""Entries of faults: what they may say, when they strike, and that a seed repeats them."""

from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import ConfigError
from holdfast.simexchange.faults import (
    KINDS,
    TRAITS,
    Fault,
    FaultKind,
    Faults,
    Occasion,
    Scene,
    load_faults,
)
from holdfast.simexchange.faults.entries import check, duration_ns, instant_ns, offset_ns

GAP = FaultKind.DEPTH_GAP
SECOND_NS = 10**9


def test_a_fault_strikes_by_occasion_count_and_seed() -> None:
    faults = Faults([Fault(kind=GAP, count=2, after=3)], seed=1)
    struck = [faults.strikes(GAP) for _ in range(10)]
    assert struck == [False] * 3 + [True] * 2 + [False] * 5
    assert faults.happened == {"depth_gap": 2}
    assert not faults.strikes(FaultKind.ORDER_503)
    rare = Fault(kind=GAP, probability=0.3, count=1000)
    runs = [
        [armed.strikes(GAP) for _ in range(1000)]
        for armed in (Faults([rare], seed=seed) for seed in (1, 1, 2))
    ]
    assert runs[0] == runs[1] != runs[2]
    assert 250 < sum(runs[0]) < 350


class Hours:
    """A clock that a test moves."""

    def __init__(self, faults: Faults) -> None:
        self.now_ns = 100 * SECOND_NS
        self.timed: list[Any] = []
        faults.bind(
            start_ns=self.now_ns,
            now_ns=lambda: self.now_ns,
            lasting_now_ns=lambda: self.now_ns,
            on_timed=self.timed.append,
        )


def strikes_by_second(entry: Fault, seconds: int) -> list[int]:
    """Give the seconds after the start at which one occasion a second is struck."""
    faults = Faults([entry], seed=1)
    clock = Hours(faults)
    found = []
    for second in range(seconds):
        if faults.strikes(entry.kind):
            found.append(second)
        clock.now_ns += SECOND_NS
    return found


@pytest.mark.parametrize(
    ("settings", "struck"),
    [
        ({"from_": "3s", "count": 2}, [3, 4]),
        ({"until": "2s", "count": 0}, [0, 1]),
        ({"from_": "2s", "until": "1970-01-01T00:01:45Z", "count": 0}, [2, 3, 4]),
        ({"every": "4s", "count": 0}, [0, 4, 8]),
        ({"every": "3s", "count": 2, "after": 1}, [1, 4]),
        ({"from_": "5s", "after": 2, "count": 1}, [7]),
    ],
)
def test_a_schedule_says_when_a_fault_may_strike(
    settings: dict[str, Any], struck: list[int]
) -> None:
    assert strikes_by_second(Fault(kind=GAP, **settings), 10) == struck


def test_a_fault_that_lingers_befalls_every_occasion_of_its_time_and_strikes_once() -> None:
    entry = Fault(kind=FaultKind.MARKET_SILENT, lasts="3s", count=2, after=1)
    faults = Faults([entry], seed=1)
    clock = Hours(faults)
    found = []
    for _ in range(9):
        found.append(faults.strikes(FaultKind.MARKET_SILENT))
        clock.now_ns += SECOND_NS
    assert found == [False] + [True] * 6 + [False] * 2
    assert faults.happened == {"market_silent": 2}


def test_scopes_narrow_a_fault_and_occasions_outside_do_not_count() -> None:
    entry = Fault(
        kind=FaultKind.ORDER_503,
        account="a",
        symbol="BTCUSDT",
        endpoint="POST */order",
        after=1,
    )
    faults = Faults([entry], seed=1)
    here = Scene(account="a", symbol="BTCUSDT", endpoint="POST /api/v3/order")
    for scene in (
        Scene(account="b", symbol="BTCUSDT", endpoint="POST /api/v3/order"),
        Scene(account="a", symbol="ETHUSDT", endpoint="POST /api/v3/order"),
        Scene(account="a", symbol="BTCUSDT", endpoint="order.place"),
    ):
        assert not faults.strikes(FaultKind.ORDER_503, scene)
    assert [faults.strikes(FaultKind.ORDER_503, here) for _ in range(3)] == [False, True, False]


def test_what_has_struck_for_the_last_time_costs_nothing_any_more() -> None:
    faults = Faults([Fault(kind=GAP), Fault(kind=FaultKind.ORDER_503)], seed=1)
    others = (faults.on_user, faults.on_http, faults.on_request, faults.on_socket)
    assert not any(others)
    assert (faults.on_market, faults.on_order) == (True, True)
    faults.strikes(GAP)
    assert (faults.on_market, faults.on_order) == (False, True)
    assert faults.remove(2)
    assert not faults.remove(2)
    assert (faults.on_market, faults.on_order) == (False, False)


def test_numbers_of_entries_are_never_used_again_and_strikes_stay_the_same() -> None:
    rare = Fault(kind=GAP, probability=0.5, count=0)
    faults = Faults([rare, rare], seed=1)
    faults.remove(1)
    added = faults.add(rare)
    assert added.number == 3
    alone = Faults([rare, rare], seed=1)
    alone.remove(1)
    faults.remove(3)
    assert [faults.strikes(GAP) for _ in range(50)] == [alone.strikes(GAP) for _ in range(50)]


def test_a_fault_of_its_time_is_handed_out_when_it_is_armed() -> None:
    faults = Faults([Fault(kind=FaultKind.MAINTENANCE, from_="1h")], seed=1)
    clock = Hours(faults)
    assert [one.from_ns for one in clock.timed] == [clock.now_ns + 3600 * SECOND_NS]
    faults.add(Fault(kind=FaultKind.MAINTENANCE))
    assert len(clock.timed) == 2
    assert faults.strike_timed(clock.timed[1])
    faults.remove(2)
    assert not faults.strike_timed(clock.timed[1])


def test_the_profile_strict_arms_nothing_unknown() -> None:
    faults = Faults([], seed=1, is_full=False)
    with pytest.raises(ConfigError, match="--profile full"):
        faults.add(Fault(kind=FaultKind.USER_ENUM_UNKNOWN))
    assert faults.add(Fault(kind=GAP)).number == 1


def test_too_many_entries_are_refused() -> None:
    faults = Faults([Fault(kind=GAP)] * 1000, seed=1)
    with pytest.raises(ConfigError, match="1000 faults"):
        faults.add(Fault(kind=GAP))


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("250ms", 250 * 10**6),
        ("1.5s", 1_500_000_000),
        ("24h", 86_400 * SECOND_NS),
        ("7us", 7000),
    ],
)
def test_durations_are_exact(text: str, ns: int) -> None:
    assert duration_ns(text) == ns
    assert offset_ns("-" + text) == -ns
    assert instant_ns(text, start_ns=5) == ns + 5


def test_an_instant_is_utc_unless_it_says_otherwise() -> None:
    at_ns = 1_759_579_200 * SECOND_NS
    for text in ("2025-10-04T12:00:00", "2025-10-04T12:00:00Z", "2025-10-04T14:00:00+02:00"):
        assert instant_ns(text, start_ns=0) == at_ns


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"probability": 2.0}, "out of range"),
        ({"probability": float("nan")}, "out of range"),
        ({"count": -1}, "out of range"),
        ({"after": -1}, "out of range"),
        ({"every": "0s"}, "never end"),
        ({"every": "often"}, "no duration"),
        ({"every": "9999d"}, "366 days"),
        ({"from_": "tomorrow"}, "no time"),
        ({"from_": "5s", "until": "4s"}, "not after"),
        ({"account": "a"}, "does not take account"),
        ({"lasts": "5s"}, "does not take for"),
        ({"price": "1"}, "does not take price"),
        ({"symbol": "B" * 300}, "longer than 200"),
    ],
)
def test_an_entry_of_no_sense_is_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check(Fault(kind=GAP, **settings))


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        (FaultKind.DEPOSIT, {"account": "a", "asset": "USDT"}, "needs amount"),
        (FaultKind.DEPOSIT, {"account": "a", "asset": "X", "amount": "1e3"}, "amount"),
        (FaultKind.ORDER_5XX, {"status": 200}, "status 200"),
        (FaultKind.ORDER_PART_FILLED_EXPIRED, {"fraction": 0.0}, "fraction"),
        (FaultKind.FRAME_HUGE, {"bytes": 0}, "bytes 0"),
        (FaultKind.CLOCK_SKEW, {"offset": "fast"}, "no duration"),
        (FaultKind.MAINTENANCE, {"after": 2}, "from, not after"),
    ],
)
def test_settings_of_no_sense_are_refused(
    kind: FaultKind, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        check(Fault(kind=kind, **settings))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("f.toml", '[[fault]]\nkind = "earthquake"\n', "earthquake"),
        ("f.toml", '[[fault]]\nkind = "depth_gap"\nchance = 1\n', "chance"),
        ("f.toml", '[[fault]]\nkind = "depth_gap"\nprobability = 2.0\n', "out of range"),
        ("f.toml", '[[fault]]\nkind = "depth_gap"\nfor = "5s"\n', "does not take for"),
        ("f.toml", "[[fault]\n", "would be right"),
        ("f.json", '{"faults": []}', "faults"),
        ("f.json", "[" * 100_000, "nested"),
    ],
)
def test_a_faults_file_that_is_not_understood_is_one_clear_line(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as refused:
        load_faults(path)
    assert "\n" not in str(refused.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_faults(tmp_path / "absent.toml")


def test_a_faults_file_is_read_as_toml_and_as_json(tmp_path: Path) -> None:
    toml, json = tmp_path / "f.toml", tmp_path / "f.json"
    toml.write_text('[[fault]]\nkind = "market_silent"\nprobability = 0.5\nfor = "3s"\n')
    json.write_text('{"fault": [{"kind": "market_silent", "probability": 0.5, "for": "3s"}]}')
    assert load_faults(toml) == load_faults(json)
    assert load_faults(toml)[0].lasts_ns == 3 * SECOND_NS
    toml.write_text("")
    assert load_faults(toml) == []


def test_every_kind_has_its_traits() -> None:
    assert {kind.value for kind in TRAITS} == set(KINDS)
    names = set(Fault.__struct_fields__)
    for kind, traits in TRAITS.items():
        assert traits.occasions, kind
        assert traits.needs <= traits.takes <= names, kind
        assert not traits.lingers or traits.lasts, kind
        assert Occasion.TIME not in traits.occasions or len(traits.occasions) == 1, kind
