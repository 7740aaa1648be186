"""Recorded messages of Binance as a feed that goes on for as long as one wants, lap after lap.

Ids grow from lap to lap and times are those of sending. Between two laps one diff takes the
book from where the recording ends to where it began, so that each lap is a true continuation.
"""

import gzip
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

FOLDERS = (os.environ.get("HOLDFAST_DATA", ""), "../shared/data")
SPOT = Path("l2") / "binance-spot-BTCUSDT-20240808_09.raw.gz"
USDM = Path("l2") / "binance-usdm-BTCUSDT-20240808.raw.gz"
MEMBER = re.compile(rb'"(E|T|U|u|pu|t)":(\d+)')
Levels = dict[str, str]


class Message(NamedTuple):
    """One frame with holes: for each its kind and the number that the recording had there."""

    at_ns: int
    stream: str
    text: bytes
    holes: tuple[tuple[str, int], ...]

    def filled(self, shifts: dict[str, int], now_ms: int) -> bytes:
        """Give the frame of a lap."""
        return self.text % tuple(
            [now_ms if kind in "ET" else number + shifts[kind] for kind, number in self.holes]
        )


class Recording:
    """A recording from the first diff that continues its snapshot."""

    def __init__(self, path: Path) -> None:
        self.is_usdm = "usdm" in path.name
        self.snapshot: dict[str, Any] = {}
        self.messages: list[Message] = []
        self.diffs: list[tuple[int, dict[str, Any]]] = []
        with gzip.open(path) as lines:
            self._read(lines)
        first, last = self.diffs[0][1], self.diffs[-1][1]
        self.start_id = int(self.snapshot["lastUpdateId"])
        tops = [dict(m.holes)["u"] for m in self.messages if "@bookTicker" in m.stream]
        self.id_span = max(last["u"], tops[-1]) + 1 - min(first["U"], self.start_id)
        trades = [dict(m.holes)["t"] for m in self.messages if m.stream.endswith("@trade")]
        self.trade_span = trades[-1] + 1 - trades[0]
        self.length_ns = self.messages[-1].at_ns - self.messages[0].at_ns

    @property
    def rate(self) -> float:
        """Give the recorded messages a second."""
        return len(self.messages) / (self.length_ns / 1e9)

    def frames(self) -> Iterator[tuple[int, Message, dict[str, int]]]:
        """Give (nanoseconds from the start, message, shifts of its lap), for ever."""
        lap, began = 0, self.messages[0].at_ns
        messages = self.messages
        while True:
            start_ns = lap * self.length_ns - began
            by = lap * self.id_span
            shifts = {"U": by, "u": by, "pu": by, "t": lap * self.trade_span}
            for message in messages:
                yield start_ns + message.at_ns, message, shifts
            if not lap:
                messages = self._continued()
            lap += 1

    def book_after(self, number: int) -> tuple[Levels, Levels]:
        """Rebuild the book naively from the snapshot and a lap's first messages."""
        sides = self._begin()
        for index, diff in self.diffs:
            if index >= number:
                break
            for side, key in zip(sides, "ba", strict=True):
                side.update(diff[key])
        bids, asks = ({p: q for p, q in side.items() if float(q)} for side in sides)
        return bids, asks

    def _begin(self) -> tuple[Levels, Levels]:
        return dict(self.snapshot["bids"]), dict(self.snapshot["asks"])

    def _read(self, lines: Any) -> None:
        for line in lines:
            at_ns, _, body = line.rstrip().partition(b" ")
            if b'"lastUpdateId"' in body[:200]:
                self.snapshot = msgspec.json.decode(body)
                early = [found for found in self.diffs if self._is_later(found[1])]
                cut = early[0][0] if early else len(self.messages)
                self.messages = self.messages[cut:]
                self.diffs = [(index - cut, diff) for index, diff in early]
                continue
            stream = body[11 : body.index(b'"', 11)].decode()
            if "@depth" in stream:
                diff = msgspec.json.decode(body)["data"]
                if self.snapshot and not self.diffs and not self._is_later(diff):
                    continue
                self.diffs.append((len(self.messages), diff))
            self.messages.append(_message(int(at_ns), stream, body))

    def _is_later(self, diff: dict[str, Any]) -> bool:
        """Tell whether a diff reaches beyond the snapshot."""
        return bool(diff["u"] > self.snapshot["lastUpdateId"])

    def _continued(self) -> list[Message]:
        """Give the messages of a lap that follows another: the bridge, and what it leads to."""
        index = self.diffs[0][0]
        joined = {"U": self.start_id + 1, "pu": self.start_id}
        first = self.messages[index]
        holes = tuple((kind, joined.get(kind, number)) for kind, number in first.holes)
        return [
            self._bridge(first),
            *self.messages[:index],
            first._replace(holes=holes),
            *self.messages[index + 1 :],
        ]

    def _bridge(self, first: Message) -> Message:
        """Make the diff from the end's book to the beginning's."""
        ended, begun = self.book_after(len(self.messages)), self.book_after(0)
        changes = []
        for old, new in zip(ended, begun, strict=True):
            moved = {price: "0.000" for price in old if price not in new}
            moved.update((p, q) for p, q in new.items() if old.get(p) != q)
            changes.append(msgspec.json.encode(list(moved.items())))
        before = self.diffs[-1][1]["u"] - self.id_span
        text = (
            b'{"stream":"%s","data":{"e":"depthUpdate","E":%%d,"s":"BTCUSDT","U":%%d,"u":%%d,'
            b'"pu":%%d,"b":%s,"a":%s}}' % (first.stream.encode(), *changes)
        )
        ids = (("E", 0), ("U", before + 1), ("u", self.start_id), ("pu", before))
        return Message(self.messages[0].at_ns, first.stream, text, ids)


def find(name: Path) -> Path | None:
    """Give a recorded file, or None."""
    return next((Path(f) / name for f in FOLDERS if f and (Path(f) / name).exists()), None)


def _message(at_ns: int, stream: str, body: bytes) -> Message:
    stream, wanted = stream.replace("@0ms", "@100ms"), stream.encode()
    body = body.replace(wanted, stream.encode(), 1)
    holes = tuple((kind.decode(), int(number)) for kind, number in MEMBER.findall(body))
    text = MEMBER.sub(rb'"\1":%d', body.replace(b"%", b"%%"))
    return Message(at_ns, stream, text, holes)
