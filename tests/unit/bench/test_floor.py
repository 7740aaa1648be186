"""The stub of the exchange and the floor: built, they answer each tick with one order."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.stub import SOURCES, Client, Cores, Exchange

ANYWHERE = Cores(-1, -1, -1)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    subprocess.run(
        ["make", "-s", "-C", SOURCES, f"OUT={tmp_path}", f"CC={compiler}"], check=True
    )
    return tmp_path


@pytest.fixture
def exchange(built: Path) -> Iterator[Exchange]:
    stub = Exchange(built, ANYWHERE, clients=1)
    yield stub
    stub.close()


@pytest.mark.parametrize("way", [[], ["poll"]], ids=["blocking", "polling"])
def test_every_tick_is_answered_by_an_order(
    built: Path, exchange: Exchange, way: list[str]
) -> None:
    with Client([str(built / "client"), "{port}", *way], exchange, number=0, core=-1):
        taken = exchange.run(0, 20)
    assert len(taken) == 20
    assert min(taken) > 0


def test_ticks_without_a_client_are_told_as_lost_and_not_waited_for(exchange: Exchange) -> None:
    assert exchange.run(0, 5) == [-1] * 5


def test_a_client_that_was_stopped_answers_again_when_it_goes_on(
    built: Path, exchange: Exchange
) -> None:
    with Client([str(built / "client"), "{port}", "poll"], exchange, number=0, core=-1) as it:
        it.pause()
        it.resume()
        assert min(exchange.run(0, 5)) > 0
