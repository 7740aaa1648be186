"""Position mode, leverage and margin type: taken, refused in one line, or set when told to."""

import asyncio
from typing import Any

import pytest

from holdfast.domain.ids import Symbol
from holdfast.errors import ConfigError, VenueRefused
from holdfast.runtime.config import VenueEntry
from holdfast.runtime.contract_settings import agree_on_settings
from holdfast.venues.binance.contract_settings import AccountSettings, SymbolSettings

BTCUSDT = Symbol("BTCUSDT")


class Held:
    """An account's settings, and what it was told."""

    def __init__(
        self, *, is_hedged: bool = False, symbols: dict[str, Any] | None = None
    ) -> None:
        self.told: list[str] = []
        known = {BTCUSDT: SymbolSettings(20, "cross")} if symbols is None else symbols
        self._held = AccountSettings(is_hedged, known)

    async def read(self, symbols: list[Symbol]) -> AccountSettings:
        assert symbols == [BTCUSDT]
        return self._held

    async def set_hedged(self, *, is_hedged: bool) -> None:
        self.told.append(f"hedged {is_hedged}")

    async def set_leverage(self, symbol: Symbol, leverage: int) -> None:
        self.told.append(f"{symbol} {leverage}")

    async def set_margin_type(self, symbol: Symbol, margin_type: str) -> None:
        self.told.append(f"{symbol} {margin_type}")


def agree(held: Held, **wanted: Any) -> list[str]:
    entry = VenueEntry(**wanted)
    asyncio.run(agree_on_settings(held, entry, symbols=[BTCUSDT]))  # type: ignore[arg-type]
    return held.told


def test_what_is_not_wanted_otherwise_is_taken_as_it_is() -> None:
    assert agree(Held()) == []
    same = {"position_mode": "one-way", "leverage": 20, "margin_type": "cross"}
    assert agree(Held(), set_contracts=True, **same) == []


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        (
            {"position_mode": "hedge"},
            "venue.position_mode is hedge, and the account has one-way",
        ),
        ({"leverage": 5}, "venue.leverage is 5, and BTCUSDT has 20 at the venue"),
        ({"margin_type": "isolated"}, "venue.margin_type is isolated, and BTCUSDT has cross"),
    ],
)
def test_what_is_otherwise_is_refused_with_what_would_change_it(
    wanted: dict[str, Any], line: str
) -> None:
    held = Held()
    with pytest.raises(ConfigError) as caught:
        agree(held, **wanted)
    assert str(caught.value).startswith(line)
    assert "set venue.set_contracts = true" in str(caught.value)
    assert held.told == []


def test_a_hedged_account_is_no_surprise() -> None:
    with pytest.raises(ConfigError, match="is one-way, and the account has hedge at the venue"):
        agree(Held(is_hedged=True))
    assert agree(Held(is_hedged=True), position_mode="hedge") == []


def test_the_venue_is_told_when_that_is_said() -> None:
    wanted = {"position_mode": "hedge", "leverage": 5, "margin_type": "isolated"}
    told = agree(Held(), set_contracts=True, **wanted)
    assert told == ["hedged True", "BTCUSDT 5", "BTCUSDT isolated"]
    assert agree(Held(is_hedged=True), set_contracts=True, position_mode="one-way") == [
        "hedged False"
    ]


def test_a_venue_that_says_nothing_of_a_symbol_is_not_guessed_at() -> None:
    with pytest.raises(VenueRefused, match="leverage and margin of BTCUSDT"):
        agree(Held(symbols={}))
