"""A small made-up market and clients for it: what the wire tests trade on."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import aiohttp
import msgspec
import yarl
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from holdfast.simexchange.accounts import (
    DEMO_API_KEY,
    DEMO_ED25519_API_KEY,
    DEMO_ED25519_PRIVATE_KEY,
    DEMO_SECRET,
    AccountSpec,
    demonstration_account,
)
from holdfast.simexchange.arguments import ServeOptions
from holdfast.simexchange.assumptions import Assumptions, load_assumptions
from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.faults import Fault, Faults
from holdfast.simexchange.model import Depth, Record, Snapshot, SymbolRules, Ticker, Trade
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.venue import open_floor

START_NS = 1_700_000_000 * 10**9
STEP_NS = 10**8
RULES = SymbolRules(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick=E8 // 100,
    step=1000,
    min_price=E8 // 100,
    max_price=1_000_000 * E8,
    min_quantity=1000,
    max_quantity=9000 * E8,
    min_notional=5 * E8,
    first_price=50_000 * E8,
)


def assume(latency_us: int) -> Assumptions:
    """Let requests take effect this long after they arrive."""
    assumptions = load_assumptions(None)
    latency = msgspec.structs.replace(
        assumptions.latency, order_us=latency_us, cancel_us=latency_us, jitter_us=0
    )
    return msgspec.structs.replace(assumptions, latency=latency)


def levels(best: int, direction: int) -> list[tuple[int, int]]:
    """Ten levels of one coin each, a dollar apart."""
    return [((best + direction * depth) * E8, E8) for depth in range(10)]


def market_records(count: int, step_ns: int) -> Iterator[Record]:
    """A snapshot, then rounds of depth diff, ticker and trade at fixed prices."""
    yield Snapshot(START_NS, "BTCUSDT", 100, levels(49_999, -1), levels(50_001, 1))
    yield Ticker(START_NS, "BTCUSDT", 100, 49_999 * E8, E8, 50_001 * E8, E8)
    for number in range(1, count + 1):
        at_ns, update_id = START_NS + number * step_ns, 100 + number
        level = ((49_990 + number % 5) * E8, number * E8)
        yield Depth(at_ns, "BTCUSDT", update_id, update_id, 0, [level], [])
        yield Ticker(at_ns, "BTCUSDT", update_id, 49_999 * E8, E8, 50_001 * E8, E8)
        price, is_sell = (49_999, True) if number % 2 else (50_001, False)
        yield Trade(at_ns, "BTCUSDT", number, price * E8, E8 // 10, is_sell, number, number)


class MadeUpMarket:
    """What the server expects of a market."""

    def __init__(self, count: int, *, step_ns: int, rules: SymbolRules = RULES) -> None:
        self.symbols = {"BTCUSDT": rules}
        self.start_ns = START_NS
        self.notes = ["made up for a test"]
        self._count = count
        self._step_ns = step_ns

    def records(self) -> Iterator[Record]:
        return market_records(self._count, self._step_ns)


@asynccontextmanager
async def open_venue(
    *,
    speed: float | None = None,
    count: int = 50,
    faults: list[Fault] | None = None,
    accounts: list[AccountSpec] | None = None,
    window: int = 1,
    step_ns: int = STEP_NS,
    latency_us: int = 0,
    rules: SymbolRules = RULES,
    profile: Literal["strict", "full"] = "strict",
    day_cut_ns: int = 0,
) -> AsyncIterator["Client"]:
    """Serve the made-up market on a free port of this loop and yield a client."""
    market: Any = MadeUpMarket(count, step_ns=step_ns, rules=rules)
    exchange = Exchange(
        market.symbols,
        accounts or [demonstration_account(market.symbols)],
        assumptions=assume(latency_us),
        seed=1,
    )
    options = ServeOptions(speed=speed, window=window, profile=profile, day_cut_ns=day_cut_ns)
    armed = Faults(faults or [], seed=1, is_full=profile == "full")
    async with (
        open_floor(exchange, market, options=options, faults=armed) as venue,
        aiohttp.ClientSession() as session,
    ):
        client = Client(session, venue.port)
        client.floor = venue.floor
        yield client


def run(story: Any) -> None:
    """Run one asynchronous story with a bound on its time."""
    asyncio.run(asyncio.wait_for(story, 30))


def hmac_hex(payload: str, secret: str = DEMO_SECRET) -> str:
    """Sign as the venue's documents say."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def ed25519_base64(payload: str) -> str:
    """Sign with the demonstration account's other key."""
    key: Any = load_pem_private_key(DEMO_ED25519_PRIVATE_KEY.encode(), None)
    return base64.b64encode(key.sign(payload.encode())).decode()


class Client:
    """A client that builds its bytes by hand."""

    floor: Any

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self.session = session
        self.rest = f"http://127.0.0.1:{port}"
        self.ws = f"ws://127.0.0.1:{port}"
        self.headers: dict[str, str] = {}
        self.status = 0
        self.key, self.secret = DEMO_API_KEY, DEMO_SECRET

    async def get(self, path: str, **headers: str) -> Any:
        """GET without a signature."""
        return await self.send("GET", path, headers=headers)

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: str = "",
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Send exactly this path and body, keep status and headers of the answer."""
        url = yarl.URL(self.rest + path, encoded=True)
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        async with self.session.request(
            method, url, data=body or None, headers={**form, **(headers or {})}
        ) as response:
            self.status, self.headers = response.status, dict(response.headers)
            text = await response.text()
        return json.loads(text) if text.startswith(("{", "[")) else text

    async def open(self, path: str, *, holds_pongs: bool = False) -> "Socket":
        """Open a WebSocket."""
        socket = await self.session.ws_connect(self.ws + path, autoping=False)
        return Socket(socket, holds_pongs=holds_pongs)

    async def now_ms(self) -> int:
        """Ask the venue for its time."""
        return int((await self.get("/api/v3/time"))["serverTime"])

    async def signed(self, method: str, path: str, **params: object) -> Any:
        """Send a request signed with the HMAC key of this client, the demonstration's."""
        if "timestamp" not in params:
            params["timestamp"] = await self.now_ms()
        query = "&".join(f"{name}={value}" for name, value in params.items())
        query += f"&signature={hmac_hex(query, self.secret)}"
        return await self.send(method, f"{path}?{query}", headers={"X-MBX-APIKEY": self.key})

    async def order(self, **params: object) -> Any:
        """Place a limit order far from the market unless told otherwise."""
        filled = {
            "symbol": "BTCUSDT",
            "side": "BUY",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": "0.01",
            "price": "49000",
        } | params
        return await self.signed("POST", "/api/v3/order", **filled)


class Socket:
    """A WebSocket client that reads by itself; its pongs can be held back."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, *, holds_pongs: bool = False
    ) -> None:
        self.socket = socket
        self.pings: list[bytes] = []
        self._holds_pongs = holds_pongs
        self._texts: asyncio.Queue[Any] = asyncio.Queue()
        self._new_pings: asyncio.Queue[bytes] = asyncio.Queue()
        self._number = 0
        self._reader = asyncio.ensure_future(self._read())

    async def next(self) -> Any:
        """Return the next text message, None when the connection is closed."""
        return await asyncio.wait_for(self._texts.get(), 5)

    async def next_ping(self) -> bytes:
        """Return the text of the next ping."""
        return await asyncio.wait_for(self._new_pings.get(), 5)

    async def until_end(self) -> None:
        """Answer pings until the market says that it ended."""
        while not (await self.next_ping()).startswith(b"end:"):
            pass

    async def pong(self, text: bytes) -> None:
        """Answer a ping that was held back."""
        await self.socket.pong(text)

    async def _read(self) -> None:
        async for message in self.socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._texts.put_nowait(json.loads(message.data))
            elif message.type is aiohttp.WSMsgType.PING:
                self.pings.append(bytes(message.data))
                self._new_pings.put_nowait(bytes(message.data))
                if not self._holds_pongs:
                    await self.socket.pong(message.data)
        self._texts.put_nowait(None)

    async def ask(self, method: str, **params: object) -> int:
        """Send a request without waiting for what comes back; return its id."""
        self._number += 1
        request = {"id": self._number, "method": method, "params": params}
        await self.socket.send_str(json.dumps(request))
        return self._number

    async def call(self, method: str, **params: object) -> Any:
        """Send a request and return the next message, its reply."""
        number = await self.ask(method, **params)
        reply = await self.next()
        assert reply["id"] == number
        return reply

    async def control(self, method: str, params: list[object]) -> Any:
        """Send a control message of the market streams and return its answer."""
        self._number += 1
        request = {"id": self._number, "method": method, "params": params}
        await self.socket.send_str(json.dumps(request))
        while True:
            message = await self.next()
            if message is None or "id" in message:
                return message


def signed_params(
    signer: tuple[str, str] = (DEMO_API_KEY, DEMO_SECRET), /, **params: object
) -> dict[str, object]:
    """Sign parameters of the WebSocket API with an HMAC key, the demonstration's."""
    key, secret = signer
    params["apiKey"] = key
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return params | {"signature": hmac_hex(payload, secret)}


def ed25519_params(**params: object) -> dict[str, object]:
    """Sign parameters of the WebSocket API with the Ed25519 key."""
    params["apiKey"] = DEMO_ED25519_API_KEY
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return params | {"signature": ed25519_base64(payload)}
