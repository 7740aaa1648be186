"""A market that sends more than a venue does, through real sockets: `python -m bench.feeder`.

usage: python -m bench.feeder flood [COUNT] | python -m bench.feeder FACTOR FILE...

It prints a line of ports, takes "go SECONDS" on standard input, sends, and prints what it sent
as one JSON object. `flood` has two ports, of best prices and of depth with 20 levels a side,
and sends COUNT frames of a port to whoever connects there, as fast as they are taken. With
recordings it has a port for each, and sends each FACTOR times as fast as it was recorded.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, cast

from bench.market import MID, TICK, diffs, draws, snapshot
from bench.recorded import Recording
from holdfast.domain.market import Level

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CHUNK_BYTES = 1 << 16
STEP_S = 0.001
MOST_UNSENT_BYTES = 64 << 20
NS = 10**9
MARKS = "btcusdt@markPrice@1s"
MARK = (
    b'{"stream":"%s","data":{"e":"markPriceUpdate","E":%d,"s":"BTCUSDT","p":"61800.10000000",'
    b'"i":"61800.00000000","P":"61800.00000000","r":"0.00010000","T":%d}}'
)
"""Not recorded, but a contract's trader expects one each second."""
FILTERS = {
    False: ("0.01000000", "0.00001000"),
    True: ("0.10", "0.001"),
}


def framed(text: bytes) -> bytes:
    """Put a text into the frame of a server."""
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + text
    return b"\x81\x7f" + size.to_bytes(8, "big") + text


class Market:
    """One port: questions of REST are answered, streams are kept by the names in their path."""

    def __init__(self, book: dict[str, Any], *, is_usdm: bool) -> None:
        self.streams: dict[str, Connection] = {}
        self.is_writable = asyncio.Event()
        self._book = json.dumps(book).encode()
        self._is_usdm = is_usdm

    async def serve(self) -> int:
        """Listen; gives the port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self), "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])

    def answer(self, path: str) -> bytes:
        """Answer a question of REST."""
        if path.startswith(("/api/v3/depth", "/fapi/v1/depth")):
            return self._book
        if path.startswith(("/api/v3/exchangeInfo", "/fapi/v1/exchangeInfo")):
            return json.dumps(self._info()).encode()
        return b'{"serverTime":%d}' % (time.time_ns() // 1_000_000)

    def _info(self) -> dict[str, Any]:
        tick, step = FILTERS[self._is_usdm]
        filters: list[dict[str, Any]] = [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "9000000",
             "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "9000", "stepSize": step},
            {"filterType": "NOTIONAL", "minNotional": "5"},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
        ]  # fmt: skip
        symbol = {
            "symbol": "BTCUSDT", "pair": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC",
            "quoteAsset": "USDT", "marginAsset": "USDT", "contractType": "PERPETUAL",
            "baseAssetPrecision": 8, "quotePrecision": 8, "quoteAssetPrecision": 8,
            "pricePrecision": 2, "quantityPrecision": 3, "isSpotTradingAllowed": True,
            "orderTypes": ["LIMIT", "MARKET"], "timeInForce": ["GTC", "IOC"],
            "filters": filters,
        }  # fmt: skip
        return {"timezone": "UTC", "rateLimits": [], "symbols": [symbol]}


class Connection(asyncio.Protocol):
    """A connection that asks, or listens."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._in = b""
        self._is_stream = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer whole requests; what a stream's client says is not listened to."""
        if self._is_stream:
            return
        self._in += data
        while b"\r\n\r\n" in self._in and not self._is_stream:
            head, _, self._in = self._in.partition(b"\r\n\r\n")
            self._take(head.decode())

    def pause_writing(self) -> None:
        """Wait for whoever reads."""
        self._market.is_writable.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self._market.is_writable.set()

    def connection_lost(self, _error: Exception | None) -> None:
        """Let nobody wait for this one."""
        self._market.is_writable.set()

    def _take(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        path = first.split(" ")[1]
        named = dict(line.lower().split(": ", 1) for line in lines)
        exact = dict(line.split(": ", 1) for line in lines)
        if "sec-websocket-key" not in named:
            body = self._market.answer(path)
            length = f"Content-Length: {len(body)}\r\n\r\n".encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\n" + length + body)
            return
        key = next(v for k, v in exact.items() if k.lower() == "sec-websocket-key")
        accepted = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accepted + b"\r\n\r\n"
        )
        self._is_stream = True
        for name in path.partition("streams=")[2].split("/"):
            self._market.streams[name] = self


def tops(count: int) -> Iterator[bytes]:
    """Write frames of best prices, a walk of ticks with sizes that seldom repeat."""
    drawn, bid = draws(), MID
    for number in range(1, count + 1):
        bits = next(drawn)
        bid += (bits % 5 - 2) * TICK
        yield (
            b'{"stream":"btcusdt@bookTicker","data":{"u":%d,"s":"BTCUSDT","b":"%s","B":"%s",'
            b'"a":"%s","A":"%s"}}'
            % (number, _text(bid), _text(1_000 * (bits >> 8 & 0xFFFF)), _text(bid + TICK),
               _text(1_000 * (bits >> 16)))
        )  # fmt: skip


def depth(count: int) -> Iterator[bytes]:
    """Write frames of the diffs that `bench.market` applies."""
    for diff in diffs(count):
        yield (
            b'{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":%d,'
            b'"s":"BTCUSDT","U":%d,"u":%d,"b":%s,"a":%s}}'
            % (time.time_ns() // 1_000_000, diff.first_id, diff.last_id,
               _levels(diff.bids), _levels(diff.asks))
        )  # fmt: skip


def book() -> dict[str, Any]:
    """Give the snapshot that those diffs continue."""
    made = snapshot()
    sides = {"bids": made.bids, "asks": made.asks}
    return {"lastUpdateId": made.last_id} | {
        name: [[_text(p).decode(), _text(q).decode()] for p, q in levels]
        for name, levels in sides.items()
    }


def _levels(levels: list[Level]) -> bytes:
    return b"[%s]" % b",".join(b'["%s","%s"]' % (_text(p), _text(q)) for p, q in levels)


def _text(units: int) -> bytes:
    return b"%d.%08d" % divmod(units, 10**8)


async def flood(market: Market, frames: list[bytes]) -> dict[str, Any]:
    """Send as fast as it is read."""
    (stream,) = set(market.streams.values())
    market.is_writable.set()
    stream.transport.write(frames[0])  # with a first diff a book asks for its snapshot
    await asyncio.sleep(0.5)
    began, at, count = time.perf_counter(), 1, len(frames)
    several = max(1, CHUNK_BYTES // len(frames[-1]))
    while at < count:
        stream.transport.write(b"".join(frames[at : at + several]))
        at += several
        await market.is_writable.wait()
    return {"sent": count, "took_s": time.perf_counter() - began}


class Playing:
    """A recording on its way, faster than it was."""

    def __init__(self, market: Market, recording: Recording, factor: float) -> None:
        self.sent = 0
        self.number = 0
        self._market = market
        self._frames = recording.frames()
        self._next = next(self._frames)
        self._shifts = self._next[2]
        self._factor = factor
        self._mark_at_s = 0.0

    def step(self, elapsed_s: float) -> None:
        """Send all that is due."""
        until_ns, now_ms = elapsed_s * self._factor * NS, time.time_ns() // 1_000_000
        out: dict[str, list[bytes]] = {}
        while self._next[0] <= until_ns:
            _, message, shifts = self._next
            out.setdefault(message.stream, []).append(framed(message.filled(shifts, now_ms)))
            self.sent += 1
            self.number = self.number + 1 if shifts is self._shifts else 0  # 0 is a bridge
            self._shifts = shifts
            self._next = next(self._frames)
        if MARKS in self._market.streams and elapsed_s >= self._mark_at_s:
            self._mark_at_s += 1.0
            out[MARKS] = [framed(MARK % (MARKS.encode(), now_ms, now_ms))]
        self._write(out)

    def _write(self, out: dict[str, list[bytes]]) -> None:
        """Write in the order of the streams' names; each stream keeps its own order."""
        streams = self._market.streams
        for name, frames in out.items():
            transport = streams[name].transport
            transport.write(b"".join(frames))
            if transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
                raise RuntimeError("the client reads too slowly")

    def told(self) -> dict[str, Any]:
        """Say how far it came, with the messages since the last lap began."""
        return {"sent": self.sent, "number": self.number}


async def play(playing: list[Playing], seconds: float) -> dict[str, Any]:
    """Send for so long, on time."""
    began = now = time.perf_counter()
    late_s = 0.0
    while now - began < seconds:
        for one in playing:
            one.step(now - began)
        await asyncio.sleep(STEP_S)
        before, now = now, time.perf_counter()
        late_s = max(late_s, now - before - STEP_S)
    return {"told": [one.told() for one in playing], "took_s": now - began, "late_s": late_s}


async def main(mode: str, *rest: str) -> None:
    """Serve until told what was sent."""
    loop = asyncio.get_running_loop()
    playing: list[Playing] = []
    jobs: list[tuple[Market, list[bytes]]] = []
    if mode == "flood":
        count = int(rest[0])
        for frames, part in ((tops, count), (depth, count // 20)):
            market = Market(book(), is_usdm=False)
            jobs.append((market, [framed(text) for text in frames(part)]))
        markets = [market for market, _ in jobs]
    else:
        recordings = [Recording(Path(name)) for name in rest]
        markets = [Market(one.snapshot, is_usdm=one.is_usdm) for one in recordings]
        playing = [
            Playing(market, one, float(mode))
            for market, one in zip(markets, recordings, strict=True)
        ]
    print(*[await market.serve() for market in markets], flush=True)
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).split():
        with contextlib.suppress(ConnectionError):
            if jobs:
                told = await flood(*jobs[int(line[1])])
            else:
                told = await play(playing, float(line[1]))
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*islice(sys.argv, 1, None)))
