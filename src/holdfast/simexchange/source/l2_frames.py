"""The JSON shapes of recorded Binance streams, and the one way to decode a line of them."""

from pathlib import Path
from typing import TypeVar

import msgspec

from holdfast.simexchange.source.lines import malformed

SNAPSHOT_MARK = b'"lastUpdateId"'
MARK_WITHIN = 90
EXPECTED = (
    "'<time> <json>' with a depth, bookTicker, trade or markPrice message or a depth snapshot"
)

Pairs = list[tuple[str, str]]
Frame = TypeVar("Frame")


class DepthData(msgspec.Struct):
    """A depth diff."""

    E: int
    s: str
    U: int
    u: int
    b: Pairs
    a: Pairs
    pu: int = 0


class TickerData(msgspec.Struct):
    """A best bid and ask; spot has no event time."""

    u: int
    s: str
    b: str
    B: str
    a: str
    A: str
    E: int = 0


class TradeData(msgspec.Struct):
    """A single trade; `X` other than MARKET is no print of the market."""

    E: int
    s: str
    t: int
    p: str
    q: str
    m: bool
    X: str = "MARKET"


class MarkData(msgspec.Struct):
    """A mark price of USD-M with its funding; `r` is empty where there is none."""

    E: int
    s: str
    p: str
    i: str = "0"
    r: str = ""
    T: int = 0


class AnyData(msgspec.Struct):
    """What every message but the snapshot has; `pu` is USD-M alone."""

    s: str
    E: int = 0
    pu: int | None = None


class AnyFrame(msgspec.Struct):
    """Any combined-stream envelope."""

    stream: str
    data: AnyData


class DepthFrame(msgspec.Struct):
    """A combined-stream envelope of a diff."""

    data: DepthData


class TickerFrame(msgspec.Struct):
    """A combined-stream envelope of a best bid and ask."""

    data: TickerData


class TradeFrame(msgspec.Struct):
    """A combined-stream envelope of a trade."""

    data: TradeData


class MarkFrame(msgspec.Struct):
    """A combined-stream envelope of a mark price."""

    data: MarkData


class SnapshotBody(msgspec.Struct):
    """The body of the REST depth snapshot."""

    lastUpdateId: int  # noqa: N815  the venue's name
    bids: Pairs
    asks: Pairs


DEPTH = msgspec.json.Decoder(DepthFrame)
TICKER = msgspec.json.Decoder(TickerFrame)
MARK = msgspec.json.Decoder(MarkFrame)
TRADE = msgspec.json.Decoder(TradeFrame)
ANY = msgspec.json.Decoder(AnyFrame)
SNAPSHOT = msgspec.json.Decoder(SnapshotBody)


def decode(
    decoder: msgspec.json.Decoder[Frame], line: bytes, *, path: Path, number: int
) -> Frame:
    """Decode the JSON after the recorder's time; raise DataError naming the line."""
    try:
        return decoder.decode(line[line.index(b" ") + 1 :])
    except (msgspec.DecodeError, ValueError) as error:
        raise malformed(path, number, what=str(error), expected=EXPECTED) from error
