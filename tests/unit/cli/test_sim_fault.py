"""`holdfast sim fault`: faults of an exchange that runs, armed and disarmed by hand."""

import asyncio
import json
from typing import Any

import pytest

from holdfast.cli.main import main
from tests.unit.simexchange_wire.venue_kit import Client, open_venue, run


class Shell:
    """Run commands against an exchange of this process."""

    def __init__(self, client: Client, capsys: pytest.CaptureFixture[str]) -> None:
        self._url = client.rest
        self._capsys = capsys

    async def __call__(self, *words: str, code: int = 0) -> str:
        """Run one; hold its exit code; give what it wrote."""
        command = ["sim", "fault", *words, "--url", self._url]
        found = await asyncio.to_thread(main, command)
        written = self._capsys.readouterr()
        assert found == code, written.err
        return written.err if code else written.out


def test_a_fault_is_armed_listed_struck_and_cleared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def story() -> None:
        async with open_venue() as client:
            shell = Shell(client, capsys)
            added = ("add", "order_503", "count=2", "probability=1.0", "account=demo")
            assert await shell(*added) == "armed order_503 as 1\n"
            await shell("add", "depth_gap", "count=0")
            await client.order()
            assert client.status == 503
            table = (await shell("list")).splitlines()
            assert table[0].split() == ["id", "kind", "struck", "remaining"]
            assert table[1].split() == ["1", "order_503", "1", "1"]
            assert table[2].split() == ["2", "depth_gap", "0", "no", "end"]
            assert table[3] == "happened: order_503 1"
            assert await shell("clear", "1") == "disarmed 1\n"
            assert await shell("clear") == "disarmed 1\n"
            shown: dict[str, Any] = json.loads(await shell("list", "--json"))
            assert shown == {"faults": [], "happened": {"order_503": 1}}

    run(story())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "order_530"), "'order_530' is no kind of fault; near it: order_503"),
        (("do", "adl", "simbol=BTCUSDT"), "'simbol' is no setting of a fault; near it: symbol"),
        (("add", "zzz"), "'zzz' is no kind of fault; docs/simulated-exchange.md lists them"),
    ],
)
def test_a_slip_of_the_finger_is_one_short_line_with_what_is_near(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert main(["sim", "fault", *words, "--url", "http://127.0.0.1:1"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line
    assert len(line) < 100


def test_something_is_done_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    async def story() -> None:
        async with open_venue() as client:
            shell = Shell(client, capsys)
            done = await shell("do", "filter_change", "symbol=BTCUSDT", "rules.tick=0.5")
            assert json.loads(done)["changed"] == {"tick": [0.01, 0.5]}
            assert (await client.order(price="49000.01"))["code"] == -1013

    run(story())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "earthquake"), 2, "earthquake"),
        (("add", "order_503", "count=many"), 2, "count 'many' is no number"),
        (("add", "order_503", "count"), 2, "NAME=VALUE"),
        (("add", "order_503", "count=1", "count=2"), 2, "twice"),
        (("clear", "x"), 2, "no number of a fault"),
        (("clear", "77"), 2, "no fault '77'"),
        (("do", "deposit"), 2, "needs account"),
    ],
)
def test_bad_input_is_one_clear_line(
    words: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        async with open_venue() as client:
            errors = await Shell(client, capsys)(*words, code=code)
            assert said in errors
            assert errors.count("\n") == 1

    run(story())


@pytest.mark.parametrize(
    ("url", "code"), [("http://127.0.0.1:1", 1), ("ftp://x:1", 2), ("http://[", 2), ("x", 2)]
)
def test_no_exchange_is_one_clear_line(
    url: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sim", "fault", "list", "--url", url]) == code
    assert capsys.readouterr().err.count("\n") == 1
