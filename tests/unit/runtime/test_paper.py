"""A run in paper mode that cannot go on: which failure it ends with, and what it says."""

import asyncio
from pathlib import Path

import pytest

from holdfast.domain.instant import NS_PER_S
from holdfast.errors import HoldfastError, InvariantBroken, JournalError, VenueUnavailable
from holdfast.journal.chain import Head
from holdfast.runtime.commands import Pause, Request
from holdfast.runtime.config import Config, VenueEntry
from holdfast.runtime.options import RunOptions
from holdfast.runtime.paper import PaperGround, check_time
from holdfast.runtime.session import Session

NOWHERE = "http://127.0.0.1:1"


def no_part(*_: object, **__: object) -> object:
    """Stand where the run must not come to."""
    raise AssertionError("it went on")


def ended() -> Session:
    """Make a run whose venue did not answer."""
    config, options = Config(venue=VenueEntry(url=NOWHERE)), RunOptions()
    return Session(
        config,
        options,
        node_of=no_part,  # type: ignore[arg-type]
        prepare=PaperGround(config, options, speed=1.0).prepare,
    )


async def begin(run: Session) -> None:
    with pytest.raises(VenueUnavailable, match="no simulated exchange answers"):
        await run.trade(
            no_part,  # type: ignore[arg-type]
            socket=Path("none.sock"),
            plain=True,
            show=False,
        )


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ValueError("two"), InvariantBroken, "Exception in callback: ValueError: two"),
        (VenueUnavailable("gone"), VenueUnavailable, "gone"),
    ],
)
def test_what_nobody_took_ends_the_run(
    error: Exception, kind: type[HoldfastError], words: str
) -> None:
    async def story() -> None:
        run = ended()
        await begin(run)
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "Exception in callback", "exception": error})
        assert type(run._failure) is kind
        assert words in str(run._failure)
        assert run._stop.done()

    asyncio.run(story())


def test_the_first_failure_stands_and_a_notice_without_an_error_is_none() -> None:
    async def story() -> None:
        run = ended()
        await begin(run)
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "a socket was closed twice"})
        assert run._failure is None
        run.fail(VenueUnavailable("first"))
        run.fail(VenueUnavailable("second"))
        assert str(run._failure) == "first"

    asyncio.run(story())


def test_an_exchange_that_is_gone_says_why_itself() -> None:
    async def story() -> None:
        run = ended()
        await begin(run)
        run.fail(VenueUnavailable("a connection was refused"))
        run.lose_exchange(VenueUnavailable("the exchange ended by itself"))
        assert str(run._failure) == "the exchange ended by itself"
        assert run._is_gone

    asyncio.run(story())


def test_a_stop_may_be_said_twice_and_the_second_does_not_wait() -> None:
    async def story() -> None:
        run = ended()
        await begin(run)
        run.stop("SIGINT received")
        assert not run._hurry.done()
        run.stop("SIGINT received")
        run.stop("SIGINT received")
        assert run._hurry.done()
        assert run._stop.result() == "SIGINT received"

    asyncio.run(story())


def test_before_there_is_a_trader_a_command_is_refused() -> None:
    answer = ended()._command(Request(Pause(reason="x", idempotency_key="k"), "me"))
    assert not answer.ok
    assert "ask again" in answer.outcome


def test_an_exchange_whose_time_is_before_the_journals_is_not_the_one_that_it_traded_on() -> (
    None
):
    head = Head(9, b"", 1, 1_700_000_060 * NS_PER_S)
    check_time(head, head.recorded_at_ns, mode="paper")
    check_time(head, head.recorded_at_ns - 1, mode="replay")
    check_time(Head(0, b"", 0, 0), 0, mode="")
    with pytest.raises(
        JournalError, match=r"22:13:20Z, before .* 2023-11-14T22:14:20Z"
    ) as caught:
        check_time(head, head.recorded_at_ns - 60 * NS_PER_S, mode="paper")
    assert "--venue-url" in str(caught.value)
