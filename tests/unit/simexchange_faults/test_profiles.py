"""Profiles: full sends what nobody knows with everything, strict sends nothing of it."""

import json
from typing import Any

import msgspec
import pytest

from holdfast.errors import UsageError
from holdfast.simexchange.arguments import parse_day_cut, parse_profile
from holdfast.simexchange.profile import UNKNOWN_FIELD, UNKNOWN_TEXT, embellish
from tests.unit.simexchange_faults.story import order, subscribed
from tests.unit.simexchange_wire.venue_kit import open_venue, run

INFO = "/api/v3/exchangeInfo?symbol=BTCUSDT"


async def everything(profile: Any) -> list[Any]:
    """Collect one answer, event and message of each interface."""
    async with open_venue(profile=profile) as client:
        socket = await subscribed(client)
        await socket.ask("order.place", **order())
        found = [await socket.next() for _ in range(3)]
        market = await client.open("/stream?streams=btcusdt@depth/btcusdt@trade")
        found += [await market.next() for _ in range(3)]
        found.append(await client.get(INFO))
        found.append(await client.order())
        return found


def test_full_adds_fields_to_every_answer_and_message_and_strict_to_none() -> None:
    async def story() -> None:
        for message in await everything("full"):
            assert UNKNOWN_FIELD in message
        for message in await everything("strict"):
            assert "nknown" not in json.dumps(message)

    run(story())


def test_full_adds_words_that_nobody_knows_to_lists_of_words() -> None:
    async def story() -> None:
        async with open_venue(profile="full") as client:
            symbol = (await client.get(INFO))["symbols"][0]
            assert UNKNOWN_TEXT in symbol["orderTypes"]
            assert symbol["filters"][-1]["filterType"] == UNKNOWN_TEXT
            assert symbol["status"] == "TRADING"

    run(story())


def test_what_is_known_keeps_its_value() -> None:
    body = {"a": "0.10000000", "b": 2**62, "c": [["1", "2"], {"d": None}], "e": True}
    grown = msgspec.json.decode(embellish(msgspec.json.encode(body)))
    assert {name: grown[name] for name in ("a", "b", "e")} == {
        "a": "0.10000000",
        "b": 2**62,
        "e": True,
    }
    assert grown["c"][0] == ["1", "2"]
    assert grown["c"][1]["d"] is None
    for nonsense in (b"<html>", b"[" * 100_000, b'"\xff"'):
        assert embellish(nonsense) == nonsense


def test_a_profile_or_day_of_no_sense_is_a_usage_error() -> None:
    assert parse_profile("full") == "full"
    with pytest.raises(UsageError, match="strict or full"):
        parse_profile("loose")
    assert parse_day_cut(None, speed=None) == 0
    assert parse_day_cut(None, speed=1.0) == 86_400 * 10**9
    assert parse_day_cut("90s", speed=None) == 90 * 10**9
    assert parse_day_cut("none", speed=1.0) == 0
    with pytest.raises(UsageError, match="--day-cut"):
        parse_day_cut("a day", speed=1.0)
