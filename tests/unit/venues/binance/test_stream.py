"""A standing socket: it opens again, says so, and leaves old connections behind (XCH-2)."""

import asyncio
import time
from collections.abc import Callable

import pytest

from holdfast.domain.ports import WebSocketListener
from holdfast.domain.venue import Pingable
from holdfast.errors import VenueUnavailable
from holdfast.testing.network import FakeNetwork, FakeWebSocket
from holdfast.venues.binance.doors import FAILURES_A_DOOR, WAY_BACK_NS, Doors
from holdfast.venues.binance.options import Rotation
from holdfast.venues.binance.overlap import Verdict
from holdfast.venues.binance.stream import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    MOST_HASTY,
    STEADY_NS,
    StandingSocket,
    pause_s,
)
from tests.unit.venues.binance.sinks import turn, until


class Owner:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.story: list[str] = []
        self.reopened = asyncio.Event()
        self.pings: list[tuple[Pingable, bytes]] = []

    def on_open(self) -> None:
        self.story.append("open")
        if len(self.story) > 1:
            self.reopened.set()

    def on_text(self, frame: memoryview) -> None:
        self.story.append(bytes(frame).decode())

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        self.pings.append((connection, payload))

    def on_lost(self, reason: str) -> None:
        self.story.append(f"lost: {reason}")


def doors(*urls: str, way_back_ns: int = WAY_BACK_NS) -> Doors:
    return Doors(urls, monotonic_ns=time.monotonic_ns, way_back_ns=way_back_ns)


def standing(network: FakeNetwork, owner: Owner, *, silence_s: float = 0.0) -> StandingSocket:
    return StandingSocket(
        network,
        doors("wss://venue/ws"),
        owner=owner,
        jitter=lambda: 0.0,
        gate=Gatekeeper(silence_s),
    )


class Gatekeeper:
    """Lets in unless it was told to wait, and counts."""

    def __init__(self, silence_limit_s: float = 0.0) -> None:
        self.silence_limit_s = silence_limit_s
        self.to_wait_s = 0.0
        self.entered_count = 0
        self.refusals: list[Exception] = []

    def wait_s(self) -> float:
        return self.to_wait_s

    def entered(self) -> None:
        self.entered_count += 1

    def refused(self, error: Exception) -> None:
        self.refusals.append(error)


def test_pauses_double_up_to_a_bound_and_are_jittered_down_to_nothing() -> None:
    assert [pause_s(n, 1.0) for n in range(3)] == [
        FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S,
    ]  # fmt: skip
    assert pause_s(10_000, 1.0) == LONGEST_PAUSE_S
    assert pause_s(5, 0.0) == 0.0


def test_a_first_connection_that_fails_is_one_clear_line() -> None:
    async def story() -> None:
        network = FakeNetwork()
        network.refusals = 1
        with pytest.raises(VenueUnavailable, match="wss://venue/ws: no connection"):
            await standing(network, Owner()).open()

    asyncio.run(story())


def test_a_lost_connection_is_told_and_opened_again_after_failures() -> None:
    async def story() -> None:
        network, owner = FakeNetwork(), Owner()
        socket = standing(network, owner)
        await socket.open()
        network.sockets[0].receive("one")
        network.refusals = 3
        network.sockets[0].drop("reset")
        assert not socket.is_open
        await turn(40)
        assert socket.is_open
        network.sockets[1].receive("two")
        assert owner.story == ["open", "one", "lost: reset", "open", "two"]
        await socket.close()

    asyncio.run(story())


def test_a_connection_that_ends_before_it_is_used_is_replaced_once() -> None:
    class Hasty(Owner):
        def on_open(self) -> None:
            super().on_open()
            if len(network.sockets) == 2:
                network.sockets[-1].drop("at once")
                raise ConnectionError("nothing was written")

    network = FakeNetwork()

    async def story() -> None:
        owner = Hasty()
        socket = standing(network, owner)
        await socket.open()
        network.sockets[0].drop("reset")
        await turn(60)
        assert owner.story == ["open", "lost: reset", "open", "lost: at once", "open"]
        assert [made.is_open for made in network.sockets] == [False, False, True]
        await socket.close()

    asyncio.run(story())


def test_nothing_that_an_old_connection_says_counts() -> None:
    async def story() -> None:
        network, owner = FakeNetwork(), Owner()
        socket = standing(network, owner)
        await socket.open()
        socket.reopen("asked to")
        await turn()
        network.sockets[0].drop("late")
        assert owner.story == ["open", "lost: asked to", "open"]
        assert not network.sockets[0].is_open
        assert socket.is_open
        await socket.close()

    asyncio.run(story())


def test_a_message_cannot_be_written_while_there_is_no_connection() -> None:
    async def story() -> None:
        network = FakeNetwork()
        socket = standing(network, Owner())
        with pytest.raises(ConnectionError):
            socket.send(b"x")
        await socket.open()
        socket.send(b"x")
        assert network.sockets[0].sent == [b"x"]
        await socket.close()
        with pytest.raises(ConnectionError):
            socket.send(b"y")

    asyncio.run(story())


def test_a_ping_is_answered_on_the_connection_it_came_from() -> None:
    async def story() -> None:
        network, owner = FakeNetwork(), Owner()
        socket = standing(network, owner)
        await socket.open()
        network.sockets[0].ping(b"17")
        socket.reopen("asked to")
        await turn()
        connection, payload = owner.pings[0]
        connection.pong(payload)
        assert network.sockets[1].pongs == []
        await socket.close()

    asyncio.run(story())


def test_a_silent_connection_is_cut_and_a_pinged_one_is_not() -> None:
    async def story() -> None:
        network, owner = FakeNetwork(), Owner()
        socket = standing(network, owner, silence_s=0.02)
        await socket.open()
        for _ in range(6):
            network.sockets[0].ping(b"alive")
            await asyncio.sleep(0.01)
        assert len(network.sockets) == 1
        async with asyncio.timeout(5):
            await owner.reopened.wait()
        assert owner.story[1] == "lost: silent for 0.02 s"
        await socket.close()

    asyncio.run(story())


def test_no_connection_is_tried_while_the_venue_wants_none() -> None:
    async def story() -> None:
        network, owner, gate = FakeNetwork(), Owner(), Gatekeeper()
        socket = StandingSocket(
            network, doors("wss://venue/ws"), owner=owner, jitter=lambda: 0.0, gate=gate
        )
        await socket.open()
        gate.to_wait_s = 0.01
        network.sockets[0].drop("banned")
        await asyncio.sleep(0.05)
        assert gate.entered_count == len(network.sockets) == 1
        gate.to_wait_s = 0.0
        await until(lambda: socket.is_open)
        network.refusals = 1
        network.sockets[1].drop("again")
        await until(lambda: socket.is_open)
        assert gate.entered_count == 4
        assert [str(error) for error in gate.refusals] == ["refused by the test"]
        gate.to_wait_s = 1.0
        with pytest.raises(VenueUnavailable, match="asked us to wait"):
            await StandingSocket(
                network, doors("wss://venue/ws"), owner=owner, jitter=lambda: 0.0, gate=gate
            ).open()
        await socket.close()

    asyncio.run(story())


def test_connections_that_work_and_do_not_last_are_opened_ever_more_seldom() -> None:
    pauses: list[float] = []

    def jitter() -> float:
        pauses.append(0.0)
        return 0.0

    async def story() -> None:
        network, owner = FakeNetwork(), Owner()
        elapsed_ns = [0]
        ways = Doors(["wss://venue/ws"], monotonic_ns=lambda: elapsed_ns[0])
        socket = StandingSocket(network, ways, owner=owner, jitter=jitter, gate=Gatekeeper())
        await socket.open()
        attempts = []
        for number in range(MOST_HASTY + 3):
            socket.proven()
            network.sockets[-1].drop("at once")
            await until(lambda: len(network.sockets) == number + 2)  # noqa: B023
            attempts.append(socket._attempt)
        assert attempts[:3] == [1, 2, 3]
        assert max(attempts) == MOST_HASTY + 1
        elapsed_ns[0] += STEADY_NS
        socket.proven()
        network.sockets[-1].drop("after a while")
        assert socket._attempt == 0
        await socket.close()

    asyncio.run(story())


def test_closing_twice_does_nothing_more_and_opens_nothing() -> None:
    async def story() -> None:
        network, owner = FakeNetwork(), Owner()
        socket = standing(network, owner)
        await socket.open()
        await socket.close()
        await socket.close()
        await turn()
        assert owner.story == ["open", "lost: closed"]
        assert len(network.sockets) == 1

    asyncio.run(story())


class Both(Owner):
    """An owner that hears two connections and switches when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.verdict = Verdict.WAIT

    def on_successor(self, send: Callable[[bytes], None]) -> None:
        send(b"hello")
        self.story.append("successor")

    def on_old_text(self, frame: memoryview) -> None:
        self.story.append(f"old {bytes(frame).decode()}")

    def on_new_text(self, frame: memoryview) -> None:
        self.story.append(f"new {bytes(frame).decode()}")

    def judge(self, age_s: float) -> Verdict:
        return self.verdict

    def on_switch(self, reason: str) -> None:
        self.story.append(f"switched: {reason}")

    def on_successor_lost(self) -> None:
        self.story.append("alone")


def rotating(
    network: FakeNetwork, owner: Both, urls: tuple[str, ...] = ("wss://a",), **when: float
) -> StandingSocket:
    rule = Rotation(**{"after_s": 0.0, "jitter_s": 0.0, "look_every_s": 0.001, **when})
    return StandingSocket(
        network,
        doors(*urls, way_back_ns=rule.way_back_ns),
        owner=owner,
        overlap=owner,
        rotation=rule,
        jitter=lambda: 0.0,
    )


def test_a_successor_is_heard_beside_the_old_connection_until_it_takes_over() -> None:
    async def story() -> None:
        network, owner = FakeNetwork(), Both()
        socket = rotating(network, owner)
        await socket.open()
        socket.rotate("old age")
        socket.rotate("asked twice")
        await turn()
        old, new = network.sockets
        assert new.sent == [b"hello"]
        old.receive("1")
        new.receive("1")
        owner.verdict = Verdict.SWITCH
        await until(lambda: not old.is_open)
        old.receive("too late")
        new.receive("2")
        socket.send(b"x")
        assert new.sent == [b"hello", b"x"]
        assert owner.story == ["open", "successor", "old 1", "new 1", "switched: old age", "2"]
        await socket.close()

    asyncio.run(story())


def test_an_old_connection_that_is_cut_meanwhile_leaves_the_successor_at_once() -> None:
    async def story() -> None:
        network, owner = FakeNetwork(), Both()
        socket = rotating(network, owner)
        await socket.open()
        socket.rotate("old age")
        await turn()
        network.sockets[0].drop("24 h")
        network.sockets[1].receive("1")
        assert owner.story == ["open", "successor", "switched: 24 h", "1"]
        await socket.close()

    asyncio.run(story())


def test_a_successor_that_ends_or_is_mute_is_replaced_while_the_old_one_goes_on() -> None:
    async def story() -> None:
        network, owner = FakeNetwork(), Both()
        socket = rotating(network, owner)
        await socket.open()
        socket.rotate("old age")
        await turn()
        network.sockets[1].drop("reset")
        network.sockets[0].receive("1")
        await until(lambda: len(network.sockets) == 3)
        owner.verdict = Verdict.ABANDON
        await until(lambda: not network.sockets[2].is_open)
        owner.verdict = Verdict.SWITCH
        await until(lambda: len(network.sockets) == 4 and not network.sockets[0].is_open)
        assert owner.story == [
            "open", "successor", "alone", "1", "successor", "alone", "successor",
            "switched: old age",
        ]  # fmt: skip
        await socket.close()

    asyncio.run(story())


def test_a_cut_while_the_successor_is_still_opened_ends_in_one_connection() -> None:
    class Slow(FakeNetwork):
        gate: asyncio.Event | None = None

        async def websocket(self, url: str, listener: WebSocketListener) -> FakeWebSocket:
            made = await super().websocket(url, listener)
            if len(self.sockets) == 2 and self.gate is not None:
                await self.gate.wait()
            return made

    async def story() -> None:
        network, owner = Slow(), Both()
        network.gate = asyncio.Event()
        owner.verdict = Verdict.SWITCH
        socket = rotating(network, owner)
        await socket.open()
        socket.rotate("old age")
        await turn()
        network.sockets[0].drop("24 h")
        await until(lambda: len(network.sockets) == 3)
        network.gate.set()
        await asyncio.sleep(0.05)
        assert sum(made.is_open for made in network.sockets) == 1
        assert owner.story[:3] == ["open", "lost: 24 h", "open"]
        await socket.close()
        assert not any(made.is_open for made in network.sockets)

    asyncio.run(story())


def test_a_connection_is_replaced_at_its_age_again_and_again() -> None:
    async def story() -> None:
        network, owner = FakeNetwork(), Both()
        owner.verdict = Verdict.SWITCH
        socket = rotating(network, owner, after_s=0.01)
        await socket.open()
        await until(lambda: len(network.sockets) >= 4)
        assert not any("lost" in line for line in owner.story)
        await socket.close()

    asyncio.run(story())


def test_after_failures_the_next_door_is_taken_and_the_first_one_tried_again() -> None:
    async def story() -> None:
        network, owner = FakeNetwork(), Both()
        owner.verdict = Verdict.SWITCH
        socket = rotating(network, owner, ("wss://a", "wss://b"), after_s=60, way_back_s=0.01)
        await socket.open()
        network.refusals = FAILURES_A_DOOR
        socket.proven()
        network.sockets[0].drop("reset")
        await until(lambda: len(network.sockets) == 2)
        await until(lambda: len(network.sockets) == 3 and not network.sockets[1].is_open)
        assert [made.url for made in network.sockets] == ["wss://a", "wss://b", "wss://a"]
        assert [line for line in owner.story if "lost" in line] == ["lost: reset"]
        await socket.close()

    asyncio.run(story())


def test_every_door_is_tried_before_a_first_connection_fails() -> None:
    async def story() -> None:
        network, owner = FakeNetwork(), Both()
        network.refusals = 2
        with pytest.raises(VenueUnavailable, match="no connection"):
            await rotating(network, owner, ("wss://a", "wss://b")).open()
        assert network.refusals == 0

    asyncio.run(story())
