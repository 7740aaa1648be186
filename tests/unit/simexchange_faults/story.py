"""What the stories of faults share: which kinds they prove, and how to ask the venue."""

from collections.abc import Callable
from typing import Any, TypeVar

from holdfast.simexchange.faults import Fault, FaultKind
from tests.unit.simexchange_wire.venue_kit import (
    START_NS,
    Client,
    Socket,
    signed_params,
)

START_MS = START_NS // 10**6
SOON_S = 5
Story = TypeVar("Story", bound=Callable[..., None])
PROVEN: dict[FaultKind, str] = {}


def proves(*kinds: FaultKind) -> Callable[[Story], Story]:
    """Note which kinds a test strikes."""

    def note(story: Story) -> Story:
        for kind in kinds:
            PROVEN[kind] = story.__name__
        return story

    return note


def fault(kind: FaultKind, **settings: Any) -> Fault:
    """Make an entry."""
    return Fault(kind=kind, **settings)


def order(**changed: object) -> dict[str, object]:
    """Sign a new order far from the market."""
    wanted = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
        "quantity": "0.01", "price": "49000", "timestamp": START_MS,
    }  # fmt: skip
    return signed_params(**(wanted | changed))


async def subscribed(client: Client) -> Socket:
    """Listen to the demonstration account."""
    socket = await client.open("/ws-api/v3")
    reply = await socket.call(
        "userDataStream.subscribe.signature", **signed_params(timestamp=START_MS)
    )
    assert reply["status"] == 200
    return socket


async def happened(client: Client) -> dict[str, int]:
    """Ask what has struck, and how often."""
    return dict((await client.get("/sim/faults"))["happened"])


async def truth(client: Client) -> Any:
    """Ask for the venue's own account."""
    return await client.get("/sim/truth")


async def open_count(client: Client) -> int:
    """Count what rests."""
    return len((await truth(client))["open_order_ids"])


async def post(client: Client, path: str, body: object) -> Any:
    """Send JSON to the admin endpoint."""
    async with client.session.post(client.rest + path, json=body) as response:
        client.status = response.status
        return await response.json(content_type=None)


async def do(client: Client, kind: FaultKind, **settings: object) -> Any:
    """Let something happen at once, and hold that it did."""
    done = await post(client, "/sim/do", {"kind": kind.value, **settings})
    assert client.status == 200, done
    return done


async def drained(socket: Socket) -> list[Any]:
    """Read until the connection is gone."""
    found = []
    while (message := await socket.next()) is not None:
        found.append(message)
    return found
