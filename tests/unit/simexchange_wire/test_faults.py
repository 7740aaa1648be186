"""Faults: what strikes, how often, and that the exchange's own books stay right."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from holdfast.errors import ConfigError
from holdfast.simexchange.faults import Fault, FaultKind, Faults, load_faults
from tests.unit.simexchange_wire.venue_kit import (
    START_NS,
    Client,
    Socket,
    open_venue,
    run,
    signed_params,
)

START_MS = START_NS // 10**6


def order(**changed: object) -> dict[str, object]:
    """Sign a new order far from the market."""
    wanted = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
        "quantity": "0.01", "price": "49000", "timestamp": START_MS,
    }  # fmt: skip
    return signed_params(**(wanted | changed))


async def subscribed(client: Client) -> Socket:
    socket = await client.open("/ws-api/v3")
    reply = await socket.call(
        "userDataStream.subscribe.signature", **signed_params(timestamp=START_MS)
    )
    assert reply["status"] == 200
    return socket


async def open_count(client: Client) -> int:
    return len((await client.get("/sim/truth"))["open_order_ids"])


def test_a_fault_strikes_by_occasion_count_and_seed() -> None:
    entry = Fault(kind=FaultKind.DEPTH_GAP, count=2, after=3)
    faults = Faults([entry], seed=1)
    struck = [faults.strikes(FaultKind.DEPTH_GAP) for _ in range(10)]
    assert struck == [False] * 3 + [True] * 2 + [False] * 5
    assert faults.happened == {"depth_gap": 2}
    assert not faults.strikes(FaultKind.ORDER_503)
    rare = Fault(kind=FaultKind.DEPTH_GAP, probability=0.3, count=1000)
    runs = [
        [armed.strikes(FaultKind.DEPTH_GAP) for _ in range(1000)]
        for armed in (Faults([rare], seed=seed) for seed in (1, 1, 2))
    ]
    assert runs[0] == runs[1] != runs[2]
    assert 250 < sum(runs[0]) < 350


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("f.toml", '[[fault]]\nkind = "earthquake"\n', "earthquake"),
        ("f.toml", '[[fault]]\nkind = "depth_gap"\nchance = 1\n', "chance"),
        ("f.toml", '[[fault]]\nkind = "depth_gap"\nprobability = 2.0\n', "out of range"),
        ("f.toml", "[[fault]\n", "would be right"),
        ("f.json", '{"faults": []}', "faults"),
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
    toml.write_text('[[fault]]\nkind = "order_503"\nprobability = 0.5\ncount = 3\n')
    json.write_text('{"fault": [{"kind": "order_503", "probability": 0.5, "count": 3}]}')
    assert load_faults(toml) == load_faults(json)


def test_a_lost_answer_leaves_an_order_that_lives() -> None:
    async def story() -> None:
        faults = [Fault(kind=FaultKind.ORDER_ANSWER_LOST, count=2)]
        async with open_venue(faults=faults) as client:
            with pytest.raises(aiohttp.ClientError):
                await client.order()
            assert await open_count(client) == 1
            socket = await client.open("/ws-api/v3")
            await socket.ask("order.place", **order())
            reply = await socket.call("ping")
            assert reply["status"] == 200
            assert await open_count(client) == 2

    run(story())


def test_a_1007_leaves_an_order_that_lives_and_its_event_comes() -> None:
    async def story() -> None:
        async with open_venue(faults=[Fault(kind=FaultKind.ORDER_UNKNOWN_1007)]) as client:
            socket = await subscribed(client)
            reply = await socket.call("order.place", **order())
            assert (reply["status"], reply["error"]["code"]) == (504, -1007)
            assert (await socket.next())["event"]["x"] == "NEW"
            assert await open_count(client) == 1

    run(story())


def test_a_refused_order_is_never_reported_as_unknown() -> None:
    async def story() -> None:
        async with open_venue(faults=[Fault(kind=FaultKind.ORDER_UNKNOWN_1007)]) as client:
            body = await client.order(price="0.001")
            assert body["code"] == -1013

    run(story())


def test_a_503_says_nothing_about_the_order() -> None:
    async def story() -> None:
        faults = [Fault(kind=FaultKind.ORDER_503, count=8)]
        async with open_venue(faults=faults) as client:
            for _ in range(8):
                body = await client.order()
                assert (client.status, body["code"]) == (503, -1000)
            assert 0 < await open_count(client) < 8

    run(story())


def test_a_missing_diff_shows_as_a_gap() -> None:
    async def story() -> None:
        faults = [Fault(kind=FaultKind.DEPTH_GAP, after=3)]
        async with open_venue(faults=faults) as client:
            socket = await client.open("/ws/btcusdt@depth")
            firsts = [(await socket.next())["U"] for _ in range(5)]
            assert firsts == [101, 102, 103, 105, 106]

    run(story())


def test_a_user_event_can_come_twice() -> None:
    async def story() -> None:
        faults = [Fault(kind=FaultKind.DUPLICATE_USER_EVENT)]
        async with open_venue(faults=faults) as client:
            socket = await subscribed(client)
            await socket.call("order.place", **order())
            first, second = await socket.next(), await socket.next()
            assert first == second
            assert (await socket.next())["event"]["e"] == "outboundAccountPosition"

    run(story())


def test_events_can_overtake_the_answer() -> None:
    async def story() -> None:
        faults = [Fault(kind=FaultKind.EVENT_BEFORE_ACK)]
        async with open_venue(faults=faults) as client:
            socket = await subscribed(client)
            for overtakes in (True, False):
                await socket.ask("order.place", **order())
                three = [await socket.next() for _ in range(3)]
                answered_at = [at for at, message in enumerate(three) if "id" in message]
                assert answered_at == [2 if overtakes else 0]

    run(story())


@pytest.mark.parametrize("kind", [FaultKind.DISCONNECT_USER, FaultKind.DISCONNECT_MARKET])
def test_a_connection_can_be_cut_and_opened_again(kind: FaultKind) -> None:
    async def story() -> None:
        async with open_venue(faults=[Fault(kind=kind)]) as client:
            if kind is FaultKind.DISCONNECT_USER:
                socket = await subscribed(client)
                await socket.ask("order.place", **order())
                await drained(socket)
                assert await open_count(client) == 1
                again = await subscribed(client)
                assert (await again.call("ping"))["status"] == 200
                return
            await drained(await client.open("/ws/btcusdt@trade"))
            again = await client.open("/ws/btcusdt@trade")
            assert (await again.next())["e"] == "trade"

    run(story())


async def drained(socket: Socket) -> list[Any]:
    """Read until the connection is gone."""
    found = []
    while (message := await socket.next()) is not None:
        found.append(message)
    return found
